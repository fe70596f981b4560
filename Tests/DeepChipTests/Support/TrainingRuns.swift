import DeepChip
import Foundation
import Testing

/// Runs of `deepchip train` on the built-in digits, small enough to be repeated many times.
struct TrainingRuns {
  let folder: TemporaryFolder
  let network: URL
  /// Of one run to its end.
  let options: [String]

  init(epochs: Int = 3, options: [String] = []) throws {
    folder = try TemporaryFolder()
    network = try folder.file("digits.onnx", Digits.onnx)
    self.options = ["--data", "digits", "--scale", "1/16", "--epochs", "\(epochs)", "--seed", "7"] + options
  }

  /// The arguments that begin a run of this name.
  func beginning(_ name: String, _ more: String...) -> [String] {
    ["train", network.path, "-o", model(name).path, "--run", run(name).path] + options + more
  }

  func resuming(_ name: String, _ more: String...) -> [String] { ["train", "--resume", run(name).path] + more }

  func model(_ name: String) -> URL { folder["\(name).dchip"] }
  func run(_ name: String) -> URL { folder["\(name).run"] }
  func checkpoint(_ name: String, _ slot: Int) -> URL { run(name).appendingPathComponent("checkpoint-\(slot).bin") }

  /// When a checkpoint was last written; nil before the first.
  func newestCheckpointDate(_ name: String) -> Date? {
    [1, 2].compactMap {
      try? FileManager.default.attributesOfItem(atPath: checkpoint(name, $0).path)[.modificationDate] as? Date
    }.max()
  }

  /// What a run to its end leaves that is the same for every run: the model's bytes, and the newer checkpoint's without
  /// what tells of time.
  func result(_ name: String) throws -> [Data] {
    let checkpoints = [1, 2].compactMap { try? Data(contentsOf: checkpoint(name, $0)) }
    let training = checkpoints.map { Data($0.dropFirst(52).dropLast(8)) }
    // The step stands behind magic and seed.
    let newest = training.max { $0.dropFirst(16).prefix(8).littleEndian < $1.dropFirst(16).prefix(8).littleEndian }
    return [try Data(contentsOf: model(name)), try #require(newest), try metrics(name)]
  }

  /// The lines of metrics without the speed.
  func metrics(_ name: String) throws -> Data {
    let text = try String(contentsOf: run(name).appendingPathComponent("metrics.jsonl"), encoding: .utf8)
    return Data(text.replacing(/"imagesPerSecond":[0-9.e+]+,/, with: "").utf8)
  }
}

extension Data {
  fileprivate var littleEndian: UInt64 { reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
