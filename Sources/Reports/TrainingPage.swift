import Measurements

/// The page of a training run: how it went, epoch by epoch, and what it was made of.
public struct TrainingPage: Sendable {
  public var title: String
  public var epochs: [EpochReport]
  /// What decides the run, by name.
  public var settings: [(name: String, value: String)]

  public init(title: String, epochs: [EpochReport], settings: [(name: String, value: String)]) {
    self.title = title
    self.epochs = epochs
    self.settings = settings
  }

  /// The page, without times and dates: the same for the same run.
  public var html: String {
    var page = HTMLPage(title: title)
    page.addFigures(figures)
    page.addPictures(pictures)
    page.addHeading("Epochs")
    page.addTable(headings: ["epoch"] + columns.map(\.name), rows: rows, summary: "\(epochs.count) epochs")
    page.addHeading("Settings")
    page.addTable(headings: ["setting", "value"], rows: settings.map { [$0.name, $0.value] })
    return page.html
  }

  private var figures: [(name: String, value: String)] {
    guard let last = epochs.last else { return [] }
    let percent = NumberStyle.percent
    var figures: [(name: String, value: String)] = []
    if let top1 = last.evaluation.top1 { figures.append(("test top-1", percent.text(top1))) }
    if let loss = last.evaluation.loss { figures.append(("test loss", NumberStyle.plain.text(loss))) }
    figures.append(("training loss", NumberStyle.plain.text(last.trainingLoss)))
    figures.append(("epochs", "\(last.epoch)"))
    figures.append(("steps", "\(last.step)"))
    return figures
  }

  // MARK: Curves

  private var pictures: [String] {
    var charts = [
      chart("Loss", "nats", ["training": { $0.trainingLoss }, "test": { $0.evaluation.loss }]),
      chart("Accuracy", "top-1", ["training": { $0.trainingTop1 }, "test": { $0.evaluation.top1 }], .percent),
      chart("Learning rate", "rate", ["at the end": { $0.learningRate }]),
    ]
    if let layers = epochs.last?.densities, layers.contains(where: { $0.value < 1 }) {
      charts.append(chart("Density of each layer's weights", "non-zero", \.densities, .percent))
    }
    if epochs.contains(where: { !$0.scales.isEmpty }) {
      charts.append(chart("Scales of quantizers", "scale", \.scales, isLogarithmic: true))
    }
    var pictures = charts.map(\.svg)
    if let layers = epochs.last?.densities, layers.contains(where: { $0.value < 1 }) {
      let names = Self.withoutCommonEnd(layers.map(\.layer))
      let bars = zip(names, layers).map { BarChart.Bar($0, $1.value) }
      pictures.append(BarChart(title: "Density at the end", yLabel: "non-zero", bars: bars, yStyle: .percent).svg)
    }
    return pictures
  }

  private func chart(
    _ title: String, _ yLabel: String, _ curves: KeyValuePairs<String, (EpochReport) -> Double?>,
    _ style: NumberStyle = .plain
  ) -> LineChart {
    let series = curves.map { name, value in
      LineChart.Series(
        name, epochs.compactMap { epoch in value(epoch).map { LineChart.Point(x: Double(epoch.epoch), y: $0) } })
    }
    return LineChart(
      title: title, xLabel: "epoch", yLabel: yLabel, series: series.filter { !$0.points.isEmpty }, yStyle: style)
  }

  /// A curve for each layer.
  private func chart(
    _ title: String, _ yLabel: String, _ values: (EpochReport) -> [EpochReport.LayerValue],
    _ style: NumberStyle = .plain, isLogarithmic: Bool = false
  ) -> LineChart {
    var names: [String] = []
    var points: [String: [LineChart.Point]] = [:]
    for epoch in epochs {
      for value in values(epoch) {
        if points[value.layer] == nil { names.append(value.layer) }
        points[value.layer, default: []].append(.init(x: Double(epoch.epoch), y: value.value))
      }
    }
    return LineChart(
      title: title, xLabel: "epoch", yLabel: yLabel,
      series: zip(Self.withoutCommonEnd(names), names).map { .init($0, points[$1] ?? []) }, yStyle: style,
      isLogarithmic: isLogarithmic)
  }

  /// Names without the `.weight` that all of them end in.
  private static func withoutCommonEnd(_ names: [String]) -> [String] {
    guard let dot = names.first?.lastIndex(of: "."), let first = names.first else { return names }
    let end = first[dot...]
    guard names.allSatisfy({ $0.hasSuffix(end) && $0.count > end.count }) else { return names }
    return names.map { String($0.dropLast(end.count)) }
  }

  // MARK: Numbers

  private var columns: [(name: String, text: (EpochReport) -> String)] {
    let (plain, percent) = (NumberStyle.plain, NumberStyle.percent)
    return [
      ("step", { "\($0.step)" }), ("training loss", { plain.text($0.trainingLoss) }),
      ("training top-1", { percent.text($0.trainingTop1) }),
      ("test loss", { $0.evaluation.loss.map(plain.text) ?? "" }),
      ("test top-1", { $0.evaluation.top1.map(percent.text) ?? "" }),
      ("learning rate", { plain.text($0.learningRate) }),
    ]
  }

  private var rows: [[String]] { epochs.map { epoch in ["\(epoch.epoch)"] + columns.map { $0.text(epoch) } } }
}
