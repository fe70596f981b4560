import DeepChip
import Foundation
import Testing

/// The published malformed files through the command: a clean refusal, no more memory than is fair, nothing opened
/// outside the model's folder.
@Suite(.enabled(if: SharedData.has("conformance/malformed/manifest.tsv"))) struct MalformedFileTests {
  static let manifest = SharedData.table("conformance/malformed/manifest.tsv")
  static let folder = SharedData.url("conformance/malformed/cases")

  /// Memory of a process that does next to nothing.
  private static let baseline = Result { try deepchip("inspect", "--operators").peakByteCount }

  @Test("A malformed file: its exit code, one message that names it, fair memory", arguments: manifest)
  func malformed(row: [String]) throws {
    let file = Self.folder.appendingPathComponent(row[0])
    let size = try Data(contentsOf: file).count
    let scratch = try TemporaryFolder()
    for command in [["inspect"], ["run", "--backend", "reference", "-o", scratch["y.npy"].path]] {
      let run = try CommandRun([command[0], file.path] + command.dropFirst(), seconds: 60)
      #expect((0...6).contains(run.code), "\(command[0]) ended with \(run.code)")
      // Without inputs, 'run' cannot go on: a matter of usage.
      let isAccepted = run.code == (command[0] == "inspect" ? 0 : 2)
      switch row[2] {
      case "accept": #expect(isAccepted, "\(run.standardError)")
      case "reject", "never": #expect(run.code == 3 || run.code == 4, "\(run.code): \(run.standardError)")
      default: #expect(isAccepted || run.code == 3 || run.code == 4, "\(run.code): \(run.standardError)")
      }
      if run.code == 3 || run.code == 4 {
        #expect(run.standardOutput == "")
        #expect(run.standardError.hasPrefix("error: \(row[0])"), "\(run.standardError)")
        #expect(run.standardError.split(separator: "\n").count == 1 || row[1] == "inject")
      }
      let text = run.standardOutput + run.standardError
      #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
      let excess = try run.peakByteCount - Self.baseline.get()
      #expect(excess <= 64 << 20 + 3 * size, "\(excess) bytes above an idle process")
    }
  }

  @Test("Memory announced in a packed file or in TensorFlow Lite is not asked for before it is there")
  func hugePackedFile() throws {
    let scratch = try TemporaryFolder()
    for name in ["m.dchip", "m.tflite", "m.onnx"] {
      let file = try scratch.file(name, (0..<4096).map { UInt8(truncatingIfNeeded: 255 - $0 / 16) })
      let run = try CommandRun(["inspect", file.path], seconds: 60)
      #expect(run.code == 3)
      #expect(run.standardError.hasPrefix("error: \(name)"))
      #expect(try run.peakByteCount - Self.baseline.get() <= 64 << 20)
    }
  }

  private static let strace = URL(fileURLWithPath: "/usr/bin/strace")
  private static let canTrace: Bool = {
    guard FileManager.default.isExecutableFile(atPath: strace.path) else { return false }
    return (try? CommandRun(["-o", "/dev/null", "/bin/true"], program: strace).code) == 0
  }()

  @Test(
    "Nothing outside the model's folder is opened for external data", .enabled(if: canTrace),
    arguments: manifest.filter { $0[1] == "external" })
  func externalData(row: [String]) throws {
    let scratch = try TemporaryFolder()
    let log = scratch["log"]
    let file = Self.folder.appendingPathComponent(row[0]).path
    _ = try CommandRun(
      ["-f", "-e", "trace=%file", "-o", log.path, CommandRun.executable.path, "inspect", file], program: Self.strace)
    let calls = try String(contentsOf: log, encoding: .utf8)
    #expect(calls.contains(row[0]))
    #expect(!calls.contains("canary"))
  }
}
