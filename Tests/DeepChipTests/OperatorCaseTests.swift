import DeepChip
import Foundation
import Testing

/// The operator cases of ONNX the way a user runs them: imported, simplified, packed, and through the kernels.
@Suite(.enabled(if: SharedData.has("conformance/onnx/index.tsv"))) struct OperatorCaseTests {
  enum Outcome: Equatable {
    case passed
    case refused(String)
    case wrong(String)
  }

  @Test(
    "Kernels give the published results, or there is a refusal",
    arguments: [("1", 0.98), ("2", 0.85), ("3", 0.85)])
  func casesOfATier(tier: String, share: Double) throws {
    let names = SharedData.table("conformance/onnx/index.tsv").filter { $0[2] == tier }.map { $0[0] }
    var passed = 0
    var refusals: [String] = []
    for name in names {
      switch Self.outcome(of: name) {
      case .passed: passed += 1
      case .refused(let reason): refusals.append("\(name): \(reason)")
      case .wrong(let difference): Issue.record("\(name): \(difference)")
      }
    }
    let report = "\(passed) of \(names.count):\n" + refusals.joined(separator: "\n")
    #expect(Double(passed) >= share * Double(names.count), Comment(rawValue: report))
  }

  static func outcome(of name: String) -> Outcome {
    let folder = SharedData.url("conformance/onnx/cases/\(name)")
    let file = folder.appendingPathComponent("model.onnx")
    let found: [AnyTensor]
    do {
      let data = folder.appendingPathComponent("test_data_set_0").path
      let files = try FileManager.default.contentsOfDirectory(atPath: data).filter { $0.hasPrefix("input_") }
      found = try ModelRunner(url: file).run(files.indices.map { "\(data)/input_\($0).pb" })
    } catch {
      return .refused("\(error)")
    }
    do {
      let expected = try found.indices.map {
        try TensorProtoFile.read(folder.appendingPathComponent("test_data_set_0/output_\($0).pb")).tensor
      }
      let next = folder.appendingPathComponent("test_data_set_0/output_\(found.count).pb")
      guard !FileManager.default.fileExists(atPath: next.path) else { return .wrong("outputs are missing") }
      return zip(found, expected).lazy.compactMap(difference).first.map { .wrong($0) } ?? .passed
    } catch { return .wrong("\(error)") }
  }

  /// Floats may differ by 1e-7 and a thousandth of the expected value (ONNX's own backend runner); the rest is equal.
  private static func difference(_ found: AnyTensor, _ expected: AnyTensor) -> String? {
    guard found.shape == expected.shape, found.elementType == expected.elementType else {
      return "\(found.elementType) \(found.shape), not \(expected.elementType) \(expected.shape)"
    }
    guard let got = found.asFloat32?.scalars, let want = expected.asFloat32?.scalars else {
      return found == expected ? nil : "integers differ: \(found.doubles.prefix(8)), not \(expected.doubles.prefix(8))"
    }
    for (index, (x, y)) in zip(got, want).enumerated() {
      let isClose = x == y || (x.isNaN && y.isNaN) || abs(x - y) <= 1e-7 + 1e-3 * abs(y)
      if !isClose { return "element \(index) is \(x), not \(y)" }
    }
    return nil
  }
}
