import Graphs
import Planning
import Tensors

extension SwiftEmitter {
  private static let origin = "// Made by deepchip emit. Edits are lost when it runs again."
  private static let cOrigin = "/* Made by deepchip emit. Edits are lost when it runs again. */"

  private var name: String { options.name }

  /// Every input and output: its label in Swift, its name in C, its value.
  private var ports: [(label: String, id: ValueID, isInput: Bool)] {
    let graph = schedule.graph
    return graph.inputs.enumerated().map { (SwiftKernel.name(base.program.inputName($0)), $1, true) }
      + graph.outputs.enumerated().map { (SwiftKernel.name(base.program.outputName($0)), $1, false) }
  }

  private func elementCount(_ id: ValueID) -> Int {
    (try? schedule.graph[id].type.shape(batch: 1))?.elementCount ?? 0
  }

  // MARK: Program

  /// The type with the sizes and `run`, and the function for C.
  var programText: String {
    let graph = schedule.graph
    let sizes = ports.map { port, id, _ in
      let value = graph[id]
      let shape = value.type.dimensions.map { String($0.extent(batch: 1)) }.joined(separator: ", ")
      return """
          /// \(commentText(value.name)): \(value.type.elementType.swiftName), (\(shape)), the last axis fastest.
          public static var \(port)Count: Int { \(elementCount(id)) }
        """
    }
    let buffers = ports.map { port, id, isInput in
      "_ \(port): Unsafe\(isInput ? "" : "Mutable")BufferPointer<\(graph[id].type.elementType.swiftName)>"
    }
    let pointers = ports.map { port, id, isInput in
      "_ \(port): Unsafe\(isInput ? "" : "Mutable")Pointer<\(graph[id].type.elementType.swiftName)>"
    }
    let optionals = pointers.map { $0 + "?" }
    let bases = ports.map { port, _, _ in "let \(port)Base = \(port).baseAddress, \(port).count == \(port)Count" }
    let unwrapped = ports.map { port, _, _ in "let \(port)" }
    let casts = ports.map { port, _, isInput in
      isInput
        ? "    let \(cName(port)) = bytes(\(port))"
        : "    let \(cName(port)) = UnsafeMutableRawPointer(\(port)).assumingMemoryBound(to: UInt8.self)"
    }
    let arena =
      self.sizes.arenaByteCount > 0
      ? "    let arena = UnsafeMutableRawPointer(\(name)_arena_pointer()).assumingMemoryBound(to: UInt8.self)\n" : ""
    return """
      \(Self.origin)

      import \(dataModule)

      /// The network: sizes, and `run`. Nothing is allocated; not from two threads at a time.
      public enum \(typeName) {
      \(sizes.joined(separator: "\n"))

        /// Computes the outputs from the inputs.
        ///
        /// - Returns: false, and nothing is written, if a buffer has another count.
        public static func run(
          \(buffers.joined(separator: ",\n    "))
        ) -> Bool {
          guard \(bases.joined(separator: ",\n      ")) else { return false }
          run(\(ports.map { $0.label + "Base" }.joined(separator: ", ")))
          return true
        }

        /// The same on memory that is known to be large enough.
        public static func run(
          \(pointers.joined(separator: ",\n    "))
        ) {
      \(casts.joined(separator: "\n"))
      \(arena)\(stepText)  }
      }

      /// For C, as declared in \(name).h.
      @_cdecl("\(name)_run")
      public func \(SwiftKernel.name(name + "_run"))(
        \(optionals.joined(separator: ",\n  "))
      ) -> Int32 {
        guard \(unwrapped.joined(separator: ", ")) else { return -1 }
        \(typeName).run(\(ports.map(\.label).joined(separator: ", ")))
        return 0
      }

      """
  }

  /// `input_0` for `input0`.
  private func cName(_ label: String) -> String {
    for index in schedule.inputs.indices where SwiftKernel.name(base.program.inputName(index)) == label {
      return base.program.inputName(index) + "_bytes"
    }
    for index in schedule.outputs.indices where SwiftKernel.name(base.program.outputName(index)) == label {
      return base.program.outputName(index) + "_bytes"
    }
    return label
  }

  /// One comment and one call or more for each step.
  private var stepText: String {
    let ports = Set(
      schedule.inputs.indices.map(base.program.inputName) + schedule.outputs.indices.map(base.program.outputName))
    var text = ""
    for (index, calls) in calls.enumerated() {
      if index < schedule.steps.count {
        let node = schedule.graph.nodes[schedule.steps[index].node]
        text += "\n    // \(index): \(node.operator.kind), \(commentText(node.name))\n"
      }
      for call in calls {
        // Inputs and outputs as bytes.
        let arguments = call.arguments.map { argument -> String in
          let parts = argument.split(separator: " ", maxSplits: 1)
          guard let first = parts.first, ports.contains(String(first)) else { return argument }
          return first + "_bytes" + (parts.count > 1 ? " " + parts[1] : "")
        }
        text += "    " + line(call.function, arguments) + "\n"
      }
    }
    return text
  }

