/* A plugin of QEMU that counts guest instructions: the number executed between one marker and the next, in a line each.

   A marker is the system call 100000, which Linux does not have. Declarations are those of QEMU 7.2, whose header is
   not always installed; counts are the same on every run. Built by Scripts/count-aarch64.sh. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
typedef void (*block_callback)(plugin_id, struct qemu_plugin_tb *);
typedef void (*call_callback)(plugin_id, unsigned, int64_t number, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                              uint64_t, uint64_t, uint64_t);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, block_callback);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int operation, void *, uint64_t);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern void qemu_plugin_register_vcpu_syscall_cb(plugin_id, call_callback);
extern void qemu_plugin_outs(const char *);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(plugin_id, const void *, int, char **);

enum { add_number = 0, marker = 100000 };
static uint64_t executed, counted;

static void translated(plugin_id id, struct qemu_plugin_tb *block) {
  (void)id;
  qemu_plugin_register_vcpu_tb_exec_inline(block, add_number, &executed, qemu_plugin_tb_n_insns(block));
}

static void called(plugin_id id, unsigned processor, int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                   uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
  (void)id, (void)processor, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
  if (number != marker) return;
  char line[32];
  snprintf(line, sizeof line, "%" PRIu64 "\n", executed - counted);
  qemu_plugin_outs(line);
  counted = executed;
}

int qemu_plugin_install(plugin_id id, const void *info, int count, char **arguments) {
  (void)info, (void)count, (void)arguments;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_vcpu_syscall_cb(id, called);
  return 0;
}
