import Foundation
import Graphs
import Interchange
import Reference
import Tensors
import Testing

@Suite struct TFLiteOperatorTests {
  @Test("An operator means what it means in the file's order of axes", arguments: OperatorCase.all, [false, true])
  func means(operatorCase: OperatorCase, isMoved: Bool) throws {
    let graph = try TFLiteImporter().graph(file(operatorCase, isMoved: isMoved), file: "a.tflite")
    try graph.validate()
    let hasBatch = graph[graph.inputs[0]].type.dimensions.contains { $0.fixedExtent == nil }
    #expect(hasBatch == !operatorCase.isForOneItem)
    for items in hasBatch ? [1, 3] : [1] {
      let x = Grid.random([items] + operatorCase.input.dropFirst(), seed: 17)
      let outputs = try GraphEvaluator(graph).outputs([.float32(Tensor(shape: Shape(x.shape), scalars: x.values))])
      let expected = operatorCase.expected(x)
      #expect(outputs.map(\.shape.dimensions) == expected.map(\.shape))
      for (output, grid) in zip(outputs, expected) {
        for (value, due) in zip(output.doubles, grid.values) {
          // Sums of some dozen products, in another order.
          #expect(abs(value - Double(due)) <= 2e-5 * max(1, abs(Double(due))))
        }
      }
    }
  }

  /// The operator alone, or behind a pooling of single pixels, which leaves channels second.
  private func file(_ operatorCase: OperatorCase, isMoved: Bool) -> Data {
    var builder = TFLiteBuilder()
    let input = builder.tensor(operatorCase.input)
    var x = input
    if isMoved && operatorCase.input.count == 4 {
      x = builder.tensor(operatorCase.input)
      builder.append(
        17, [input], [x], optionsType: 5, options: [1: .int32(1), 2: .int32(1), 3: .int32(1), 4: .int32(1)])
    }
    let outputs = operatorCase.build(&builder, x)
    return builder.data(inputs: [input], outputs: outputs)
  }
}
