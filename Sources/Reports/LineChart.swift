/// Curves over a common axis, as a picture.
///
///     LineChart(title: "Loss", xLabel: "epoch", yLabel: "nats", series: [
///       .init("training", [.init(x: 1, y: 2.1), .init(x: 2, y: 1.4)]),
///     ]).svg
///
/// The picture is an SVG element that stands in a page or alone, 640 units wide; colors follow the page's light or dark
/// scheme. Up to 8 series have colors of their own; more go from blue to red in their order, as layers do.
public struct LineChart: Sendable, Hashable {
  public struct Point: Sendable, Hashable {
    public var x: Double
    public var y: Double

    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  public struct Series: Sendable, Hashable {
    public var name: String
    /// In the order of x; points that are not finite are gaps.
    public var points: [Point]

    public init(_ name: String, _ points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var series: [Series]
  public var yStyle: NumberStyle
  /// Whether y is shown by powers of ten, where values allow.
  public var isLogarithmic: Bool
  /// Whether x counts something, such as epochs.
  public var countsX: Bool

  public init(
    title: String, xLabel: String, yLabel: String, series: [Series], yStyle: NumberStyle = .plain,
    isLogarithmic: Bool = false, countsX: Bool = true
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.yStyle = yStyle
    self.isLogarithmic = isLogarithmic
    self.countsX = countsX
  }

  /// The picture, the same text for the same chart.
  public var svg: String {
    let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let x = ChartAxis(points.map(\.x), tickCount: 8, isWhole: countsX)
    let y = ChartAxis(points.map(\.y), isLogarithmic: isLogarithmic)
    var frame = ChartFrame()
    frame.legend = series.enumerated().map { index, series in
      (series.name + lastValue(series), ChartColors.series(index, of: self.series.count))
    }
    let parts = [frame.verticalAxis(y, yStyle, label: yLabel), horizontalAxis(frame, x)]
    let curves = series.indices.map { curve(frame, x, y, $0) }
    return frame.svg(title: title, (parts + curves).joined(separator: "\n"))
  }

  /// Written behind the name of one of a few series.
  private func lastValue(_ series: Series) -> String {
    guard self.series.count <= 8, let last = series.points.last(where: { $0.y.isFinite }) else { return "" }
    return "  " + yStyle.text(last.y)
  }

  private func horizontalAxis(_ frame: ChartFrame, _ axis: ChartAxis) -> String {
    let bottom = frame.plotBottom
    let ticks = axis.ticks.map { tick in
      let x = frame.plotLeft + axis.fraction(tick) * (frame.plotRight - frame.plotLeft)
      return frame.line(x, bottom, x, bottom + 4, ChartColors.axis)
        + frame.text(x, bottom + 18, NumberStyle.plain.text(tick), anchor: "middle")
    }
    let label = frame.text((frame.plotLeft + frame.plotRight) / 2, bottom + 38, xLabel, anchor: "middle")
    return ([frame.line(frame.plotLeft, bottom, frame.plotRight, bottom, ChartColors.axis)] + ticks + [label])
      .joined(separator: "\n")
  }

  private func curve(_ frame: ChartFrame, _ x: ChartAxis, _ y: ChartAxis, _ index: Int) -> String {
    let color = ChartColors.series(index, of: series.count)
    var path = ""
    var isAfterGap = true
    var places: [(x: Double, y: Double)] = []
    for point in series[index].points {
      guard point.x.isFinite, point.y.isFinite else {
        isAfterGap = true
        continue
      }
      let place = (
        x: frame.plotLeft + x.fraction(point.x) * (frame.plotRight - frame.plotLeft),
        y: frame.plotBottom - y.fraction(point.y) * frame.plotHeight
      )
      path += (isAfterGap ? "M" : "L") + place.x.place + " " + place.y.place
      isAfterGap = false
      places.append(place)
    }
    guard let last = places.last else { return "" }
    let width = series.count > 8 ? "1.5" : "2"
    // The name appears when one points at the curve.
    return """
      <g><title>\(series[index].name.xmlEscaped)</title><path d="\(path)" fill="none" style="stroke:\(color)" \
      stroke-width="\(width)" stroke-linejoin="round" stroke-linecap="round"/>\
      <circle cx="\(last.x.place)" cy="\(last.y.place)" r="3" style="fill:\(color)"/></g>
      """
  }
}
