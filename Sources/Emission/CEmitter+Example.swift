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
      # Made by deepchip emit. 'make' builds the example for this machine.
      CFLAGS ?= -O2
      ALL_CFLAGS = -std=c99 -Wall -Wextra -Werror -pedantic $(CFLAGS)
      OBJECTS = \(name).o \(name)_data.o main.o

      \(name): $(OBJECTS)
      \t$(CC) $(LDFLAGS) -o $@ $(OBJECTS)

      \(name).o: \(name).c \(name).h \(name)_data.h
      \(name)_data.o: \(name)_data.c \(name)_data.h
      main.o: main.c \(name).h

      %.o: %.c
      \t$(CC) $(ALL_CFLAGS) -c -o $@ $<

      clean:
      \trm -f \(name) $(OBJECTS)

      .PHONY: clean

      """
  }
}
