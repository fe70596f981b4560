import Graphs
import Planning
import Tensors

extension CEmitter {
  private var name: String { options.name }
  private var macro: String { options.name.uppercased() }

  private static let origin = "/* Made by deepchip emit. Edits are lost when it runs again. */\n"

  // MARK: Interface

  /// `model.h`.
  var interfaceText: String {
    """
    \(Self.origin)
    #ifndef \(macro)_H
    #define \(macro)_H

    #include <stdint.h>

    /* Bytes of static memory: the arena. */
    #define \(macro)_ARENA_BYTES \(sizes.arenaByteCount)
    /* Bytes of constants, and of weights among them. */
    #define \(macro)_CONSTANT_BYTES \(sizes.constantByteCount)
    #define \(macro)_WEIGHT_BYTES \(sizes.weightByteCount)

    \(portTexts.joined(separator: "\n\n"))

    #ifdef __cplusplus
    extern "C" {
    #endif

    /* Computes the outputs from the inputs, which it does not change; not from two threads at a time.
       Returns 0, or -1 if a pointer is null. */
    int \(name)_run(\(parameterText));
    \(placeText { _, _ in ";" })

    #ifdef __cplusplus
    }
    #endif

    #endif

    """
  }

  /// The macros of every input and output.
  private var portTexts: [String] {
    let graph = schedule.graph
    let inputs = graph.inputs.enumerated().map { portText(program.inputName($0), graph[$1]) }
    let outputs = graph.outputs.enumerated().map { portText(program.outputName($0), graph[$1]) }
    return inputs + outputs
  }

  private func portText(_ port: String, _ value: Value) -> String {
    let start = "#define " + macro + "_" + port.uppercased()
    let count = (try? value.type.shape(batch: 1))?.elementCount ?? 0
    let shape = value.type.dimensions.map { String($0.extent(batch: 1)) }.joined(separator: ", ")
    var lines = [
      "/* \(commentText(value.name)): \(value.type.elementType.cName), (\(shape)), the last axis fastest. */"
    ]
    lines.append("\(start)_COUNT \(count)")
    lines.append("\(start)_BYTES \(count * value.type.elementType.byteCount)")
    if program.placedInputs.contains(where: { program.inputName($0) == port }) {
      lines.append("/* It may lie in the arena: see \(name)_\(port)_place. */")
      lines.append("\(start)_HAS_PLACE 1")
    }
    if value.type.elementType.isInteger, case .affine(let encoding)? = value.encoding, encoding.axis == nil,
      encoding.scales[0].isFinite
    {
      lines.append("/* A code stands for (code - zero point) * scale. */")
      lines.append("\(start)_SCALE \(floatText(encoding.scales[0]))")
      lines.append("\(start)_ZERO_POINT (\(numberText(encoding.zeroPoints[0])))")
    }
    return lines.joined(separator: "\n")
  }

  /// Functions that give the places of inputs in the arena.
  func placeText(_ body: (String, Int) -> String) -> String {
    let graph = schedule.graph
    let functions = program.placedInputs.map { index in
      let type = graph[graph.inputs[index]].type.elementType.cName
      let offset = schedule.arena.offsets[schedule.inputs[index].index]
      return "\(type) *\(name)_\(program.inputName(index))_place(void)" + body(type, offset)
    }
    guard !functions.isEmpty else { return "" }
    return "\n/* Memory for an input inside the arena, which saves the caller's; a run overwrites it. */\n"
      + functions.joined(separator: "\n") + "\n"
  }

  private var parameterText: String {
    let graph = schedule.graph
    let inputs = graph.inputs.enumerated().map {
      "const " + graph[$1].type.elementType.cName + " *" + program.inputName($0)
    }
    let outputs = graph.outputs.enumerated().map {
      graph[$1].type.elementType.cName + " *" + program.outputName($0)
    }
    return (inputs + outputs).joined(separator: ", ")
  }

  // MARK: Program

  /// `model.c`.
  var programText: String {
    let kernels = CKernel.closure(program.kernels).map { $0.text.replacing("@", with: name) }
    let ports = graphPorts
    return """
      \(Self.origin)
      #include "\(name).h"
      #include "\(name)_data.h"

      #include <stddef.h>
      #include <string.h>

      #ifdef __clang__
      #pragma STDC FP_CONTRACT OFF
      #endif
      \(arenaText)
      \(kernels.map { $0 + "\n\n" }.joined())int \(name)_run(\(parameterText)) {
        if (\(ports.map { $0 + " == NULL" }.joined(separator: " || "))) return -1;
      \(stepText)  return 0;
      }
      \(placeText { " { return (\($0) *)(ARENA + \($1)); }" })

      """
  }

  private var graphPorts: [String] {
    schedule.inputs.indices.map(program.inputName) + schedule.outputs.indices.map(program.outputName)
  }

  /// One comment and one call or more for each step.
  private var stepText: String {
    var text = ""
    for (index, lines) in program.calls.enumerated() {
      if index < schedule.steps.count {
        let step = schedule.steps[index]
        let node = schedule.graph.nodes[step.node]
        text += "\n  /* \(index): \(node.operator.kind), \(commentText(node.name)) */\n"
      } else {
        text += "\n"
      }
      text += lines.map { "  " + $0 + "\n" }.joined()
    }
    return text + "\n"
  }