  private func line(_ function: String, _ arguments: [String]) -> String {
    let swiftName =
      switch function {
      case "memcpy": "copy"
      case "memset": "set"
      default: SwiftKernel.name(function)
      }
    return "Kernels." + swiftName + "(\n      " + arguments.joined(separator: ", ") + ")"
  }

  /// The functions in use.
  var kernelText: String {
    let kernels = CKernel.closure(base.program.kernels)
    var texts = kernels.compactMap(SwiftKernel.text)
    if texts.contains(where: { $0.contains("forEach(") }) { texts.insert(SwiftKernel.walkText, at: 0) }
    if texts.contains(where: { $0.contains("Lists(") }) { texts.insert(SwiftKernel.listsText, at: 0) }
    if texts.contains(where: { $0.contains("quotient(") }), !texts.contains(SwiftKernel.locateText) {
      texts.insert(SwiftKernel.quotientText, at: 0)
    }
    let body = texts.map { $0.replacing("NAME", with: name) }.joined(separator: "\n\n")
    let indented = body.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "  " + $0 }.joined(separator: "\n")
    return """
      \(Self.origin)

      import \(dataModule)

      @inline(__always) func bytes<Element>(_ pointer: UnsafePointer<Element>) -> UnsafePointer<UInt8> {
        UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self)
      }

      /// Memory of the arena at a whole word.
      @inline(__always) func words(_ pointer: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt32.self)
      }

      enum Kernels {
        @inline(__always) static func copy(
          _ to: UnsafeMutablePointer<UInt8>, _ from: UnsafePointer<UInt8>, _ count: Int
        ) {
          to.update(from: from, count: count)
        }

        @inline(__always) static func set(_ to: UnsafeMutablePointer<UInt8>, _ byte: UInt8, _ count: Int) {
          to.update(repeating: byte, count: count)
        }

      \(indented)
      }

      """
  }

  // MARK: Constants

  private var macro: String { name.uppercased() }

  /// The arena.
  var arenaText: String {
    let array =
      sizes.arenaByteCount > 0
      ? "uint32_t \(name)_arena[\(sizes.arenaByteCount / 4)];\n" : "typedef int \(name)_has_no_arena;\n"
    return "\(Self.cOrigin)\n\n#include \"\(name)_access.h\"\n\n" + array
      + base.placeText { " { return (\($0) *)((uint8_t *)\(name)_arena + \($1)); }" }
  }

  /// Pointers to the constants: large arrays have no type in Swift.
  var accessText: String {
    var lines: [String] = []
    for entry in base.program.data.entries {
      let element = entry.kind == "walk" ? "int32_t" : entry.type
      let value =
        entry.kind == "walk" ? "(const int32_t *)&" + entry.name : (entry.count == nil ? "&" : "") + entry.name
      lines.append("\(macro)_INLINE const \(element) *\(entry.name)_pointer(void) { return \(value); }")
    }
    if sizes.arenaByteCount > 0 {
      lines.append("extern uint32_t \(name)_arena[\(sizes.arenaByteCount / 4)];")
      lines.append("\(macro)_INLINE uint32_t *\(name)_arena_pointer(void) { return \(name)_arena; }")
    }
    return """
      \(Self.cOrigin)

      #ifndef \(macro)_ACCESS_H
      #define \(macro)_ACCESS_H

      #include "\(name)_data.h"

      #define \(macro)_INLINE static inline __attribute__((always_inline))

      \(lines.joined(separator: "\n"))

      #endif

      """
  }

  var moduleMapText: String {
    """
    module \(dataModule) {
      header "\(name)_data.h"
      header "\(name)_access.h"
      export *
    }

    """
  }

  // MARK: Building

  var packageText: String {
    """
    // swift-tools-version: 6.2
    \(Self.origin)

    import PackageDescription

    // EMBEDDED=1 swift build --triple armv7em-none-none-eabi: for a chip. Without: for this machine, with an example.
    let isEmbedded = Context.environment["EMBEDDED"] != nil
    var targets: [Target] = [
      .target(name: "\(dataModule)"),
      .target(
        name: "\(programModule)", dependencies: ["\(dataModule)"],
        swiftSettings: isEmbedded ? [.enableExperimentalFeature("Embedded")] : []),
    ]
    if !isEmbedded { targets.append(.executableTarget(name: "Example", dependencies: ["\(programModule)"])) }

    let package = Package(
      name: "\(name)",
      products: [.library(name: "\(programModule)", targets: ["\(programModule)"])],
      targets: targets)

    """
  }

  var makefileText: String {
    """
    # Made by deepchip emit. 'make CORE=armv7em' makes objects for a chip: armv7em, armv6m, riscv32 or wasm32;
    # without CORE, a program for this machine. Needs the tools of swift.org, and no other.
    NAME = \(name)
    SWIFTC ?= swiftc
    CLANG ?= $(dir $(shell command -v $(SWIFTC)))clang
    CORE ?= host
    OUT ?= build-$(CORE)

    TRIPLE_armv7em = armv7em-none-none-eabi
    FLAGS_armv7em = -mcpu=cortex-m4 -mfloat-abi=soft
    TRIPLE_armv6m = armv6m-none-none-eabi
    FLAGS_armv6m = -mcpu=cortex-m0plus -mfloat-abi=soft
    TRIPLE_riscv32 = riscv32-none-none-eabi
    FLAGS_riscv32 = -march=rv32imac -mabi=ilp32
    TRIPLE_wasm32 = wasm32-unknown-none-wasm
    FLAGS_wasm32 =
    TRIPLE = $(TRIPLE_$(CORE))
    FLAGS = $(FLAGS_$(CORE))

    DATA = Sources/\(dataModule)
    SWIFT_SOURCES = Sources/\(programModule)/\(typeName).swift Sources/\(programModule)/Kernels.swift
    EMBEDDED = -enable-experimental-feature Embedded -wmo -Osize -parse-as-library \\
      -module-name \(programModule) -I $(DATA)/include -Xcc -ffreestanding -Xcc -fno-pic -Xfrontend -function-sections -Xfrontend -disable-stack-protector \\
      -enforce-exclusivity=unchecked

    ifeq ($(CORE),host)
    all: $(OUT)/$(NAME)
    CFLAGS_ALL = -O2 -I $(DATA)/include
    else
    all: $(OUT)/$(NAME).o $(OUT)/$(NAME)_data.o $(OUT)/$(NAME)_arena.o
    CFLAGS_ALL = --target=$(TRIPLE) $(FLAGS) -Os -ffreestanding -ffunction-sections -I $(DATA)/include
    endif

    $(OUT)/$(NAME).o: $(SWIFT_SOURCES) $(DATA)/include/$(NAME)_access.h
    \t@mkdir -p $(OUT)
    \t$(SWIFTC) -target $(TRIPLE) $(foreach flag,$(FLAGS),-Xcc $(flag)) $(EMBEDDED) -c $(SWIFT_SOURCES) -o $@

    $(OUT)/%.o: $(DATA)/%.c
    \t@mkdir -p $(OUT)
    \t$(CLANG) -std=c99 $(CFLAGS_ALL) -c $< -o $@

    $(OUT)/$(NAME): $(SWIFT_SOURCES) Sources/Example/main.swift $(OUT)/$(NAME)_data.o $(OUT)/$(NAME)_arena.o
    \t$(SWIFTC) -O -wmo -module-name Example -I $(DATA)/include $^ -o $@

    clean:
    \trm -rf build-*

    .PHONY: all clean

    """
  }

  /// For this machine.
  var exampleText: String {
    let type = { (id: ValueID) in self.schedule.graph[id].type.elementType.swiftName }
    let declarations = ports.map {
      "let \($0.label) = UnsafeMutableBufferPointer<\(type($0.id))>.allocate(capacity: \(typeName).\($0.label)Count)"
    }
    let reads = ports.filter(\.isInput).map { "readAll(\($0.label))" }
    let writes = ports.filter { !$0.isInput }.map { "writeAll(\($0.label))" }
    let buffers = ports.map { $0.isInput ? "UnsafeBufferPointer(\($0.label))" : $0.label }.joined(separator: ", ")
    return """
      // Made by deepchip emit: runs the network on this machine. Reads inputs from standard input and writes outputs to
      // standard output, as bytes in memory order. Only this example allocates.

      #if canImport(\(programModule))
        import \(programModule)
      #endif
      #if canImport(Glibc)
        import Glibc
      #elseif canImport(Musl)
        import Musl
      #elseif canImport(Darwin)
        import Darwin
      #endif

      func readAll<Element>(_ buffer: UnsafeMutableBufferPointer<Element>) -> Bool {
        var rest = UnsafeMutableRawBufferPointer(buffer)
        while rest.count > 0 {
          let count = read(0, rest.baseAddress, rest.count)
          if count <= 0 { return false }
          rest = UnsafeMutableRawBufferPointer(rebasing: rest[count...])
        }
        return true
      }

      func writeAll<Element>(_ buffer: UnsafeMutableBufferPointer<Element>) {
        var rest = UnsafeRawBufferPointer(buffer)
        while rest.count > 0 {
          let count = write(1, rest.baseAddress, rest.count)
          if count <= 0 { exit(1) }
          rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
      }

      \(declarations.joined(separator: "\n"))
      while \(reads.isEmpty ? "false" : reads.joined(separator: " && ")) {
        if !\(typeName).run(\(buffers)) { exit(1) }
      \(writes.map { "  " + $0 + "\n" }.joined())}

      """
  }
}

extension ElementType {
  /// The type in Swift; bools are bytes of 0 and 1.
  var swiftName: String {
    switch self {
    case .float32: "Float"
    case .uint8, .bool: "UInt8"
    case .int8: "Int8"
    case .int16: "Int16"
    case .int32: "Int32"
    case .int64: "Int64"
    }
  }
}
