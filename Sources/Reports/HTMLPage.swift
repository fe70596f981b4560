/// A page that needs nothing but itself: text, tables and pictures, in light or dark as the reader's system is.
///
///     var page = HTMLPage(title: "resnet20 on cifar10")
///     page.addPictures([lossChart.svg, accuracyChart.svg])
///     page.html
public struct HTMLPage: Sendable {
  public var title: String
  private var parts: [String] = []

  public init(title: String) { self.title = title }

  public mutating func addHeading(_ text: String) { parts.append("<h2>\(text.xmlEscaped)</h2>") }

  public mutating func addParagraph(_ text: String) { parts.append("<p>\(text.xmlEscaped)</p>") }

  /// Numbers to be seen first, each with what it is.
  public mutating func addFigures(_ figures: [(name: String, value: String)]) {
    let items = figures.map {
      "<div><strong>\($0.value.xmlEscaped)</strong><span>\($0.name.xmlEscaped)</span></div>"
    }
    parts.append("<section class=\"figures\">\(items.joined())</section>")
  }

  /// SVG elements, side by side where there is room.
  public mutating func addPictures(_ svgs: [String]) {
    parts.append(
      "<section class=\"pictures\">\n" + svgs.map { "<figure>\n\($0)\n</figure>" }.joined(separator: "\n")
        + "\n</section>")
  }

  /// - Parameters:
  ///   - headings: one a column.
  ///   - rows: as many texts each.
  ///   - summary: with one, the table is folded away behind it.
  public mutating func addTable(headings: [String], rows: [[String]], summary: String? = nil) {
    let head = headings.map { "<th>\($0.xmlEscaped)</th>" }.joined()
    let body = rows.map { "<tr>" + $0.map { "<td>\($0.xmlEscaped)</td>" }.joined() + "</tr>" }.joined(separator: "\n")
    let table = "<div class=\"wide\"><table>\n<thead><tr>\(head)</tr></thead>\n<tbody>\n\(body)\n</tbody></table></div>"
    parts.append(summary.map { "<details><summary>\($0.xmlEscaped)</summary>\n\(table)\n</details>" } ?? table)
  }

  /// The page, the same text for the same content.
  public var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <title>\(title.xmlEscaped)</title>
    <style>
    \(ChartColors.style)
    \(Self.style)
    </style>
    </head>
    <body>
    <main>
    <h1>\(title.xmlEscaped)</h1>
    \(parts.joined(separator: "\n"))
    </main>
    </body>
    </html>

    """
  }

  private static let style = """
    :root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--edge:#e3e6ec}
    @media(prefers-color-scheme:dark){:root{--page:#14171c;--card:#1d2128;--edge:#333945}}
    body{margin:0;background:var(--page);color:var(--chart-text);
    font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
    main{max-width:1360px;margin:0 auto;padding:24px 20px 48px}
    h1{font-size:24px;margin:0 0 4px;overflow-wrap:anywhere}h2{font-size:18px;margin:32px 0 12px}
    p{margin:0 0 16px;color:var(--chart-faint)}
    .figures{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}
    .figures div{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:10px 18px;min-width:110px}
    .figures strong{display:block;font-size:22px;font-weight:600}.figures span{color:var(--chart-faint);font-size:13px}
    .pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:16px}
    figure{margin:0;background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:12px}
    svg{display:block;width:100%;height:auto}
    .wide{overflow-x:auto}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
    th,td{text-align:right;padding:4px 14px 4px 0;border-bottom:1px solid var(--edge);white-space:nowrap}
    th:first-child,td:first-child{text-align:left}th{color:var(--chart-faint);font-weight:600}
    details{margin:16px 0}summary{cursor:pointer;color:var(--chart-faint)}
    """
}
