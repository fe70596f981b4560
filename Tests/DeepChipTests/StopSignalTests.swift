import DeepChip
import Foundation
import Testing

@Suite struct StopSignalTests {
  static let stopSignals: [(Int32, Int32)] = [(SIGINT, 130), (SIGTERM, 143)]

  @Test("A stopped command exits with 130 or 143 and leaves what was there", arguments: stopSignals)
  func stopped(signal: Int32, code: Int32) throws {
    let folder = try TemporaryFolder()
    let model = try folder.file("digits.onnx", Digits.onnx)
    let old = try folder.file("old.dchip", [1, 2, 3])
    // A second signal would end it at once: send one, when it is at work.
    var isSent = false
    let run = try CommandRun(
      ["bench", model.path, "--iterations", "2000000000"], seconds: 60
    ) { process in
      guard !isSent, Self.hasHandler(process, signal) else { return }
      isSent = true
      kill(process, signal)
    }
    #expect(run.code == code)
    #expect(run.standardOutput == "")
    #expect(try Data(contentsOf: old) == Data([1, 2, 3]))
    #expect(try folder.names == ["digits.onnx", "old.dchip"])
  }

  /// Whether the process has come so far as to take the signal.
  private static func hasHandler(_ process: pid_t, _ signal: Int32) -> Bool {
    #if os(Linux)
      guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
        let line = text.split(separator: "\n").first(where: { $0.hasPrefix("SigBlk:") }),
        let mask = UInt64(line.dropFirst(7).filter { !$0.isWhitespace }, radix: 16)
      else { return false }
      return mask >> UInt64(signal - 1) & 1 == 1
    #else
      usleep(500_000)
      return true
    #endif
  }

  @Test("Files that are being written when a signal comes are taken away", arguments: stopSignals)
  func temporaryFiles(signal: Int32, code: Int32) throws {
    let folder = try TemporaryFolder()
    let model = try folder.file("digits.onnx", Digits.onnx)
    var isSent = false
    // Whenever in the run the signal falls, only the whole file or none may be left.
    for delay in 0..<6 {
      isSent = false
      var rounds = 0
      let run = try CommandRun(
        ["quantize", model.path, "--data", "digits", "--scale", "1/16", "-o", folder["m.dchip"].path], seconds: 60
      ) { process in
        guard !isSent, Self.hasHandler(process, signal) else { return }
        rounds += 1
        guard rounds > delay * 8 else { return }
        isSent = true
        kill(process, signal)
      }
      #expect(run.code == code || run.code == 0)
      let names = try folder.names
      #expect(names == ["digits.onnx"] || names == ["digits.onnx", "m.dchip"])
      if names.count == 2 { _ = try Model(contentsOf: folder["m.dchip"]) }
    }
  }
}
