import ArgumentParser
import DeepChip
import Foundation

struct EmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emit", abstract: "Prints a packed model as source code for a chip without an operating system.",
    discussion: "Documentation/microcontrollers.md shows the way from a model to a program.")

  @OptionGroup var model: ModelArgument

  @Option(help: "The language: c (C99) or swift (a package in Embedded Swift).")
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
      "Add a program for a board: \(Board.all.map(\.name).joined(separator: ", ")).", valueName: "name"))
  var board: String?

  @Option(
    help: ArgumentHelp(
      "Inputs that the board's program runs on, in order: .npy or .pb; zeros unless given.", valueName: "file"))
  var sample: [String] = []

  @Option(
    help: ArgumentHelp(
      "What the inner loops are for: portable, cortex-m4 (and M7, M33), cortex-m0plus (and M0, M23) or riscv32.",
      valueName: "core"))
  var target = CoreKind.portable

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    if board == nil && !sample.isEmpty { throw ValidationError("--sample goes with --board.") }
  }

  enum Language: String, ExpressibleByArgument, CaseIterable { case c, swift }
  enum Weights: String, ExpressibleByArgument, CaseIterable { case packed, bytes }

  func run() throws {
    let model = try Model(contentsOf: self.model.url)
    let options = CEmitter.Options(name: name, packsWeights: weights == .packed, core: target)
    let board = try chosenBoard()
    let sample = try samples(model.packed.graph)
    var (files, sizes): ([CEmitter.File], EmittedSizes)
    do {
      switch language {
      case .c:
        let emitter = try CEmitter(model.packed, options: options)
        (files, sizes) = (emitter.files(), emitter.sizes)
        if let board { files += emitter.files(for: board, sample: sample) }
      case .swift:
        let emitter = try SwiftEmitter(model.packed, options: options)
        (files, sizes) = (emitter.files(), emitter.sizes)
        if let board { files += emitter.files(for: board, sample: sample) }
      }
    } catch { throw Failure(error) }
    try write(files)
    try show(sizes, files)
  }

  private func chosenBoard() throws -> Board? {
    guard let name = board else { return nil }
    guard let board = Board.named(name) else {
      throw Failure(
        .usage, "--board \(name.escapedForDisplay): one of \(Board.all.map(\.name).joined(separator: ", ")).")
    }
    return board
  }

  /// The sample's tensors, which have the types and extents of the inputs.
  private func samples(_ graph: Graph) throws -> [AnyTensor]? {
    guard !sample.isEmpty else { return nil }
    let tensors = try sample.map { try ModelRunner.readTensor(URL(fileURLWithPath: $0)) }
    let wanted = try graph.inputs.map { TensorType(graph[$0].type.elementType, try graph[$0].type.shape(batch: 1)) }
    guard tensors.map({ TensorType($0.elementType, $0.shape) }) == wanted else {
      throw Failure(.usage, "--sample: the inputs are \(wanted.map(\.description).joined(separator: ", ")).")
    }
    return tensors
  }

  private func write(_ files: [CEmitter.File]) throws {
    for file in files {
      let path = output + "/" + file.name
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch { throw Failure(.failed, "\(folder.path.escapedForDisplay): the folder cannot be made.") }
      try AtomicFile.write(Array(file.contents.utf8), to: path)
    }
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
