import DeepChip
import Foundation

/// What people see: results on standard output, everything else on standard error.
enum Console {
  /// True when progress should be drawn.
  static let showsProgress = isatty(STDERR_FILENO) == 1
  /// True when standard output takes colors.
  static let hasColors = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  static func error(_ text: String, isComplete: Bool = false) {
    write((isComplete ? "" : "error: ") + text + "\n", to: STDERR_FILENO)
  }

  static func bold(_ text: String) -> String { hasColors ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

  /// One document on standard output.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// One document in one line.
  static func jsonLine(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Removes a half-drawn progress bar.
  static func finishProgress() { if showsProgress { write("\r\u{1B}[K", to: STDERR_FILENO) } }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }
}

/// A bar with the time left, on a terminal only.
struct ProgressBar {
  private let title: String
  private let start = Clock.nanoseconds()
  private var lastDrawn: UInt64 = 0
  /// What was done before, 0...1.
  private let beginning: Double

  /// - Parameter beginning: the fraction that was done before, by a run that is resumed.
  init(_ title: String, from beginning: Double = 0) {
    self.title = title
    self.beginning = beginning
  }

  /// - Parameters:
  ///   - fraction: 0...1.
  ///   - note: shown after the bar.
  mutating func update(_ fraction: Double, note: String = "") {
    guard Console.showsProgress else { return }
    let now = Clock.nanoseconds()
    guard now - lastDrawn > 50_000_000 || fraction >= 1 else { return }
    lastDrawn = now
    if fraction >= 1 {
      Console.finishProgress()
      return
    }
    let width = 30
    let filled = Int((fraction * Double(width)).rounded(.down))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let elapsed = Double(now - start) / 1e9
    let done = fraction - beginning
    let left = elapsed > 1 && done > 0 ? "  " + Self.text(seconds: elapsed / done * (1 - fraction)) + " left" : ""
    let line = "\r\(title) \(bar) \(Int(fraction * 100)) %\(note.isEmpty ? "" : "  " + note)\(left)\u{1B}[K"
    FileHandle.standardError.write(Data(line.utf8))
  }

  /// `40 s`, `12 min`, `3.4 h`.
  private static func text(seconds: Double) -> String {
    if seconds < 100 { return String(format: "%.0f s", seconds) }
    if seconds < 6000 { return String(format: "%.0f min", seconds / 60) }
    return String(format: "%.1f h", seconds / 3600)
  }
}
