import Emission
import Foundation
import Targets

/// A chip that qemu emulates, with the compiler for it.
struct EmulatedChip: Sendable, CustomStringConvertible {
  /// As `Scripts/emulation/run.sh` knows it.
  var name: String
  var processor: Core
  /// What its core runs best.
  var core: CoreKind { CoreKind(processor) }
  var compiler: String
  var emulator: String

  var description: String { name }

  static let all = [
    EmulatedChip(name: "m4", processor: .cortexM4, compiler: "arm-none-eabi-gcc", emulator: "qemu-system-arm"),
    EmulatedChip(name: "m33", processor: .cortexM33, compiler: "arm-none-eabi-gcc", emulator: "qemu-system-arm"),
    EmulatedChip(name: "m55", processor: .cortexM55, compiler: "arm-none-eabi-gcc", emulator: "qemu-system-arm"),
    EmulatedChip(name: "m0plus", processor: .cortexM0Plus, compiler: "arm-none-eabi-gcc", emulator: "qemu-system-arm"),
    EmulatedChip(
      name: "riscv32", processor: .rv32imc, compiler: "riscv64-unknown-elf-gcc", emulator: "qemu-system-riscv32"),
    EmulatedChip(
      name: "riscv32v", processor: .rv32imcv, compiler: "riscv64-unknown-elf-gcc", emulator: "qemu-system-riscv32"),
  ]

  /// Those whose compiler and emulator are installed.
  static let here = all.filter { CCompiler.tool($0.compiler) != nil && CCompiler.tool($0.emulator) != nil }

  /// Those with the instructions that `CoreKind.armDSP` is for.
  static let withDSP = here.filter { $0.core == .armDSP || $0.core == .armMVE }

  static let missing =
    "needs gcc-arm-none-eabi and qemu-system-arm, or gcc-riscv64-unknown-elf, picolibc and "
    + "qemu-system-misc, and the data next to the repository"

  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Scripts/emulation/run.sh")

  /// What all runs have in common, such as the counting plugin, is compiled once.
  private static let cache = try? ScratchFolder()

  /// What a program did and took.
  struct Result: Sendable {
    var outputs: [UInt8]
    /// Instructions of one inference, on the average of all inputs but the first.
    var instructions: Int
    /// Bytes.
    var stack: Int
    var code: Int
    var constants: Int
    var memory: Int
    /// Version of the compiler.
    var compiler: String
  }

  /// Compiles a program named `model`, and runs it on all inputs.
  func run(_ emitter: CEmitter, inputs: [UInt8], count: Int, optimization: String = "-O2") throws -> Result {
    let folder = try ScratchFolder()
    defer { withExtendedLifetime(folder) {} }
    for file in emitter.files() {
      try Data(file.contents.utf8).write(to: folder.url.appending(path: file.name))
    }
    try Data(inputs).write(to: folder.url.appending(path: "inputs"))
    let (output, errors) = (folder.url.appending(path: "report"), folder.url.appending(path: "errors"))
    let status = try EmissionTests.run(
      "/usr/bin/env",
      ["CFLAGS=" + optimization] + (Self.cache.map { ["EMULATION_CACHE=" + $0.url.path] } ?? []) + [
        "/bin/sh", Self.script.path, name, folder.url.path, String(count),
      ],
      output: output, errors: errors)
    guard status == 0 else {
      throw CompiledProgram.Failure(description: try String(contentsOf: errors, encoding: .utf8))
    }
    var fields: [Substring: Substring] = [:]
    for line in try String(contentsOf: output, encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      if words.count == 2 { fields[words[0]] = words[1] }
    }
    func number(_ name: String) -> Int { fields[Substring(name)].flatMap { Int($0) } ?? -1 }
    return Result(
      outputs: [UInt8](try Data(contentsOf: folder.url.appending(path: "outputs"))),
      instructions: number("instructions"), stack: number("stack"), code: number("code"),
      constants: number("constants"), memory: number("memory"), compiler: String(fields["compiler"] ?? ""))
  }
}
