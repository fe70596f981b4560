import Graphs
import Targets
import Tensors

/// The files that make a program for a board of an emitted network, in the folder `board` beside it.
struct BoardProgram {
  /// What differs between the languages.
  enum Language: Sendable, Equatable { case c, swift }

  let board: Board
  let language: Language
  let emitter: CEmitter
  /// One tensor for each input; nil for zeros.
  let sample: [AnyTensor]?

  private var name: String { emitter.options.name }
  private var macro: String { name.uppercased() }
  private var graph: Graph { emitter.schedule.graph }

  var files: [CEmitter.File] {
    var files = [
      CEmitter.File(name: "board/Makefile", contents: makefileText),
      .init(name: "board/board.h", contents: BoardText.header),
      .init(name: "board/board.c", contents: boardText),
      .init(name: "board/board.ld", contents: linkerText),
      .init(name: "board/startup.c", contents: startupText),
      .init(name: "board/memory.c", contents: BoardText.memory),
      .init(name: "board/include/string.h", contents: BoardText.stringHeader),
      .init(name: "board/sample.h", contents: sampleText),
      .init(name: "board/main.c", contents: mainText),
    ]
    if board.hasSerialPort {
      files.append(.init(name: "board/device.h", contents: DeviceProgram.header))
      files.append(.init(name: "board/device.c", contents: DeviceProgram(emitter: emitter).text))
      files.append(.init(name: "board/device_board.c", contents: DeviceProgram.boardText))
    }
    return files
  }

  private var boardText: String {
    """
    \(BoardText.origin)
    /* \(board.title). */

    #include "board.h"

    #define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

    \(board.text)

    """
  }

  private var startupText: String {
    switch board.core {
    case .rv32imc, .rv32imcv: return BoardText.riscvStartup
    case .cortexM0Plus, .cortexM4, .cortexM33, .cortexM55, .cortexA53, .cortexA72, .cortexA76, .wasm32, .host:
      return BoardText.armStartup + (board.startsInRAM ? BoardText.armEntry : "")
    }
  }

  private var linkerText: String {
    func hex(_ number: Int) -> String { "0x" + String(number, radix: 16) }
    // Constants behind an address of their own keep their places in the file.
    let constants = board.constantsOrigin.map(hex)
    let magic = board.magic.map { "    LONG(" + hex(Int($0)) + ")\n" }.joined()
    let offset = constants == nil ? "" : "  text_size = ALIGN(SIZEOF(.text), 16);\n"
    let rodata = constants.map { $0 + " + text_size : AT(ORIGIN(flash) + text_size)" } ?? ":"
    let source =
      constants.map { "LOADADDR(.data) - ORIGIN(flash) + " + $0 } ?? "LOADADDR(.data)"
    let data = constants == nil ? "" : "AT(ORIGIN(flash) + ALIGN(text_size + SIZEOF(.rodata), 8)) "
    return """
      /* Made by deepchip emit. Edits are lost when it runs again. */

      ENTRY(\(board.startsInRAM ? "entry" : "reset"))

      MEMORY {
        flash (rx) : ORIGIN = \(hex(board.flash.origin)), LENGTH = \(hex(board.flash.byteCount))
        ram (rwx) : ORIGIN = \(hex(board.ram.origin)), LENGTH = \(hex(board.ram.byteCount))
      \(constants.map { "  constants (r) : ORIGIN = \($0), LENGTH = \(hex(board.flash.byteCount))\n" } ?? "")\
      }

      SECTIONS {
        .text : {
      \(magic)\
          KEEP(*(.entry))
          . = ALIGN(256);
          vector_table = .;
          KEEP(*(.vectors))
          *(.text .text.*)
        } > flash
      \(offset)\
        .rodata \(rodata) { *(.rodata .rodata.* .srodata .srodata.* .got .got.*) } > \(constants == nil ? "flash" : "constants")
        .ARM.exidx : { *(.ARM.exidx*) } > flash
        .data : \(data)ALIGN(8) {
          data_begin = .;
          *(.data .data.* .sdata .sdata.*)
          . = ALIGN(8);
          data_end = .;
        } > ram\(constants == nil ? " AT > flash" : "")
        data_source = \(source);
        .bss (NOLOAD) : ALIGN(8) {
          bss_begin = .;
          *(.bss .bss.* .sbss .sbss.* COMMON)
          . = ALIGN(8);
          bss_end = .;
        } > ram
        stack_top = ORIGIN(ram) + LENGTH(ram);
        ASSERT(bss_end + 1024 <= stack_top, "the RAM has no room for the stack")
        /DISCARD/ : { *(.comment) *(.note*) *(.ARM.attributes) *(.eh_frame*) *(.riscv.attributes) *(.swift*) }
      }

      """
  }

