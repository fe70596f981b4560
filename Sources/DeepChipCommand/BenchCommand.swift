import ArgumentParser
import DeepChip
import Foundation
import Kernels

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Latency of a model, layer by layer, with kernels and memory.")

  @Argument(
    help: ArgumentHelp(
      "The model: .onnx, .tflite or .dchip; with --kernels, parts of kernels' names.", valueName: "model"),
    completion: .file())
  var models: [String] = []

  @OptionGroup var execution: ExecutionOptions

  @Option(help: ArgumentHelp("A second model, timed in turns with the first.", valueName: "model"), completion: .file())
  var against: String?

  @Option(help: ArgumentHelp("Runs to time; about a second's worth by default.", valueName: "n"))
  var iterations: Int?

  @OptionGroup var instructionSet: InstructionSetOption
  @OptionGroup var choice: KernelOptions
  @OptionGroup var decoding: DecodingOptions

  @Option(
    help: ArgumentHelp("First input, float32 [N, C, H, W]; random numbers by default.", valueName: "npy"),
    completion: .file())
  var input: String?

  @Flag(
    help: ArgumentHelp(
      "Time kernels instead of a model, over typical shapes: all that run here, or those whose names contain a NAME."))
  var kernels = false

  @Flag(help: "Print the one line that peers' benchmark harnesses read.")
  var peer = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    if let iterations, iterations < 1 { throw ValidationError("--iterations is at least 1, not \(iterations).") }
    guard kernels || models.count == 1 else { throw ValidationError("Give one <model>, or --kernels.") }
    if kernels && (peer || against != nil) { throw ValidationError("--kernels times no model.") }
    if peer && against != nil { throw ValidationError("--peer times one model.") }
  }

  func run() throws {
    if kernels { return try timeKernels() }
    let url = URL(fileURLWithPath: models[0])
    var benchmark = Benchmark()
    benchmark.batch = execution.batch ?? 1
    benchmark.threads = execution.threads
    benchmark.iterations = iterations
    benchmark.instructionSet = try instructionSet.set()
    benchmark.kernelSelection = try choice.selection(benchmark.instructionSet)
    benchmark.decoding = decoding.decoding
    let input = try input.map { try ModelRunner.readTensor(URL(fileURLWithPath: $0)) }
    if peer { return try Console.jsonLine(benchmark.peerReport(url, input: input)) }
    var subjects = [try benchmark.subject(url, input: input)]
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

  private func timeKernels() throws {
    var list = KernelBenchmark.kernels(named: models)
    if let set = try instructionSet.set() { list = list.filter { $0.instructionSet == set } }
    guard !list.isEmpty else {
      throw Failure(.usage, "no kernel that runs here is named so; 'deepchip doctor' lists instruction sets")
    }
    var bar = ProgressBar("Timing")
    let report = KernelBenchmark().measure(list) { bar.update($0) }
    if json { return try Console.json(report) }
    var table = Table([
      ("kernel", .left), ("shape", .left), ("non-zero", .right), ("time", .right), ("GMAC/s", .right),
      ("non-zeros G/s", .right), ("GB/s", .right), ("of peak", .right),
    ])
    for row in report.kernels {
      table.add([
        row.kernel, row.shape, row.density.map(\.percent) ?? "", (row.medianNanoseconds / 1000).microseconds,
        row.gigaMacsPerSecond.map { $0.digits(1) } ?? "", row.gigaNonzerosPerSecond.map { $0.digits(1) } ?? "",
        row.gigabytesPerSecond.digits(1), row.shareOfPeak.map(\.percent) ?? "",
      ])
    }
    Console.print(table.text)
    Console.print("")
    func text(_ peak: Double?) -> String { peak.map { $0.digits(1) } ?? "unknown" }
    Console.print(
      "peak of one thread: \(text(report.peaks.codeProducts)) GMAC/s of codes, \(text(report.peaks.valueProducts)) of "
        + "values, \(text(report.peaks.gigabytesPerSecond)) GB/s copied; \(report.processor)")
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
    showChoices(report.layers.map { ($0.name, $0.choice) })
    Console.print("")
    Console.print(
      "median \(report.medianMicroseconds.microseconds), p95 \(report.p95Microseconds.microseconds), "
        + "best \(report.minimumMicroseconds.microseconds) of \(report.iterations.grouped) runs; "
        + "batch \(report.batch), threads \(report.threads), \(report.instructionSet), \(Machine.processorName)")
    Console.print(
      "load \(report.loadMicroseconds.microseconds), activations \(report.arenaBytes.bytes), "
        + "weights and tables \(report.modelBytes.bytes), file \(report.fileBytes.bytes)")
  }
}

/// Prints the kernel of each layer that had a choice, with the runner-up and both estimates.
func showChoices(_ layers: [(name: String, choice: KernelChoiceReport?)]) {
  var table = Table([
    ("layer", .left), ("chosen", .left), ("predicted", .right), ("runner-up", .left), ("predicted", .right),
    ("fill", .right), ("", .left),
  ])
  var isEmpty = true
  for layer in layers {
    guard let choice = layer.choice else { continue }
    isEmpty = false
    let other = choice.runnerUpMicroseconds.map { (choice.runnerUpIsBound ? "≥ " : "") + $0.microseconds }
    table.add([
      String(layer.name.escapedForDisplay.prefix(32)), choice.method, choice.predictedMicroseconds.microseconds,
      choice.runnerUp ?? "", other ?? "", choice.fill.map(\.percent) ?? "", choice.note,
    ])
  }
  guard !isEmpty else { return }
  Console.print("")
  Console.print(table.text)
}
