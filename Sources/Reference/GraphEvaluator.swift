import Graphs
import Tensors

/// Runs a whole graph by the definitions of its operators.
///
///     let logits = try GraphEvaluator(graph).outputs([.float32(image)])[0]
///
/// Slow: about a tenth of a second for 40 million multiplications. Values are freed after their last use.
public struct GraphEvaluator: Sendable {
  public let graph: Graph

  /// Whether values with an affine encoding are rounded to what their codes stand for, as a quantized network
  /// would see them.
  public var roundsToEncodings: Bool

  /// The index of the last node that reads each value; `Int.max` for outputs.
  private let lastUse: [Int]

  /// - Precondition: the graph is well-formed; `Graph.validate` has checked one from a file.
  public init(_ graph: Graph, roundsToEncodings: Bool = false) {
    self.graph = graph
    self.roundsToEncodings = roundsToEncodings
    var lastUse = [Int](repeating: -1, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for case let id? in node.inputs { lastUse[id.index] = index }
    }
    for id in graph.outputs { lastUse[id.index] = .max }
    self.lastUse = lastUse
  }

  /// The graph's outputs, in order.
  ///
  /// - Parameters:
  ///   - inputs: one tensor per input, in the graph's order; the batch size is taken from them.
  ///   - observer: sees every input and every computed value once, in the order of computation.
  /// - Throws: `ReferenceError`, naming the input that does not fit or the node that failed.
  public func outputs(
    _ inputs: [AnyTensor], observer: ((ValueID, AnyTensor) -> Void)? = nil
  ) throws(ReferenceError) -> [AnyTensor] {
    let batch = try self.batch(of: inputs)
    var values = [AnyTensor?](repeating: nil, count: graph.values.count)
    func define(_ id: ValueID, _ tensor: AnyTensor) {
      let value = roundsToEncodings ? rounded(tensor, id) : tensor
      observer?(id, value)
      if lastUse[id.index] >= 0 { values[id.index] = value }
    }
    for (id, tensor) in zip(graph.inputs, inputs) { define(id, tensor) }
    for (index, node) in graph.nodes.enumerated() {
      define(node.output, try result(of: node, values, batch: batch))
      for case let id? in node.inputs where lastUse[id.index] == index { values[id.index] = nil }
    }
    var outputs: [AnyTensor] = []
    for id in graph.outputs {
      guard let value = values[id.index] ?? graph.constants[id].map({ tensor(of: $0, id) }) else {
        throw ReferenceError(.undefinedValue(id.index))
      }
      outputs.append(value)
    }
    return outputs
  }

  private func result(
    of node: Node, _ values: [AnyTensor?], batch: Int
  ) throws(ReferenceError) -> AnyTensor {
    var operands: [Constant?] = []
    for input in node.inputs {
      guard let id = input else {
        operands.append(nil)
        continue
      }
      guard let operand = values[id.index].map(Constant.tensor) ?? graph.constants[id].map({ constant($0, id) }) else {
        throw ReferenceError(.undefinedValue(id.index), node: node.name)
      }
      operands.append(operand)
    }
    let result: AnyTensor
    do throws(ReferenceError) {
      result = try Reference.evaluate(node.operator, operands, batch: batch)
    } catch {
      throw ReferenceError(error.problem, node: node.name)
    }
    let declared = graph[node.output].type
    guard result.elementType == declared.elementType, (try? declared.shape(batch: batch)) == result.shape else {
      let found = TensorType(result.elementType, result.shape)
      throw ReferenceError(.result(declared: declared, found: found), node: node.name)
    }
    return result
  }

  private func constant(_ constant: Constant, _ id: ValueID) -> Constant {
    guard roundsToEncodings, case .tensor(let tensor) = constant else { return constant }
    return .tensor(rounded(tensor, id))
  }

  private func tensor(of constant: Constant, _ id: ValueID) -> AnyTensor { self.constant(constant, id).tensor }

  private func rounded(_ tensor: AnyTensor, _ id: ValueID) -> AnyTensor {
    guard case .affine(let encoding)? = graph[id].encoding, case .float32(let x) = tensor else { return tensor }
    return .float32(encoding.rounding(x))
  }
}

extension GraphEvaluator {
  /// The batch size that the inputs have, 1 if none depends on it.
  private func batch(of inputs: [AnyTensor]) throws(ReferenceError) -> Int {
    guard inputs.count == graph.inputs.count else {
      throw ReferenceError(.inputCount(expected: graph.inputs.count, found: inputs.count))
    }
    var batch: Int?
    for (id, tensor) in zip(graph.inputs, inputs) {
      let value = graph[id]
      let found = TensorType(tensor.elementType, tensor.shape)
      let mismatch = ReferenceError(.input(name: value.name, declared: value.type, found: found))
      guard tensor.elementType == value.type.elementType, tensor.shape.rank == value.type.rank else { throw mismatch }
      for (extent, dimension) in zip(tensor.shape.dimensions, value.type.dimensions) {
        switch dimension {
        case .fixed(let expected):
          guard extent == expected else { throw mismatch }
        case .batch(let multiple):
          guard multiple > 0, extent % multiple == 0 else { throw mismatch }
          let size = extent / multiple
          guard batch == nil || batch == size else {
            throw ReferenceError(.batch(name: value.name, expected: batch ?? size, found: size))
          }
          batch = size
        }
      }
    }
    return batch ?? 1
  }
}
