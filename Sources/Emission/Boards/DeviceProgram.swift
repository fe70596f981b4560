import Graphs
import Tensors

/// A program that speaks the serial protocol of MLPerf Tiny's runner (EEMBC's firmware interface): unofficial, written
/// anew after the protocol's behavior, for trying networks, and no submission.
///
/// Commands end in `%`: `name`, `profile`, `timestamp`, `help`, `db load N`, `db HEX`, `db print`, `infer [N [WARMUP]]`,
/// `results`. Every answer ends with a line `m-ready`. The buffer takes the bytes of the model's inputs as they lie in
/// memory, one input after the other; results are real numbers with three decimals.
struct DeviceProgram {
  let emitter: CEmitter

  private var name: String { emitter.options.name }
  private var macro: String { name.uppercased() }
  private var graph: Graph { emitter.schedule.graph }

  static let header = """
    \(BoardText.origin)
    #ifndef DEVICE_H
    #define DEVICE_H

    #include <stdint.h>

    /* Answers commands until device_get returns a negative number. */
    void device_run(void);

    /* What the machine gives: the next byte or -1 at the end, a way to send one, and the time. */
    int32_t device_get(void);
    void device_put(char character);
    uint64_t device_microseconds(void);

    #endif

    """

  static let boardText = """
    \(BoardText.origin)
    #include "board.h"
    #include "device.h"

    int32_t device_get(void) { return board_get(); }
    void device_put(char character) { board_put(character); }
    uint64_t device_microseconds(void) { return board_microseconds(); }

    int main(void) {
      board_start();
      device_run();
      return 0;
    }

    """

  /// For this machine: on a pseudo-terminal, whose name is printed, or on standard input and output.
  static let hostText = """
    \(BoardText.origin)
    /* Without arguments: opens a pseudo-terminal and prints its name. With '-': standard input and output. */

    #define _XOPEN_SOURCE 600

    #include "device.h"

    #include <fcntl.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <termios.h>
    #include <time.h>
    #include <unistd.h>

    static int from = 0, to = 1;

    int32_t device_get(void) {
      unsigned char byte;
      return read(from, &byte, 1) == 1 ? byte : -1;
    }

    void device_put(char character) {
      if (write(to, &character, 1) != 1) exit(1);
    }

    uint64_t device_microseconds(void) {
      struct timespec now;
      clock_gettime(CLOCK_MONOTONIC, &now);
      return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
    }

    int main(int count, char **arguments) {
      if (count < 2 || strcmp(arguments[1], "-") != 0) {
        struct termios settings;
        const char *name;
        int keep;
        from = to = posix_openpt(O_RDWR | O_NOCTTY);
        if (from < 0 || grantpt(from) != 0 || unlockpt(from) != 0) return 1;
        name = ptsname(from);
        /* Kept open, so that the terminal stays when a runner closes its end. */
        keep = name == NULL ? -1 : open(name, O_RDWR | O_NOCTTY);
        if (keep < 0 || tcgetattr(keep, &settings) != 0) return 1;
        settings.c_iflag = settings.c_oflag = settings.c_lflag = 0;
        settings.c_cc[VMIN] = 1;
        settings.c_cc[VTIME] = 0;
        if (tcsetattr(keep, TCSANOW, &settings) != 0) return 1;
        puts(name);
        fflush(stdout);
      }
      device_run();
      return 0;
    }

    """

  /// `device.c`.
  var text: String {
    let sizes = graph.inputs.map { id in
      ((try? graph[id].type.shape(batch: 1))?.elementCount ?? 0) * graph[id].type.elementType.byteCount
    }
    var (offset, pointers) = (0, [String]())
    for (index, id) in graph.inputs.enumerated() {
      pointers.append("(const \(graph[id].type.elementType.cName) *)(const void *)((const uint8_t *)buffer + \(offset))")
      // Each input begins at a whole word of 8 bytes.
      offset += index + 1 < sizes.count ? (sizes[index] + 7) & ~7 : sizes[index]
    }
    let outputs = graph.outputs.indices.map { "output_" + String($0) }
    let declarations = zip(outputs, graph.outputs).enumerated().map { index, port in
      "static \(graph[port.1].type.elementType.cName) \(port.0)[\(count(index))];"
    }
    let results = zip(outputs, graph.outputs).enumerated().map { index, port in
      """
          for (i = 0; i < \(count(index)); i++) {
            if (i > 0\(index > 0 ? " || 1" : "")) device_put(',');
            put_real(\(realText(port.0, port.1, index)));
          }
      """
    }
    return Self.template
      .replacing("NAME", with: name).replacing("BUFFER_BYTES", with: String(max(offset, 1)))
      .replacing("DECLARATIONS", with: declarations.joined(separator: "\n"))
      .replacing("CALL", with: "\(name)_run(\((pointers + outputs).joined(separator: ", ")))")
      .replacing("RESULTS", with: results.joined(separator: "\n"))
  }

