import Foundation
import Measurements
import Reports
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct ChartTests {
  private static func line(_ values: [Double], logarithmic: Bool = false, seriesCount: Int = 1) -> LineChart {
    let points = values.enumerated().map { LineChart.Point(x: Double($0 + 1), y: $1) }
    return LineChart(
      title: "Loss & more", xLabel: "epoch", yLabel: "<nats>",
      series: (0..<seriesCount).map { .init("s\($0)", points) },
      isLogarithmic: logarithmic)
  }

  /// Every number that places something.
  private static func places(_ svg: String) -> [Double] {
    svg.matches(of: /(?:[xy][12]?|cx|cy|width|height)="(-?[0-9.]+)"/).compactMap { Double($0.1) }
      + svg.matches(of: /[ML](-?[0-9.]+) (-?[0-9.]+)/).flatMap { [Double($0.1), Double($0.2)].compactMap { $0 } }
  }

  @Test(
    "Whatever the values, a chart is a well-formed picture and draws inside it",
    arguments: [
      [], [1], [0, 0, 0], [1, 2, 4, 8], [-3, 5, -1], [.nan, 1, .infinity, 2], [1e-9, 1e9], [1e300, -1e300],
      [0.25, 0.25, 0.25 + 1e-12],
    ] as [[Double]], [false, true])
  func isWellFormed(values: [Double], logarithmic: Bool) throws {
    let chart = Self.line(values, logarithmic: logarithmic, seriesCount: values.count == 4 ? 45 : 2)
    let bars = BarChart(
      title: "a<b", yLabel: "'share'", bars: values.enumerated().map { .init("layer \($0)", $1) }, yStyle: .percent)
    for svg in [chart.svg, bars.svg] {
      let parser = XMLParser(data: Data(svg.utf8))
      #expect(parser.parse(), "\(svg)")
      #expect(!svg.contains("nan") && !svg.contains("inf"))
      let height = try #require(svg.firstMatch(of: /viewBox="0 0 640.00 ([0-9.]+)"/).flatMap { Double($0.1) })
      #expect(Self.places(svg).allSatisfy { $0 >= 0 && $0 <= max(640, height) })
    }
    #expect(chart.svg == chart.svg)
  }

  @Test("A curve goes through its points: the ends of both axes are the corners of the plot")
  func placesFollowTheAxes() {
    let svg = Self.line([0, 10, 5]).svg
    // The plot is 550 units wide from 70 and 250 high from 40; y grows downwards.
    #expect(svg.contains("M70.00 290.00L345.00 40.00L620.00 165.00"))
    let logarithmic = Self.line([1, 10, 100], logarithmic: true).svg
    #expect(logarithmic.contains("M70.00 290.00L345.00 165.00L620.00 40.00"))
  }

  @Test("Ticks are round numbers")
  func ticks() {
    let svg = Self.line([0, 10, 5]).svg
    let labels = svg.matches(of: /text-anchor="end"[^>]*>([^<]+)</).map { String($0.1) }
    #expect(labels == ["0", "2", "4", "6", "8", "10"])
    let epochs = svg.matches(of: /y="308.00" text-anchor="middle"[^>]*>([^<]+)</).map { String($0.1) }
    #expect(epochs == ["1", "2", "3"])
  }
}

@Suite struct TrainingPageTests {
  @Test("The page stands alone and holds the numbers of the last epoch")
  func page() {
    let epochs = (1...3).map { epoch in
      EpochReport(
        epoch: epoch, step: epoch * 10, trainingLoss: 1 / Double(epoch), trainingTop1: 0.5, learningRate: 0.1,
        imagesPerSecond: 1000 * Double(epoch),
        evaluation: Evaluation(images: 8, top1Count: 6, top1: 0.75, top5: 1, loss: 0.5),
        densities: [.init(layer: "conv<1>", value: 0.5)], scales: [.init(layer: "conv<1>", value: 0.01)])
    }
    let page = TrainingPage(title: "net & data", epochs: epochs, settings: [("epochs", "3")])
    #expect(page.html.contains("<title>net &amp; data</title>"))
    #expect(page.html.contains("<strong>75 %</strong><span>test top-1</span>"))
    for title in ["Loss", "Accuracy", "Learning rate", "Density of each layer&#39;s weights", "Scales of quantizers"] {
      #expect(page.html.contains("aria-label=\"\(title)\""))
    }
    // Nothing is fetched, and nothing tells when or how fast it ran.
    #expect(
      !page.html.contains("http") || !page.html.replacing("http://www.w3.org/2000/svg", with: "").contains("http"))
    var slower = epochs
    slower[2].imagesPerSecond = 1
    #expect(TrainingPage(title: page.title, epochs: slower, settings: page.settings).html == page.html)
  }
}