  /// The arena, with what lies where and when.
  private var arenaText: String {
    guard sizes.arenaByteCount > 0 else { return "" }
    var rows: [String] = []
    let order = schedule.buffers.indices.filter { schedule.buffers[$0].lifetime.byteCount > 0 }.sorted {
      let (a, b) = (schedule.buffers[$0].lifetime, schedule.buffers[$1].lifetime)
      return (a.firstStep, schedule.arena.offsets[$0], $0) < (b.firstStep, schedule.arena.offsets[$1], $1)
    }
    for index in order {
      let buffer = schedule.buffers[index]
      let numbers = [
        schedule.arena.offsets[index], buffer.lifetime.byteCount, buffer.lifetime.firstStep, buffer.lifetime.lastStep,
      ].map { padded($0) }
      rows.append("   " + numbers.joined() + "  " + commentText(buffer.name))
    }
    return """

      /* Memory, in bytes, and the steps between which it is needed:
            offset     size    first     last  value
      \(rows.joined(separator: "\n"))
      */
      static uint32_t arena[\(sizes.arenaByteCount / 4)];
      #define ARENA ((uint8_t *)&arena[0])

      """
  }

  private func padded(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: " ", count: max(9 - text.utf8.count, 1)) + text
  }

  // MARK: Constants

  /// `model_data.h`.
  var dataInterfaceText: String {
    """
    \(Self.origin)
    #ifndef \(macro)_DATA_H
    #define \(macro)_DATA_H

    #include <stdint.h>

    \(Self.structureText.replacing("@", with: name))

    \(program.data.entries.map { "extern " + $0.declarator + ";\n" }.joined())
    #endif

    """
  }

  private static let structureText = """
    /* A window over maps (images, rows, columns, channels): of the input, of the output, of the weights. */
    typedef struct {
      int32_t images, rows, columns, channels;
      int32_t output_rows, output_columns, outputs;
      int32_t group_channels, group_outputs;
      int32_t kernel_rows, kernel_columns;
      int32_t row_stride, column_stride, row_dilation, column_dilation;
      int32_t row_origin, column_origin; /* rows above and columns left of the first pixel */
      int32_t row_step, column_step; /* elements from tap to tap */
      int32_t outside; /* the code around the map */
    } @_window;

    /* Where the planes of a ternary layer lie, in bytes. */
    typedef struct {
      int32_t rows; /* of the output, at a time */
      int32_t row_bytes, pitch, phase_bytes; /* a row of all channels, of one, and its columns of one remainder */
      int32_t left; /* columns before the first */
      int32_t taps, reciprocal; /* kernel columns, and 65536 / taps rounded up */
      int32_t positives, places; /* places of positive weights, and of all, that a row may have */
    } @_planes;

    /* A ternary layer from planes to planes, in bytes. */
    typedef struct {
      int32_t rows, output_rows, output_columns, outputs;
      int32_t kernel_rows, row_stride, column_stride;
      int32_t row_origin, left; /* rows above the first pixel, and columns from the first byte */
      int32_t length; /* weights of an output */
      int32_t row_bytes, pitch; /* a row of all channels, and of one */
      int32_t taps, reciprocal; /* kernel columns, and 65536 / taps rounded up */
      int32_t positives; /* places of positive weights that an output may have */
      int32_t pad, outside; /* columns between the planes of results, and their code */
    } @_planar;

    /* How two codes become a third. */
    typedef struct {
      int32_t left, right, offset, shift, lowest, highest;
    } @_sum;

    /* How a sum becomes a code; step is 1 if every channel has its own multiplier. */
    typedef struct {
      int32_t shift, step, lowest, highest;
    } @_rule;

    /* Five loops, outermost first: turns, and the step on either side. */
    typedef struct {
      int32_t count[5], first[5], second[5];
    } @_walk;
    """

  /// `model_data.c`.
  var dataText: String {
    // For cores with vectors gcc aligns arrays to more, and leaves gaps, unless told.
    let isAligned = options.core == .armMVE
    let entries = program.data.entriesInOrder.map { entry in
      let alignment = isAligned ? " " + macro + (entry.type == "int64_t" ? "_LONGS" : "_WORDS") : ""
      return entry.declarator + alignment + " = {\n" + entry.text + "};\n"
    }
    return """
      \(Self.origin)
      #include "\(name)_data.h"
      \(isAligned ? alignmentText : "")
      \(entries.joined(separator: "\n"))
      """
  }
}

extension CEmitter {
  private var alignmentText: String {
    """

    #if defined(__GNUC__)
    #define \(macro)_WORDS __attribute__((aligned(4)))
    #define \(macro)_LONGS __attribute__((aligned(8)))
    #else
    #define \(macro)_WORDS
    #define \(macro)_LONGS
    #endif

    """
  }
}

extension ElementType {
  /// The type in C; bools are bytes of 0 and 1.
  var cName: String {
    switch self {
    case .float32: "float"
    case .uint8, .bool: "uint8_t"
    case .int8: "int8_t"
    case .int16: "int16_t"
    case .int32: "int32_t"
    case .int64: "int64_t"
    }
  }
}
