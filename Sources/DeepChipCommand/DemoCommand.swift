import ArgumentParser
import DeepChip
import Foundation

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "The whole story on the built-in digits: train, make ternary and thin, pack, time; under a minute.")

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Folder for the files; a temporary one by default.", valueName: "folder"),
    completion: .directory)
  var output: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  private struct Document: Encodable {
    var schemaVersion = 1
    var models: [Demonstration.Row]
  }

  func run() throws {
    let folder =
      output.map { URL(fileURLWithPath: $0) }
      ?? FileManager.default.temporaryDirectory.appendingPathComponent("deepchip-demo")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw Failure(.failed, "\(folder.path.escapedForDisplay): cannot be made: \(error.localizedDescription)")
    }
    let demonstration = try Demonstration(in: folder) { step in if !json { Console.note("· \(step)") } }
    if json { return try Console.json(Document(models: demonstration.rows)) }
    show(demonstration)
  }

  private func show(_ demonstration: Demonstration) {
    var table = Table([
      ("digits, 360 test images", .left), ("top-1", .right), ("file", .right), ("one image", .right),
    ])
    for row in demonstration.rows {
      table.add([row.model, row.top1.percent, row.byteCount.bytes, row.medianMicroseconds.microseconds])
    }
    Console.print("")
    Console.print(table.text)
    if demonstration.rows.count == 2 {
      let (float, integer) = (demonstration.rows[0], demonstration.rows[1])
      let smaller = (Double(float.byteCount) / Double(integer.byteCount)).digits(1)
      let faster = (float.medianMicroseconds / integer.medianMicroseconds).digits(1)
      let points = ((integer.top1 - float.top1) * 100).digits(2)
      Console.print("")
      Console.print(
        "\(smaller) times smaller, \(faster) times faster than our own float32, \(points) points of accuracy; "
          + "one thread, \(Machine.processorName)")
    }
    Console.print("packed file: \(demonstration.packedFile.path)")
    Console.print("report:      \(demonstration.reportFile.path)")
  }
}
