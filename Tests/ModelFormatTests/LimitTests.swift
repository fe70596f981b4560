import Coding
import Graphs
import ModelFormat
import Tensors
import Testing

/// What cannot be written.
@Suite struct LimitTests {
  private func written(_ model: PackedModel) -> String? {
    #expect(throws: ModelFormatError.self) { try model.serialized() }?.description
  }

  private func dense(_ result: SumResult, _ codes: [Int8], _ encoding: Encoding) throws -> PackedModel {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.uint8, [.batch(1), 1]))
    let coded = CodedTensor(codes: Tensor(shape: [codes.count, 1], scalars: codes), encoding: encoding)
    let weights = graph.addConstant("w", .coded(coded))
    graph.outputs = [try graph.append(.integer(.dense(result)), [x, weights], name: "dense")]
    return PackedModel(graph: graph)
  }

  @Test("Codes outside their encoding are not written")
  func foreignCodesAreNotWritten() throws {
    let ternary = TernaryEncoding(positiveLevel: 1, negativeLevel: 1, scales: [1], axis: nil)
    let model = try dense(.real(scales: [1], offsets: [0]), [1, 2], .ternary(ternary))
    #expect(written(model) == "cannot be packed: data section: 'w', code 1: a code lies outside its alphabet.")
  }

  @Test("A scale that is not finite is not written")
  func infiniteScalesAreNotWritten() throws {
    let encoding = Encoding.affine(AffineEncoding(scale: .infinity, isSigned: true))
    let model = try dense(.real(scales: [1], offsets: [0]), [1, -1], encoding)
    #expect(written(model) == "cannot be packed: graph section: a scale is not finite.")
  }

  @Test("A graph that is not well-formed is not written")
  func brokenGraphsAreNotWritten() throws {
    var model = try DocumentTests.exampleModel()
    model.graph.outputs = [ValueID(99)]
    #expect(
      written(model) == "cannot be packed: graph section: operand refers to value 99, which does not exist.")
  }

  @Test("Ranks above 8 and extents of 2^31 are not written", arguments: [[Int](repeating: 1, count: 9), [1 << 31]])
  func largeTypesAreNotWritten(dimensions: [Int]) {
    var graph = Graph()
    graph.outputs = [graph.addInput("x", TensorType(.uint8, dimensions.map(Dimension.fixed)))]
    #expect(written(PackedModel(graph: graph)) != nil)
  }
}
