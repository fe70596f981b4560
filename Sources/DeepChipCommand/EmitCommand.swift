import ArgumentParser
import DeepChip
import Foundation

struct EmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emit", abstract: "Prints a packed model as source code for a chip without an operating system.",
    discussion: "Documentation/microcontrollers.md shows the way from a model to a program.")

  @OptionGroup var model: ModelArgument

  @Option(help: "The language: c (C99).")
  var language = Language.c

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The folder to write into; made if it is not there.", valueName: "folder"),
    completion: .directory)
  var output: String

  @Option(help: ArgumentHelp("What identifiers and file names begin with.", valueName: "name"))
  var name = CEmitter.Options().name

  @Option(help: "Weights of few levels: packed (less flash) or bytes (fewer instructions).")
  var weights = Weights.packed

  @Option(
    help: ArgumentHelp(
      "What the inner loops are for: portable, cortex-m4 (and M7, M33), cortex-m0plus (and M0, M23) or riscv32.",
      valueName: "core"))
  var target = CoreKind.portable

  @Flag(help: "Print one JSON document.")
  var json = false

  enum Language: String, ExpressibleByArgument, CaseIterable { case c }
  enum Weights: String, ExpressibleByArgument, CaseIterable { case packed, bytes }

  func run() throws {
    let model = try Model(contentsOf: self.model.url)
    let emitter: CEmitter
    do {
      emitter = try CEmitter(model.packed, options: .init(name: name, packsWeights: weights == .packed, core: target))
    } catch { throw Failure(error) }
    let files = emitter.files()
    try makeFolder()
    for file in files { try AtomicFile.write(Array(file.contents.utf8), to: output + "/" + file.name) }
    try show(emitter.sizes, files)
  }

  private func makeFolder() throws {
    do {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    } catch { throw Failure(.failed, "\(output.escapedForDisplay): the folder cannot be made.") }
  }

  private func show(_ sizes: EmittedSizes, _ files: [CEmitter.File]) throws {
    if json {
      return try Console.json(
        Report(
          files: files.map(\.name), arenaBytes: sizes.arenaByteCount, constantBytes: sizes.constantByteCount,
          weightBytes: sizes.weightByteCount, inputBytes: sizes.inputByteCount, outputBytes: sizes.outputByteCount))
    }
    Console.print(output)
    Console.print("  files        \(files.map(\.name).joined(separator: ", "))")
    Console.print(
      "  flash        \(sizes.constantByteCount.grouped) bytes of constants (weights: \(sizes.weightByteCount.grouped)), and the code"
    )
    Console.print(
      "  RAM          \(sizes.arenaByteCount.grouped) bytes of arena, \((sizes.inputByteCount - sizes.placedInputByteCount).grouped) of input, \(sizes.outputByteCount.grouped) of output, and the stack"
    )
  }

  private struct Report: Encodable {
    var schemaVersion = 1
    var files: [String]
    var arenaBytes: Int
    var constantBytes: Int
    var weightBytes: Int
    var inputBytes: Int
    var outputBytes: Int
  }
}

extension CoreKind: ExpressibleByArgument {
  /// By the name of the smallest processor of the kind.
  private static let names: [(name: String, core: CoreKind)] = [
    ("portable", .portable), ("cortex-m4", .armDSP), ("cortex-m0plus", .armv6m), ("riscv32", .riscv32),
  ]

  public init?(argument: String) {
    guard let core = Self.names.first(where: { $0.name == argument })?.core else { return nil }
    self = core
  }

  public var defaultValueDescription: String { Self.names.first { $0.core == self }?.name ?? rawValue }
  public static var allValueStrings: [String] { names.map(\.name) }
}
