import Graphs
import Planning
import Tensors

extension CEmitter {
  /// `main.c`: runs the model on inputs from standard input as long as there are any.
  var exampleText: String {
    let graph = schedule.graph
    let macro = options.name.uppercased()
    let inputs = graph.inputs.indices.map(program.inputName)
    let outputs = graph.outputs.indices.map(program.outputName)
    let ids = zip(inputs + outputs, graph.inputs + graph.outputs)
    let declarations = ids.map { port, id in
      "  static \(graph[id].type.elementType.cName) \(port)[\(macro)_\(port.uppercased())_COUNT];\n"
    }
    let reads = inputs.map { "fread(\($0), sizeof \($0), 1, stdin) == 1" }
    let writes = outputs.map { "    if (fwrite(\($0), sizeof \($0), 1, stdout) != 1) return 1;\n" }
    return """
      /* Made by deepchip emit: an example for a machine with an operating system.
         Reads inputs from standard input and writes outputs to standard output, as bytes in memory order. */

      #include "\(options.name).h"

      #include <stdio.h>

      int main(void) {
      \(declarations.joined())  while (\(reads.isEmpty ? "0" : reads.joined(separator: " && "))) {
          if (\(options.name)_run(\((inputs + outputs).joined(separator: ", "))) != 0) return 1;
      \(writes.joined())  }
        return ferror(stdin) != 0;
      }

      """
  }

  var makefileText: String {
    let name = options.name
    return """
      # Made by deepchip emit. 'make' builds the example for this machine, and a device that speaks the serial protocol
      # of MLPerf Tiny (unofficial) on a pseudo-terminal.
      CFLAGS ?= -O2
      ALL_CFLAGS = -std=c99 -Wall -Wextra -Werror -pedantic $(CFLAGS)
      OBJECTS = \(name).o \(name)_data.o

      all: \(name) \(name)_device

      \(name): main.o $(OBJECTS)
      \t$(CC) $(LDFLAGS) -o $@ main.o $(OBJECTS)

      \(name)_device: device.o device_host.o $(OBJECTS)
      \t$(CC) $(LDFLAGS) -o $@ device.o device_host.o $(OBJECTS)

      \(name).o: \(name).c \(name).h \(name)_data.h
      \(name)_data.o: \(name)_data.c \(name)_data.h
      main.o: main.c \(name).h
      device.o: device.c device.h \(name).h
      device_host.o: device_host.c device.h

      %.o: %.c
      \t$(CC) $(ALL_CFLAGS) -c -o $@ $<

      clean:
      \trm -f \(name) \(name)_device *.o

      .PHONY: all clean

      """
  }

  /// For CMake 3.10 and later: a library, and the example unless a chip is the target.
  var cmakeText: String {
    let name = options.name
    return """
      # Made by deepchip emit. add_subdirectory() this folder and link to \(name)_network; alone, it builds the example.
      cmake_minimum_required(VERSION 3.10)
      project(\(name)_network C)

      add_library(\(name)_network STATIC \(name).c \(name)_data.c)
      target_include_directories(\(name)_network PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
      set_target_properties(\(name)_network PROPERTIES C_STANDARD 99 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
      if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
        target_compile_options(\(name)_network PRIVATE -Wall -Wextra -pedantic -ffunction-sections)
      endif()

      if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR AND NOT CMAKE_CROSSCOMPILING)
        add_executable(\(name) main.c)
        target_link_libraries(\(name) \(name)_network)
        add_executable(\(name)_device device.c device_host.c)
        target_link_libraries(\(name)_device \(name)_network)
      endif()

      """
  }
}
