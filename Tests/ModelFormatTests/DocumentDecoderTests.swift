import Graphs
import ModelFormat
import Tensors
import Testing

@Suite struct DocumentDecoderTests {
  @Test("A decoder written from the document finds what was written", arguments: UInt64(0)..<8, [true, false])
  func decoderAgrees(seed: UInt64, condenses: Bool) throws {
    let model = try SampleGenerator.everything(seed: seed)
    let decoder = DocumentDecoder(try model.serialized(WritingOptions(condenses: condenses)))
    let expected = model.inFileOrder
    let graph = expected.graph

    #expect(decoder.classNames == model.classNames)
    #expect(decoder.inputs.count == graph.inputs.count)
    for (found, id) in zip(decoder.inputs, graph.inputs) {
      #expect(found[0] == Int(graph[id].type.elementType.wireNumber))
      #expect(found.dropFirst().map { $0 % 2 == 0 ? .fixed($0 / 2) : .batch($0 / 2) } == graph[id].type.dimensions)
    }
    #expect(decoder.outputs == graph.outputs.map(\.index))
    #expect(
      decoder.names == graph.values.prefix(graph.inputs.count + graph.constants.count).map(\.name)
        + graph.nodes.flatMap { [$0.name, graph[$0.output].name] })
    for (found, id) in zip(decoder.constants, graph.constants.keys.sorted()) {
      expectEqual(found, try #require(graph.constants[id]))
    }
    for (found, node) in zip(decoder.nodes, graph.nodes) {
      #expect(found.number == Int(node.operator.kind.wireNumber))
      #expect(found.operands == node.inputs.map { $0?.index ?? -1 })
      if let attributes = node.operator.someAttributes { #expect(found.attributes == attributes, "\(node.operator)") }
    }
    #expect(decoder.nodes.count == graph.nodes.count)
  }

  private func expectEqual(_ found: DocumentDecoder.Constant, _ constant: Constant) {
    #expect(found.extents == constant.shape.dimensions)
    switch constant {
    case .tensor(let tensor): #expect(found.values == tensor.doubles)
    case .coded(let coded):
      #expect(found.values == coded.codes.scalars.map(Double.init))
      #expect(found.scales == coded.encoding.scales)
      switch coded.encoding {
      case .affine(let affine): #expect(found.zeroPoints == affine.zeroPoints.map(Int64.init))
      case .ternary(let ternary): #expect(found.levels == [Int(ternary.positiveLevel), Int(ternary.negativeLevel)])
      }
    }
  }
}

extension Window {
  fileprivate var numbers: [Double] {
    (kernel + strides + dilations + paddingBefore + paddingAfter).map(Double.init)
  }
}

extension Requantization {
  fileprivate var numbers: [Double] {
    [Double(shift), Double(codeRange.lowerBound), Double(codeRange.upperBound)] + multipliers.map(Double.init)
      + offsets.map(Double.init)
  }
}

extension Operator {
  /// The attributes in the document's order, for the operators with the most complicated ones.
  fileprivate var someAttributes: [Double]? {
    switch self {
    case .convolution(let convolution):
      convolution.window.numbers + [Double(convolution.groups)]
        + (convolution.clamp.map { [Double($0.lower), Double($0.upper)] } ?? [])
    case .integer(.dense(.codes(let requantization))): requantization.numbers
    case .integer(.dense(.real(let scales, let offsets))): (scales + offsets).map(Double.init)
    case .integer(.convolution(let convolution, let zeroPoint, .codes(let requantization))):
      convolution.window.numbers + [Double(convolution.groups), Double(zeroPoint)] + requantization.numbers
    case .integer(.addition(let addition)):
      [Double(addition.leftMultiplier), Double(addition.rightMultiplier), Double(addition.offset)]
        + [Double(addition.shift), Double(addition.codeRange.lowerBound), Double(addition.codeRange.upperBound)]
    case .integer(.lookup(let table)):
      [Double(table.input.wireNumber), Double(table.output.wireNumber)] + table.results.map(Double.init)
    case .integer(.softmax(let axis, let softmax)):
      [Double(axis), Double(softmax.range)] + softmax.exponentials.map(Double.init)
    case .slice(let slices):
      slices.flatMap { [Double($0.axis), Double($0.start), Double($0.step), Double($0.count)] }
    case .transpose(let permutation): permutation.map(Double.init)
    case .quantize(let encoding, let elementType):
      [Double(elementType.wireNumber)] + encoding.scales.map(Double.init) + encoding.zeroPoints.map(Double.init)
    case .batchNormalization(let epsilon): [Double(epsilon)]
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      [Double(size), Double(alpha), Double(beta), Double(bias)]
    default: nil
    }
  }
}
