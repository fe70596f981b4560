/// A number for each of some things, such as layers, as a picture.
///
///     BarChart(title: "Density", yLabel: "non-zero", bars: [.init("conv1", 0.4), .init("conv2", 0.1)],
///       yStyle: .percent).svg
///
/// Like `LineChart`, an SVG element 640 units wide. Bars begin at 0.
public struct BarChart: Sendable, Hashable {
  public struct Bar: Sendable, Hashable {
    public var name: String
    public var value: Double

    public init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }
  }

  public var title: String
  public var yLabel: String
  public var bars: [Bar]
  public var yStyle: NumberStyle

  public init(title: String, yLabel: String, bars: [Bar], yStyle: NumberStyle = .plain) {
    self.title = title
    self.yLabel = yLabel
    self.bars = bars
    self.yStyle = yStyle
  }

  /// The picture, the same text for the same chart.
  public var svg: String {
    let y = ChartAxis(bars.map(\.value) + [0])
    var frame = ChartFrame()
    // Names stand slanted below the bars.
    frame.bottomMargin = 110
    let pitch = (frame.plotRight - frame.plotLeft) / Double(max(bars.count, 1))
    let zero = frame.plotBottom - y.fraction(0) * frame.plotHeight
    // A name needs 14 units; of narrower bars only some are named.
    let stride = max(1, Int((14 / pitch).rounded(.up)))
    var parts = [frame.verticalAxis(y, yStyle, label: yLabel)]
    for (index, bar) in bars.enumerated() {
      let middle = frame.plotLeft + (Double(index) + 0.5) * pitch
      let width = min(pitch * 0.72, 46)
      parts.append(self.bar(frame, bar, y, zero, middle - width / 2, width))
      if bars.count <= 12, bar.value.isFinite {
        let top = frame.plotBottom - y.fraction(max(bar.value, 0)) * frame.plotHeight
        parts.append(frame.text(middle, top - 5, yStyle.text(bar.value), anchor: "middle", color: ChartColors.text))
      }
      if index % stride == 0 {
        let place = (x: middle + 4, y: frame.plotBottom + 14)
        let rotation = " transform=\"rotate(-40 \(place.x.place) \(place.y.place))\""
        parts.append(
          frame.text(
            place.x, place.y, bar.name.shortened(to: min(20, Int(place.x / 5))), anchor: "end", attributes: rotation))
      }
    }
    parts.append(frame.line(frame.plotLeft, zero, frame.plotRight, zero, ChartColors.axis))
    return frame.svg(title: title, parts.joined(separator: "\n"))
  }

  private func bar(
    _ frame: ChartFrame, _ bar: Bar, _ axis: ChartAxis, _ zero: Double, _ x: Double, _ width: Double
  ) -> String {
    guard bar.value.isFinite else { return "" }
    let end = frame.plotBottom - axis.fraction(bar.value) * frame.plotHeight
    return """
      <g><title>\((bar.name + ": " + yStyle.text(bar.value)).xmlEscaped)</title><rect x="\(x.place)" \
      y="\(min(end, zero).place)" width="\(width.place)" height="\(abs(end - zero).place)" \
      style="fill:\(ChartColors.series(0, of: 1))"/></g>
      """
  }
}
