import Foundation
import Graphs
import Networks
import Testing

@Suite struct NetworkGuideTests {
  static let guide: String? = {
    let package = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    return try? String(contentsOf: package.appendingPathComponent("Documentation/networks.md"), encoding: .utf8)
  }()

  private func grouped(_ count: Int) -> String {
    let digits = Array(String(count))
    return digits.indices.reduce("") { text, index in
      text + (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digits[index])
    }
  }

  @Test(
    "The guide names every kind, with the parameters and MACs of its example", arguments: NetworkKind.all.map(\.usage))
  func names(usage: String) throws {
    let kind = try #require(NetworkKind.all.first { $0.usage == usage })
    let row = try #require(Self.guide?.split(separator: "\n").first { $0.contains("`\(usage)`") })
    let examples = [
      "densenet-bc-L-K": "densenet-bc-100-12", "mobilenetv1[-W]": "mobilenetv1", "mobilenetv2[-W]": "mobilenetv2",
    ]
    // The second of two names in a row is described by the text.
    guard usage != "lenet5-bn" else { return }
    let counts = Counts(try Networks.named(examples[usage] ?? kind.example))
    #expect(row.contains(grouped(counts.weightedCount)))
    let hundredths = (counts.macCount + 5_000) / 10_000
    let forms = [
      grouped((counts.macCount + 500_000) / 1_000_000),
      "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)",
    ]
    #expect(forms.contains { row.contains("| \($0) M") || row.contains("; \($0) M") })
  }
}
