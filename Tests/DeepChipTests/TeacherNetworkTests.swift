import ModelFormat
import Tensors
import Testing

@testable import DeepChip

@Suite struct TeacherNetworkTests {
  @Test("Several teachers say the means of their logits; ones with other classes are refused by name")
  func together() throws {
    let folder = try TemporaryFolder()
    let teachers = try [(1, 5), (2, 5), (3, 5), (4, 6)].map { seed, classes in
      try teacher(folder, "teacher\(seed).onnx", seed: UInt64(seed), classes: classes)
    }
    let inputs = Tensor<Float>.random([3, 1, 8, 8], in: -1...1, seed: 9)
    let alone = try teachers.prefix(3).map { try $0.logits(inputs) }
    let found = try TeacherNetwork.logits(of: Array(teachers.prefix(3)), inputs)
    #expect(found.shape == [3, 5])
    for (index, value) in found.scalars.enumerated() {
      #expect(abs(value - alone.reduce(0) { $0 + $1.scalars[index] } / 3) < 1e-5)
    }
    #expect(try TeacherNetwork.logits(of: [teachers[1]], inputs) == alone[1])
    let failure = #expect(throws: Failure.self) { try TeacherNetwork.logits(of: teachers, inputs) }
    #expect(failure?.description.contains("teacher4.onnx: gives 3x6") == true, "\(String(describing: failure))")
  }

  /// Pixels times random weights.
  private func teacher(_ folder: TemporaryFolder, _ name: String, seed: UInt64, classes: Int) throws -> TeacherNetwork {
    let weights = Tensor<Float>.random([64, classes], in: -1...1, seed: seed).scalars
    let bytes = ONNXBytes.file(
      inputs: [("x", [0, 1, 8, 8])], initializers: [("w", [64, classes], weights)],
      nodes: [("Flatten", ["x"], ["f"], []), ("MatMul", ["f", "w"], ["y"], [])], outputs: ["y"])
    let file = try folder.file(name, bytes)
    return try TeacherNetwork(
      file.path, preprocessing: Preprocessing(scale: 1), inputShape: [1, 1, 8, 8], batchSize: 3, threads: 1)
  }
}