  private var makefileText: String {
    let core = board.core
    let prefix = core.compilerPrefix ?? ""
    let objects: String
    let rules: String
    switch language {
    case .c:
      objects = "$(NAME).o $(NAME)_data.o"
      rules = "%.o: ../%.c ../$(NAME).h\n\t$(CC) $(ALL_CFLAGS) -c -o $@ $<\n"
    case .swift:
      let folder = "../build-" + (core.swiftName ?? "")
      let list = ["", "_data", "_arena"].map { folder + "/$(NAME)" + $0 + ".o" }
      objects = list.joined(separator: " ")
      rules = """
        \(objects): network ;

        network:
        \t$(MAKE) -C .. CORE=\(core.swiftName ?? "")

        .PHONY: network

        """
    }
    let device = board.hasSerialPort
    let emulation = board.emulator.map { command in
      """

      run: $(NAME).elf
      \t\(command.joined(separator: " ")) $<
      \(device ? """

      run-device: $(NAME)_device.elf
      \t\((command.dropLast() + ["-serial", "stdio", "-display", "none"]).filter { $0 != "-nographic" }.joined(separator: " ")) -kernel $<

      """ : "")
      """
    }
    return """
      # Made by deepchip emit: a program for \(board.title).
      # 'make' links $(NAME).elf\(device ? " and $(NAME)_device.elf, which speaks the protocol of MLPerf Tiny (unofficial)" : "").
      NAME = \(name)
      CROSS ?= \(prefix)
      CC = $(CROSS)gcc
      OBJCOPY = $(CROSS)objcopy
      CFLAGS ?= -O2
      CHIP = \(core.compilerFlags.joined(separator: " "))
      ALL_CFLAGS = $(CHIP) -std=c99 -Wall -Wextra -Werror -pedantic -ffreestanding -ffunction-sections \\
        -fno-tree-loop-distribute-patterns -I.. -I. -Iinclude $(CFLAGS)
      LINK = $(CC) $(CHIP) -nostdlib -nostartfiles -static -Wl,--gc-sections -Wl,-z,noexecstack \(linkerFlags)\\
        -Wl,-Map=$(@:.elf=.map) -T board.ld
      OBJECTS = board.o startup.o memory.o \(objects)

      all: $(NAME).elf\(device ? " $(NAME)_device.elf" : "")

      $(NAME).elf: main.o $(OBJECTS) board.ld
      \t$(LINK) -o $@ main.o $(OBJECTS) -lgcc

      %.bin: %.elf
      \t$(OBJCOPY) -O binary $< $@
      \(device ? """

      $(NAME)_device.elf: device.o device_board.o $(OBJECTS) board.ld
      \t$(LINK) -o $@ device.o device_board.o $(OBJECTS) -lgcc

      """ : "")
      main.o: sample.h ../$(NAME).h
      %.o: %.c board.h
      \t$(CC) $(ALL_CFLAGS) -c -o $@ $<

      \(rules)\(emulation ?? "")
      clean:
      \trm -f *.o *.elf *.map *.bin

      .PHONY: all clean run run-device

      """
  }

  /// Swift's compiler has enums of another size than gcc for Arm, which no function here exchanges.
  private var linkerFlags: String {
    language == .swift && board.core != .rv32imc ? "-Wl,--no-enum-size-warning " : ""
  }

  // MARK: Main

  private var mainText: String {
    let inputs = graph.inputs.indices.map { "sample_" + String($0) }
    let outputs = graph.outputs.indices.map { "output_" + String($0) }
    let declarations = zip(outputs, graph.outputs.indices).map { port, index in
      let type = graph[graph.outputs[index]].type.elementType.cName
      return "static \(type) \(port)[\(macro)_\(outputName(index).uppercased())_COUNT];"
    }
    let count = graph.outputs.isEmpty ? "0" : "\(macro)_\(outputName(0).uppercased())_COUNT"
    return """
      \(BoardText.origin)
      /* Runs the network on the sample and shows the place of the largest result, over and over. */

      #include "../\(name).h"
      #include "board.h"
      #include "sample.h"

      \(declarations.joined(separator: "\n"))

      int main(void) {
        board_start();
        for (;;) {
          int32_t best = 0, i;
          if (\(name)_run(\((inputs + outputs).joined(separator: ", "))) != 0) return 1;
          for (i = 1; i < \(count); i++)
            if (output_0[i] > output_0[best]) best = i;
          board_show(best);
        }
      }

      """
  }

  private func outputName(_ index: Int) -> String { emitter.program.outputName(index) }

  /// The sample, in flash.
  private var sampleText: String {
    let arrays = graph.inputs.enumerated().map { index, id in
      let type = graph[id].type
      let count = (try? type.shape(batch: 1))?.elementCount ?? 0
      let tensor = sample.flatMap { index < $0.count ? $0[index] : nil }
      let numbers = tensor.map(\.cNumbers) ?? [String](repeating: "0", count: count)
      return "static const \(type.elementType.cName) sample_\(index)[\(count)] = {\n\(listText(numbers))};\n"
    }
    return """
      \(BoardText.origin)
      #ifndef SAMPLE_H
      #define SAMPLE_H

      #include <stdint.h>

      \(arrays.joined(separator: "\n"))
      #endif

      """
  }
}

extension AnyTensor {
  /// The elements as constants of C.
  fileprivate var cNumbers: [String] {
    switch self {
    case .float32(let tensor): tensor.scalars.map { $0.isFinite ? floatText($0) : "0" }
    case .uint8(let tensor): tensor.scalars.map(String.init)
    case .int8(let tensor): tensor.scalars.map(String.init)
    case .int16(let tensor): tensor.scalars.map(String.init)
    case .int32(let tensor): tensor.scalars.map(numberText)
    case .int64(let tensor): tensor.scalars.map { "INT64_C(" + String($0) + ")" }
    case .bool(let tensor): tensor.scalars.map { $0 ? "1" : "0" }
    }
  }
}

extension Core {
  /// What the makefile of a Swift package calls the core.
  var swiftName: String? {
    switch self {
    case .cortexM0Plus: "armv6m"
    case .cortexM4, .cortexM33, .cortexM55: "armv7em"
    case .rv32imc, .rv32imcv: "riscv32"
    case .wasm32: "wasm32"
    case .cortexA53, .cortexA72, .cortexA76, .host: nil
    }
  }
}
