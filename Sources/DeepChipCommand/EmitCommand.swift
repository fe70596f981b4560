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

  @Option(help: PatchesArgument.help)
  var patches: PatchesArgument?

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
      "What the inner loops of C are for: \(EmissionTarget.chips), or a kind of core: portable, cortex-m4 (and M7, M33), "
        + "cortex-m55 (Helium), cortex-m0plus (and M0, M23), riscv32, riscv32v (vectors). The board's unless given, else "
        + "portable.",
      valueName: "name"))
  var target: EmissionTarget?

  @Option(
    help: ArgumentHelp(
      "Data set whose item --item of the test split the board's program runs on, instead of --sample.",
      valueName: "data"))
  var data: String?

  @Option(help: ArgumentHelp("The item, counted from 0.", valueName: "n"))
  var item = 0

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    if board == nil && (!sample.isEmpty || data != nil) {
      throw ValidationError("--sample and --data go with --board.")
    }
    if language == .swift && target != nil {
      throw ValidationError("--target goes with --language c: the loops in Swift are the same for every core.")
    }
    if !sample.isEmpty && data != nil { throw ValidationError("Give --sample or --data, not both.") }
  }

  enum Language: String, ExpressibleByArgument, CaseIterable { case c, swift }
  enum Weights: String, ExpressibleByArgument, CaseIterable { case packed, bytes }

  func run() throws {
    let model = try Model(contentsOf: self.model.url)
    let board = try chosenBoard()
    let core = target?.core ?? board.map { CoreKind($0.core) } ?? .portable
    let options = CEmitter.Options(name: name, packsWeights: weights == .packed, core: core)
    let sample = try samples(model.packed)
    var (files, sizes): ([CEmitter.File], EmittedSizes)
    var patching: Patching?
    do {
      if let patches {
        patching = try Patching.best(model.packed.graph, options: options, counts: patches.counts)
        if patching == nil, !json { Console.note("--patches: no patches need less RAM; emitted without.") }
      }
      let graph = patching?.graph ?? model.packed.graph
      switch language {
      case .c:
        let emitter = try CEmitter(graph, options: options)
        (files, sizes) = (emitter.files(), emitter.sizes)
        if let board { files += emitter.files(for: board, sample: sample) }
      case .swift:
        let emitter = try SwiftEmitter(graph, options: options)
        (files, sizes) = (emitter.files(), emitter.sizes)
        if let board { files += emitter.files(for: board, sample: sample) }
      }
    } catch { throw Failure(error) }
    try write(files)
    try show(sizes, files, patching)
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
  private func samples(_ packed: PackedModel) throws -> [AnyTensor]? {
    let graph = packed.graph
    if let data {
      let dataset = try DatasetSpecifier(data, kinds: DatasetKind.readable).load(split: .test)
      guard (0..<dataset.count).contains(item) else {
        throw Failure(.usage, "--item \(item): the data set has \(dataset.count) items, counted from 0.")
      }
      return [try InputFeeder(graph, packed.preprocessing ?? Preprocessing()).input(dataset, [item])]
    }
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

  private func show(_ sizes: EmittedSizes, _ files: [CEmitter.File], _ patching: Patching?) throws {
    if json {
      return try Console.json(
        Report(
          files: files.map(\.name), arenaBytes: sizes.arenaByteCount, constantBytes: sizes.constantByteCount,
          weightBytes: sizes.weightByteCount, inputBytes: sizes.inputByteCount, outputBytes: sizes.outputByteCount,
          patches: patching.map { .init(count: $0.count, lastLayer: $0.lastLayer, macCount: $0.macCount) }))
    }
    Console.print(output)
    Console.print("  files        \(files.map(\.name).joined(separator: ", "))")
    Console.print(
      "  flash        \(sizes.constantByteCount.grouped) bytes of constants (weights: \(sizes.weightByteCount.grouped)), and the code"
    )
    Console.print(
      "  RAM          \(sizes.arenaByteCount.grouped) bytes of arena, \((sizes.inputByteCount - sizes.placedInputByteCount).grouped) of input, \(sizes.outputByteCount.grouped) of output, and the stack"
    )
    if let patching {
      let more = 100 * Double(patching.macCount - patching.wholeMACCount) / Double(max(patching.wholeMACCount, 1))
      Console.print(
        "  patches      \(patching.count), through layer '\(patching.lastLayer.escapedForDisplay)': "
          + "\((patching.wholeArenaByteCount - patching.arenaByteCount).grouped) bytes of arena less, "
          + "\(more.digits(1)) % more products")
    }
  }

  private struct Report: Encodable {
    var schemaVersion = 1
    var files: [String]
    var arenaBytes: Int
    var constantBytes: Int
    var weightBytes: Int
    var inputBytes: Int
    var outputBytes: Int
    var patches: Patches?

    struct Patches: Encodable {
      var count: Int
      var lastLayer: String
      var macCount: Int
    }
  }
}

/// A kind of core, by its own name or by that of a chip that has one.
struct EmissionTarget: ExpressibleByArgument {
  var core: CoreKind

  init?(argument: String) {
    guard
      let core = CoreKind.allCases.first(where: { $0.name == argument })
        ?? Target.named(argument).map({ CoreKind($0.core) })
    else { return nil }
    self.core = core
  }

  static var allValueStrings: [String] { CoreKind.allCases.map(\.name) + Target.all.map(\.name) }

  /// The names of chips, for people.
  static let chips = Target.all.filter { $0.core.isMicrocontroller }.map(\.name).joined(separator: ", ")
}
