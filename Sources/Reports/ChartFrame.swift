/// What charts have in common: a picture with a title, a plot with a grid, axis labels, and a legend below.
struct ChartFrame {
  static let width = 640.0
  private static let left = 70.0
  private static let right = 20.0
  private static let top = 40.0
  private static let legendRow = 18.0

  var plotHeight = 250.0
  var legend: [(name: String, color: String)] = []

  var plotLeft: Double { Self.left }
  var plotRight: Double { Self.width - Self.right }
  var plotTop: Double { Self.top }
  var plotBottom: Double { Self.top + plotHeight }
  /// Room for tick and axis labels.
  var bottomMargin = 48.0

  private var legendColumns: Int { legend.count <= 3 ? max(legend.count, 1) : legend.count <= 8 ? 3 : 4 }
  private var legendRows: Int { (legend.count + legendColumns - 1) / legendColumns }
  var height: Double { plotBottom + bottomMargin + Double(legendRows) * Self.legendRow + (legend.isEmpty ? 0 : 8) }

  /// The whole picture around `content`.
  func svg(title: String, _ content: String) -> String {
    let size = "\(Self.width.place) \(height.place)"
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" role="img" aria-label="\(title.xmlEscaped)" \
      font-family="system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif" font-size="12">
      \(text(Self.width / 2, 20, title, anchor: "middle", color: ChartColors.text, attributes: #" font-size="15" font-weight="600""#))
      \(content)
      \(legendItems)
      </svg>
      """
  }

  func text(
    _ x: Double, _ y: Double, _ content: String, anchor: String = "start", color: String = ChartColors.faint,
    attributes: String = ""
  ) -> String {
    """
    <text x="\(x.place)" y="\(y.place)" text-anchor="\(anchor)" style="fill:\(color)"\(attributes)>\
    \(content.xmlEscaped)</text>
    """
  }

  func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String) -> String {
    """
    <line x1="\(x1.place)" y1="\(y1.place)" x2="\(x2.place)" y2="\(y2.place)" style="stroke:\(color)"/>
    """
  }

  /// Lines across the plot with their numbers, and the label beside them.
  func verticalAxis(_ axis: ChartAxis, _ style: NumberStyle, label: String) -> String {
    let middle = (plotTop + plotBottom) / 2
    let rotation = " transform=\"rotate(-90 16 \(middle.place))\""
    let ticks = axis.ticks.map { tick in
      let y = plotBottom - axis.fraction(tick) * plotHeight
      return line(plotLeft, y, plotRight, y, ChartColors.grid)
        + text(plotLeft - 8, y + 4, style.text(tick), anchor: "end")
    }
    return (ticks + [text(16, middle, label, anchor: "middle", attributes: rotation)]).joined(separator: "\n")
  }

  private var legendItems: String {
    let width = (plotRight - plotLeft + 40) / Double(legendColumns)
    let capacity = Int(width / 6.6) - 3
    return legend.enumerated().map { index, item in
      let x = plotLeft - 40 + Double(index % legendColumns) * width
      let y = plotBottom + bottomMargin + 12 + Double(index / legendColumns) * Self.legendRow
      return """
        <rect x="\(x.place)" y="\((y - 6).place)" width="14" height="4" rx="2" style="fill:\(item.color)"/>
        """ + text(x + 20, y, item.name.shortened(to: capacity), color: ChartColors.text)
    }.joined(separator: "\n")
  }
}
