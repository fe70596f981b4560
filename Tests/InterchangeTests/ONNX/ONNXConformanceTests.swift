import Foundation
import Graphs
import Interchange
import Reference
import Tensors
import Testing

/// The operator cases of ONNX, through import and the reference evaluator.
///
/// With `DEEPCHIP_CONFORMANCE_REPORT=PATH` each tier's refusals and differences are written to `PATH.tier1` and so on.
@Suite struct ONNXConformanceTests {
  /// What became of one case.
  enum Outcome: Equatable {
    case passed
    case refused(String)
    case wrong(String)
  }

  @Test(
    "Operator cases give the published results or a refusal, tier by tier",
    .enabled(if: SharedData.has("conformance/onnx/index.tsv")),
    arguments: [("1", 0.99), ("2", 0.98), ("3", 1)])
  func casesOfATier(tier: String, share: Double) throws {
    let cases = try SharedData.table("conformance/onnx/index.tsv").filter { $0[2] == tier }.map { $0[0] }
    var passed = 0
    var wrong: [String] = []
    var report = ""
    for name in cases {
      let outcome = Self.outcome(of: name)
      switch outcome {
      case .passed: passed += 1
      case .refused(let reason): report += "refused \(name): \(reason)\n"
      case .wrong(let difference):
        wrong.append(name)
        report += "wrong \(name): \(difference)\n"
      }
    }
    if let path = ProcessInfo.processInfo.environment["DEEPCHIP_CONFORMANCE_REPORT"] {
      let summary = "tier \(tier): \(passed) of \(cases.count) pass\n" + report
      try summary.write(toFile: path + ".tier\(tier)", atomically: true, encoding: .utf8)
    }
    #expect(wrong.isEmpty)
    #expect(Double(passed) >= share * Double(cases.count))
  }

  static func outcome(of name: String) -> Outcome {
    let folder = SharedData.folder.appending(path: "conformance/onnx/cases/\(name)")
    let model = folder.appending(path: "model.onnx")
    let evaluated: [AnyTensor]
    do {
      let names = try ONNXImporter.inputs(of: model).map { $0.name }
      let given = try tensors(folder, "input")
      var known: [String: AnyTensor] = [:]
      for (name, tensor) in zip(names, given) { known[name] = tensor }
      let graph = try ONNXImporter(knownInputs: known).graph(of: model)
      try graph.validate()
      evaluated = try GraphEvaluator(graph).outputs(graph.inputs.compactMap { known[graph[$0].name] })
    } catch {
      return .refused("\(error)")
    }
    do { return compare(evaluated, try tensors(folder, "output")) } catch { return .wrong("\(error)") }
  }

  private static func tensors(_ folder: URL, _ kind: String) throws -> [AnyTensor] {
    var tensors: [AnyTensor] = []
    while true {
      let url = folder.appending(path: "test_data_set_0/\(kind)_\(tensors.count).pb")
      guard FileManager.default.fileExists(atPath: url.path) else { return tensors }
      tensors.append(try TensorProtoFile.read(url).tensor)
    }
  }

  /// Floats may differ by 1e-7 and a thousandth of the expected value (ONNX's own backend runner); the rest is equal.
  private static func compare(_ found: [AnyTensor], _ expected: [AnyTensor]) -> Outcome {
    guard found.count == expected.count else { return .wrong("\(found.count) outputs, not \(expected.count)") }
    for (a, b) in zip(found, expected) {
      guard a.shape == b.shape, a.elementType == b.elementType else {
        return .wrong("\(a.elementType) \(a.shape), not \(b.elementType) \(b.shape)")
      }
      guard let got = a.asFloat32?.scalars, let want = b.asFloat32?.scalars else {
        if a != b { return .wrong("integers differ: \(a.doubles.prefix(8)) \(b.doubles.prefix(8))") }
        continue
      }
      for (index, pair) in zip(got, want).enumerated() {
        let (x, y) = pair
        let isClose = x == y || (x.isNaN && y.isNaN) || abs(x - y) <= 1e-7 + 1e-3 * abs(y)
        if !isClose { return .wrong("element \(index) is \(x), not \(y)") }
      }
    }
    return .passed
  }
}
