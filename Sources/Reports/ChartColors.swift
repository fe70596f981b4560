import Foundation

/// Colors of charts, as CSS: variables that a page sets for light and dark, with the light color as a fallback.
enum ChartColors {
  static let text = "var(--chart-text,#1f2430)"
  static let faint = "var(--chart-faint,#5c6475)"
  static let grid = "var(--chart-grid,#e3e6ec)"
  static let axis = "var(--chart-axis,#8a92a3)"

  /// Told apart by people with color blindness too.
  static let light = ["#0b62b8", "#d4570a", "#0f8a5f", "#a83a86", "#8a6d00", "#5b51c9", "#b3262e", "#3c7d8c"]
  static let dark = ["#62aef7", "#ff9a57", "#4fd1a1", "#e58bc8", "#e0c24a", "#a9a1ff", "#ff8086", "#7fc6d6"]

  /// The color of series `index` of `count`: one of eight, or for more of them a place between blue and red.
  static func series(_ index: Int, of count: Int) -> String {
    guard count > light.count else { return "var(--chart-\(index),\(light[index % light.count]))" }
    // Lightness in the middle stands out from white and from black.
    let hue = 230 - 260 * Double(index) / Double(max(count - 1, 1))
    return "hsl(\(Int(hue < 0 ? hue + 360 : hue)),65%,52%)"
  }

  /// The variables for pages.
  static var style: String {
    func variables(_ colors: [String], _ text: String, _ faint: String, _ grid: String, _ axis: String) -> String {
      colors.enumerated().map { "--chart-\($0):\($1);" }.joined()
        + "--chart-text:\(text);--chart-faint:\(faint);--chart-grid:\(grid);--chart-axis:\(axis);"
    }
    return """
      :root{\(variables(light, "#1f2430", "#5c6475", "#e3e6ec", "#8a92a3"))}
      @media(prefers-color-scheme:dark){:root{\(variables(dark, "#e8eaf0", "#a4acbb", "#333945", "#6f7889"))}}
      """
  }
}