  private func count(_ index: Int) -> String {
    "\(macro)_\(emitter.program.outputName(index).uppercased())_COUNT"
  }

  /// A result as a real number: codes with an encoding stand for one.
  private func realText(_ port: String, _ id: ValueID, _ index: Int) -> String {
    let value = graph[id]
    if value.type.elementType.isInteger, case .affine(let encoding)? = value.encoding, encoding.axis == nil,
      encoding.scales[0].isFinite
    {
      let start = "\(macro)_\(emitter.program.outputName(index).uppercased())"
      return "(float)(\(port)[i] - \(start)_ZERO_POINT) * \(start)_SCALE"
    }
    return "(float)\(port)[i]"
  }

  private static let template = """
    \(BoardText.origin)
    /* The serial protocol of MLPerf Tiny's runner, unofficial: commands end in '%', answers with a line "m-ready". */

    #include "device.h"
    #include "NAME.h"

    static uint64_t buffer[(BUFFER_BYTES + 7) / 8];
    static uint32_t expected, loaded;
    DECLARATIONS

    static void put_text(const char *text) {
      while (*text != 0) device_put(*text++);
    }

    static void put_line(const char *text) {
      put_text(text);
      put_text("\\r\\n");
    }

    static void put_number(uint64_t number) {
      char digits[20];
      uint32_t count = 0;
      do {
        digits[count++] = (char)('0' + (int)(number % 10));
        number /= 10;
      } while (number > 0);
      while (count > 0) device_put(digits[--count]);
    }

    static void put_hexadecimal(uint8_t byte) {
      const char *digits = "0123456789abcdef";
      device_put(digits[byte >> 4]);
      device_put(digits[byte & 15]);
    }

    /* With three decimals; halves away from zero. */
    static void put_real(float real) {
      uint32_t thousandths, divisor;
      if (real != real) {
        put_text("nan");
        return;
      }
      if (real < 0) {
        device_put('-');
        real = -real;
      }
      if (real > 4000000.0f) {
        put_text("inf");
        return;
      }
      put_number((uint32_t)real);
      thousandths = (uint32_t)((real - (float)(uint32_t)real) * 1000.0f + 0.5f);
      if (thousandths > 999) thousandths = 999;
      device_put('.');
      for (divisor = 100; divisor > 0; divisor /= 10) device_put((char)('0' + (int)(thousandths / divisor % 10)));
    }

    static void timestamp(void) {
      put_text("m-lap-us-");
      put_number(device_microseconds());
      put_text("\\r\\n");
    }

    static void results(void) {
      int32_t i;
      put_text("m-results-[");
    RESULTS
      put_line("]");
    }

    static void infer(uint32_t count, uint32_t warmup) {
      put_text("m-warmup-start-");
      put_number(warmup);
      put_text("\\r\\n");
      while (warmup-- > 0) (void)CALL;
      put_line("m-warmup-done");
      put_text("m-infer-start-");
      put_number(count);
      put_text("\\r\\n");
      timestamp();
      while (count-- > 0) (void)CALL;
      timestamp();
      put_line("m-infer-done");
      results();
    }

    /* Words of a command; the text is cut at its blanks. */
    static char *next_word(char **rest) {
      char *word = *rest, *end;
      while (*word == ' ' || *word == '\\r' || *word == '\\n') word++;
      end = word;
      while (*end != 0 && *end != ' ') end++;
      *rest = end;
      if (*end != 0) {
        *end = 0;
        *rest = end + 1;
      }
      return word;
    }

    static int equal(const char *a, const char *b) {
      while (*a != 0 && *a == *b) a++, b++;
      return *a == *b;
    }

    /* 0...1000000, or -1 if it is no such number. */
    static int32_t number(const char *text) {
      int32_t value = 0;
      if (*text == 0) return -1;
      for (; *text != 0; text++) {
        if (*text < '0' || *text > '9') return -1;
        value = value * 10 + (*text - '0');
        if (value > 1000000) return -1;
      }
      return value;
    }

    static int32_t digit(char character) {
      if (character >= '0' && character <= '9') return character - '0';
      if (character >= 'a' && character <= 'f') return character - 'a' + 10;
      if (character >= 'A' && character <= 'F') return character - 'A' + 10;
      return -1;
    }

    static void load(const char *digits) {
      uint8_t *bytes = (uint8_t *)buffer;
      for (; *digits != 0; digits += 2) {
        const int32_t high = digit(digits[0]), low = digits[1] == 0 ? -1 : digit(digits[1]);
        if (digits[1] == 0) {
          put_line("e-[Insufficent number of hex digits]");
          return;
        }
        if (high < 0 || low < 0) {
          put_line("e-[Invalid hex digit]");
          return;
        }
        if (loaded >= expected) return;
        bytes[loaded++] = (uint8_t)(high * 16 + low);
        if (loaded == expected) {
          put_line("m-load-done");
          return;
        }
      }
    }

    static void print_buffer(void) {
      uint32_t i;
      for (i = 0; i < loaded; i++) {
        put_text(i % 8 == 0 ? "m-buffer-" : "-");
        put_hexadecimal(((const uint8_t *)buffer)[i]);
        if (i % 8 == 7 || i + 1 == loaded) put_text("\\r\\n");
      }
    }

    static void buffer_command(char *rest) {
      const char *word = next_word(&rest);
      if (*word == 0) {
        put_line("e-[Command 'db' requires a subcommand]");
      } else if (equal(word, "load")) {
        const int32_t count = number(next_word(&rest));
        if (count <= 0 || (uint32_t)count > sizeof buffer) {
          put_text("e-[Command 'db load' takes 1 to ");
          put_number(sizeof buffer);
          put_line(" bytes]");
          return;
        }
        expected = (uint32_t)count;
        loaded = 0;
        put_text("m-[Expecting ");
        put_number(expected);
        put_line(" bytes]");
      } else if (equal(word, "print")) {
        print_buffer();
      } else {
        load(word);
      }
    }

    static void infer_command(char *rest) {
      const char *first = next_word(&rest), *second = next_word(&rest);
      const int32_t count = *first == 0 ? 1 : number(first), warmup = *second == 0 ? 10 : number(second);
      if (count <= 0) put_line("e-[Inference iterations must be >0]");
      else if (warmup < 0) put_line("e-[Inference warmup must be >=0]");
      else infer((uint32_t)count, (uint32_t)warmup);
    }

    static void execute(char *command) {
      const char *word = next_word(&command);
      if (equal(word, "name")) {
        put_line("m-name-dut-[deepchip, unofficial]");
      } else if (equal(word, "profile")) {
        put_line("m-profile-[MLPerf Tiny protocol, unofficial]");
        put_line("m-model-[NAME]");
      } else if (equal(word, "timestamp")) {
        timestamp();
      } else if (equal(word, "help")) {
        put_line("name, profile, timestamp, db load N, db HEX, db print, infer [N [WARMUP]], results");
      } else if (equal(word, "db")) {
        buffer_command(command);
      } else if (equal(word, "infer")) {
        infer_command(command);
      } else if (equal(word, "results")) {
        results();
      } else {
        put_text("e-[Unknown command: ");
        put_text(word);
        put_line("]");
      }
      put_line("m-ready");
    }

    void device_run(void) {
      static char command[80];
      uint32_t count = 0;
      put_line("m-timestamp-mode-performance");
      put_line("m-init-done");
      put_line("m-ready");
      for (;;) {
        const int32_t byte = device_get();
        if (byte < 0) return;
        if (byte == '%') {
          command[count] = 0;
          execute(command);
          count = 0;
        } else if (count + 1 < sizeof command) {
          command[count++] = (char)byte;
        }
      }
    }

    """
}
