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

  @Flag(help: "Print one JSON document.")
  var json = false

  enum Language: String, ExpressibleByArgument, CaseIterable { case c, swift }
  enum Weights: String, ExpressibleByArgument, CaseIterable { case packed, bytes }

  func run() throws {
    let model = try Model(contentsOf: self.model.url)
    let options = CEmitter.Options(name: name, packsWeights: weights == .packed)
    let (files, sizes): ([CEmitter.File], EmittedSizes)
    do {
      switch language {
      case .c:
        let emitter = try CEmitter(model.packed, options: options)
        (files, sizes) = (emitter.files(), emitter.sizes)
      case .swift:
        let emitter = try SwiftEmitter(model.packed, options: options)
        (files, sizes) = (emitter.files(), emitter.sizes)
      }
    } catch { throw Failure(error) }
    try write(files)
    try show(sizes, files)
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
      "  RAM          \(sizes.arenaByteCount.grouped) bytes of arena, \(sizes.inputByteCount.grouped) of input, \(sizes.outputByteCount.grouped) of output, and the stack"
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
