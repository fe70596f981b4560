import Foundation
import Measurements
import Training

/// The files of one training run.
///
///     config.json        everything that it takes to repeat the run
///     metrics.jsonl      a line per epoch
///     checkpoint-1.bin   the state of the run, written in turns: while one is replaced,
///     checkpoint-2.bin   the other is whole
///     report.html        curves
///     trained.dchip      at the end, the network with real weights and its normalizations: to train on
///
/// Every file is replaced whole. The folder is locked while a run writes to it, and until the process ends.
public final class RunFolder {
  public let url: URL
  private var lock: Int32 = -1
  /// Which checkpoint is written next.
  private var nextSlot = 0

  /// Makes the folder unless it is there, and locks it.
  ///
  /// - Throws: `Failure`.
  init(_ url: URL) throws {
    self.url = url
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw Failure(.failed, "\(url.path.escapedForDisplay): cannot be made: \(error.localizedDescription)")
    }
    lock = open(url.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if lock >= 0, flock(lock, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      throw Failure(.failed, "\(url.path.escapedForDisplay): another process is writing this run. Wait, or stop it.")
    }
    removeLeftovers()
  }

  deinit { if lock >= 0 { close(lock) } }

  private func file(_ name: String) -> URL { url.appendingPathComponent(name) }

  private func write(_ bytes: [UInt8], _ name: String) throws {
    do { try AtomicFile.write(bytes, to: file(name).path) } catch { throw Failure(error) }
  }

  // MARK: Configuration

  /// Whether `url` holds a run.
  public static func holdsRun(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.appendingPathComponent("config.json").path)
  }

  /// The configuration of the run in `url`.
  ///
  /// - Throws: `Failure`, code 3.
  public static func configuration(_ url: URL) throws -> TrainingConfiguration {
    let name = url.appendingPathComponent("config.json").path.escapedForDisplay
    guard let data = try? Data(contentsOf: url.appendingPathComponent("config.json")) else {
      throw Failure(.badFile, "\(name): cannot be read. Give the folder of a run: one that 'train' made.")
    }
    do {
      return try JSONDecoder().decode(TrainingConfiguration.self, from: data)
    } catch {
      throw Failure(.badFile, "\(name): is not the configuration of a run: \(Self.reason(error)).")
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DecodingError else {
      let text = "\(error)"
      return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
    switch error {
    case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? "it is no JSON document" : "'\(path)' has another form"
    @unknown default: return "\(error)"
    }
  }

  func write(_ configuration: TrainingConfiguration) throws { try write(configuration.json, "config.json") }

  // MARK: Metrics

  func write(_ epochs: [EpochReport]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var bytes: [UInt8] = []
    for epoch in epochs { bytes += Array(try encoder.encode(epoch)) + [10] }
    try write(bytes, "metrics.jsonl")
  }

  /// The lines of the first `count` epochs; fewer if the file has been damaged.
  func epochs(first count: Int) -> [EpochReport] {
    guard let data = try? Data(contentsOf: file("metrics.jsonl")) else { return [] }
    let lines = data.split(separator: 10).compactMap { try? JSONDecoder().decode(EpochReport.self, from: Data($0)) }
    return lines.filter { $0.epoch <= count }
  }

  /// - Parameter trained: the real network at the end, as a packed file.
  func write(trained: [UInt8]) throws { try write(trained, Self.trainedName) }

  /// The real network of the run in `url`; there when the run is done.
  static func trained(_ url: URL) -> URL { url.appendingPathComponent(trainedName) }

  private static let trainedName = "trained.dchip"

  func write(report: String) throws { try write(Array(report.utf8), "report.html") }

  // MARK: Checkpoints

  private static let slots = ["checkpoint-1.bin", "checkpoint-2.bin"]

  /// Replaces the older of the two checkpoints.
  func write(_ checkpoint: RunCheckpoint) throws {
    try write(checkpoint.bytes, Self.slots[nextSlot])
    nextSlot = 1 - nextSlot
  }

  /// The newest whole checkpoint; nil if none was written yet.
  ///
  /// - Returns: it, and what is wrong with a newer one, as a sentence.
  /// - Throws: `Failure`, code 3, when there are files and none is whole.
  func newestCheckpoint(of configuration: UInt64) throws -> (checkpoint: RunCheckpoint, note: String?)? {
    guard let newest = try Self.newestCheckpoint(in: url, of: configuration) else { return nil }
    nextSlot = 1 - newest.slot
    return (newest.checkpoint, newest.note)
  }

  /// The newest whole checkpoint of the run in `url`, which is neither locked nor changed.
  ///
  /// - Returns: where it is, it, and what is wrong with a newer one; nil if none was written yet.
  /// - Throws: `Failure`, code 3, when there are files and none is whole.
  static func newestCheckpoint(
    in url: URL, of configuration: UInt64
  ) throws -> (slot: Int, checkpoint: RunCheckpoint, note: String?)? {
    var found: [(slot: Int, checkpoint: RunCheckpoint)] = []
    var defects: [String] = []
    for (slot, name) in slots.enumerated() {
      let file = url.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      guard let data = try? Data(contentsOf: file) else {
        defects.append("\(name) cannot be read")
        continue
      }
      do throws(TrainingError) {
        let checkpoint = try RunCheckpoint(bytes: Array(data))
        guard checkpoint.configuration == configuration else {
          defects.append("\(name) belongs to a run with another configuration")
          continue
        }
        found.append((slot, checkpoint))
      } catch {
        defects.append("\(name) is damaged")
      }
    }
    guard let newest = found.max(by: { $0.checkpoint.training.step < $1.checkpoint.training.step }) else {
      if defects.isEmpty { return nil }
      throw Failure(
        .badFile,
        "\(url.path.escapedForDisplay): no checkpoint can be used: \(defects.joined(separator: ", "))."
          + " Delete them to begin the run anew, or fetch the folder again.")
    }
    let step = newest.checkpoint.training.step
    let note = defects.first.map { "\($0); going on from step \(step) of \(slots[newest.slot])" }
    return (newest.slot, newest.checkpoint, note)
  }

  /// What a killed process was writing.
  private func removeLeftovers() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    for name in names where name.hasPrefix(".deepchip-") && name.hasSuffix(".tmp") {
      try? FileManager.default.removeItem(at: file(name))
    }
  }
}
