import Datasets
import Foundation
import ModelFormat

/// The whole story on built-in data: a small network for the digits is trained in float, trained on with ternary weights,
/// zeros and 8-bit activations, packed, evaluated and timed.
public struct Demonstration {
  /// What the table shows of one model.
  public struct Row: Codable, Sendable {
    public var model: String
    public var top1: Double
    public var byteCount: Int
    public var medianMicroseconds: Double
  }

  public var rows: [Row] = []
  /// Where the packed file lies.
  public var packedFile: URL { folder.appendingPathComponent("digits.dchip") }
  /// Curves of the second training.
  public var reportFile: URL { folder.appendingPathComponent("digits.run/report.html") }

  private let folder: URL
  private var floatFile: URL { folder.appendingPathComponent("digits-float.dchip") }

  /// Runs it, writing into `folder`.
  ///
  /// - Parameters:
  ///   - folder: exists; gets two packed files and the folders of two runs, and loses those of an earlier demonstration.
  ///   - step: told what is being done.
  /// - Throws: `Failure`.
  public init(in folder: URL, step: (String) -> Void = { _ in }) throws {
    self.folder = folder
    do {
      step("training a float network on 1,437 digits")
      let float = try train("digits", to: floatFile)
      step("training it on with ternary weights, three quarters of them zero, and 8-bit activations")
      let start = folder.appendingPathComponent("digits-float.run/trained.dchip")
      let integer = try train("digits-ternary", from: start, to: packedFile)
      step("timing both in turns")
      let benchmark = Benchmark()
      let reports = try benchmark.measure([benchmark.subject(floatFile), benchmark.subject(packedFile)])
      let names = ["float32, digits-float.dchip", "ternary, digits.dchip"]
      for (index, top1) in [float, integer].enumerated() {
        rows.append(
          Row(
            model: names[index], top1: top1, byteCount: reports[index].fileBytes,
            medianMicroseconds: reports[index].medianMicroseconds))
      }
    } catch { throw Failure(error) }
  }

  /// Trains by a built-in recipe, packs, and reads the file again.
  ///
  /// - Parameter start: the network to train on, which is the teacher too; nil for fresh weights.
  /// - Returns: the share of test digits that the file gets right.
  private func train(_ recipe: String, from start: URL? = nil, to output: URL) throws -> Double {
    var recipe = try TrainingRecipe.named(recipe)
    if let start { recipe.distillation = .init(teachers: [start.path]) }
    let configuration = TrainingConfiguration(
      network: start?.path ?? recipe.network.name, data: "digits", output: output.path, recipe: recipe)
    let place = output.deletingPathExtension().appendingPathExtension("run")
    try? FileManager.default.removeItem(at: place)
    let threads = min(2, ProcessInfo.processInfo.activeProcessorCount)
    let run = try TrainingRun(configuration, in: place, threads: threads)
    _ = try run.train()
    try AtomicFile.write(run.packed().serialized(), to: output.path)
    return try run.verified(Model(contentsOf: output)).evaluation.top1 ?? 0
  }
}
