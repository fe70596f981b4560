import DeepChip
import Foundation
import Testing

/// The trained networks of the folder `Models`: each is right as often on its test set as its `result.json` says, to the
/// picture.
@Suite(.enabled(if: SharedData.has("data/README.md"))) struct CommittedModelTests {
  struct Result: Codable, Sendable {
    /// `cifar10` or `mnist`.
    var data: String
    var images: Int
    var top1Count: Int
  }

  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Models")

  static let names: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter {
      FileManager.default.fileExists(atPath: folder.appendingPathComponent($0 + "/model.dchip").path)
    }
    .sorted()
  }()

  private func data(_ name: String) throws -> Dataset {
    switch name {
    case "mnist": try .mnist(SharedData.data("mnist"), split: .test)
    default: try .cifar10(SharedData.data("cifar-10-batches-bin"), split: .test)
    }
  }

  @Test("A committed model has the accuracy that was measured when it was trained", arguments: names)
  func accuracy(name: String) throws {
    let folder = Self.folder.appendingPathComponent(name)
    let result = try JSONDecoder().decode(
      Result.self, from: Data(contentsOf: folder.appendingPathComponent("result.json")))
    let model = try Model(contentsOf: folder.appendingPathComponent("model.dchip"))
    let outcome = try Evaluator(model).evaluate(data(result.data), indices: Array(0..<result.images))
    #expect(outcome.evaluation.top1Count == result.top1Count)
    #expect(model.fileByteCount < 600_000)
  }
}
