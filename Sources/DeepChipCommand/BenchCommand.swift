import ArgumentParser
import DeepChip
import Foundation
import Kernels

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Latency of a model, layer by layer, with kernels and memory.")

  @OptionGroup var model: ModelArgument
  @OptionGroup var execution: ExecutionOptions

  @Option(help: ArgumentHelp("A second model, timed in turns with the first.", valueName: "model"), completion: .file())
  var against: String?

  @Option(help: ArgumentHelp("Runs to time; about a second's worth by default.", valueName: "n"))
  var iterations: Int?

  @Option(help: ArgumentHelp("Instruction set: \(BenchCommand.instructionSets).", valueName: "name"))
  var isa: String?

  @Option(
    help: ArgumentHelp("First input, float32 [N, C, H, W]; random numbers by default.", valueName: "npy"),
    completion: .file())
  var input: String?

  @Flag(help: "Print the one line that peers' benchmark harnesses read.")
  var peer = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    if let iterations, iterations < 1 { throw ValidationError("--iterations is at least 1, not \(iterations).") }
    if peer && against != nil { throw ValidationError("--peer times one model.") }
  }

  func run() throws {
    var benchmark = Benchmark()
    benchmark.batch = execution.batch ?? 1
    benchmark.threads = execution.threads
    benchmark.iterations = iterations
    benchmark.instructionSet = try instructionSet()
    let input = try input.map { try ModelRunner.readTensor(URL(fileURLWithPath: $0)) }
    if peer { return try Console.jsonLine(benchmark.peerReport(model.url, input: input)) }
    var subjects = [try benchmark.subject(model.url, input: input)]
    if let against { subjects.append(try benchmark.subject(URL(fileURLWithPath: against), input: input)) }
    var bar = ProgressBar("Timing")
    let reports = try benchmark.measure(subjects) { bar.update($0) }
    if json {
      if reports.count == 1 { return try Console.json(reports[0]) }
      return try Console.json(Comparison(model: reports[0], against: reports[1]))
    }
    for (index, report) in reports.enumerated() {
      if index > 0 { Console.print("") }
      show(report)
    }
    if let ratio = reports.first?.ratioToOther, reports.count == 2 {
      Console.print("")
      Console.print("\(reports[0].model) takes \(ratio.digits(3)) times the time of \(reports[1].model)")
    }
  }

  private struct Comparison: Encodable {
    var schemaVersion = 1
    var model: BenchReport
    var against: BenchReport
  }

  private static var instructionSets: String {
    InstructionSet.allCases.map { "\($0.name)" }.joined(separator: ", ")
  }

  private func instructionSet() throws -> InstructionSet? {
    guard let isa else { return nil }
    guard let set = InstructionSet.allCases.first(where: { "\($0.name)" == isa }) else {
      throw Failure(.usage, "--isa \(isa.escapedForDisplay): one of \(Self.instructionSets).")
    }
    guard set.isAvailable else { throw Failure(.usage, "--isa \(isa): this processor does not have it.") }
    return set
  }

  private func show(_ report: BenchReport) {
    var table = Table([
      ("layer", .left), ("operator", .left), ("kernel", .left), ("time", .right), ("share", .right),
      ("GMAC/s", .right), ("bytes", .right), ("non-zero", .right),
    ])
    let total = report.layers.reduce(0) { $0 + $1.medianMicroseconds }
    for layer in report.layers {
      table.add([
        String(layer.name.escapedForDisplay.prefix(32)), layer.operator, layer.kernel,
        layer.medianMicroseconds.microseconds, (layer.medianMicroseconds / max(total, 1e-9)).percent,
        layer.macCount == 0 ? "" : (Double(layer.macCount) / layer.medianMicroseconds / 1000).digits(1),
        layer.byteCount == 0 ? "" : layer.byteCount.grouped, layer.byteCount == 0 ? "" : layer.density.percent,
      ])
    }
    Console.print(Console.bold(report.model.escapedForDisplay))
    Console.print(table.text)
    Console.print("")
    Console.print(
      "median \(report.medianMicroseconds.microseconds), p95 \(report.p95Microseconds.microseconds), "
        + "best \(report.minimumMicroseconds.microseconds) of \(report.iterations.grouped) runs; "
        + "batch \(report.batch), threads \(report.threads), \(report.instructionSet), \(Machine.processorName)")
    Console.print(
      "load \(report.loadMicroseconds.microseconds), activations \(report.arenaBytes.bytes), "
        + "file \(report.fileBytes.bytes)")
  }
}
