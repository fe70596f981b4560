import ArgumentParser
import DeepChip
import Foundation

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "What packing cost, layer by layer: noise against the float model, clipping, bytes, time.")

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("The float model it was packed from.", valueName: "model"), completion: .file())
  var reference: String

  @OptionGroup var data: DataOptions
  @OptionGroup var preprocessing: PreprocessingOptions

  @Option(help: "Part of the data set: train or test.")
  var split = Split.test

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let model = try Model.load(self.model.url, preprocessing)
    let float = try Model.load(URL(fileURLWithPath: reference), preprocessing)
    let dataset = try data.dataset(split)
    var explanation = Explanation(model: model, reference: float)
    explanation.preprocessing = preprocessing.preprocessing(for: float.url)
    let indices = Array(0..<min(data.limit ?? 128, dataset.count))
    var bar = ProgressBar("Comparing")
    let report = try explanation.report(dataset, indices: indices) { bar.update($0) }
    if json { return try Console.json(report) }
    show(report)
  }

  private func show(_ report: ExplanationReport) {
    var table = Table([
      ("layer", .left), ("operator", .left), ("signal/noise", .right), ("clipped", .right), ("bytes", .right),
      ("time", .right), ("kernel", .left),
    ])
    for layer in report.layers {
      table.add([
        String(layer.name.escapedForDisplay.prefix(32)), layer.operator, "\(layer.signalToNoiseDecibels.digits(1)) dB",
        layer.clippedFraction.percent, layer.byteCount == 0 ? "" : layer.byteCount.grouped,
        layer.medianMicroseconds == 0 ? "" : layer.medianMicroseconds.microseconds, layer.kernel,
      ])
    }
    Console.print(table.text)
    Console.print("")
    if let agreement = report.agreement {
      Console.print("same class on \(agreement.percent) of \(report.images) items")
    }
    for (place, name) in report.worst.enumerated() {
      guard let layer = report.layers.first(where: { $0.name == name }) else { continue }
      let ratio = layer.signalToNoiseDecibels.digits(1)
      Console.print("\(place + 1). \(name.escapedForDisplay), \(ratio) dB. \(layer.remedy ?? "")")
    }
  }
}
