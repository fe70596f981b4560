import Coding
import Graphs
import ModelFormat
import Tensors
import Testing

@Suite struct RoundTripTests {
  @Test("A model comes back as it was, with its values in the file's order", arguments: UInt64(0)..<8)
  func modelComesBack(seed: UInt64) throws {
    let model = try SampleGenerator.everything(seed: seed)
    let read = try PackedModel(reading: model.serialized())
    #expect(read == model.inFileOrder)
  }

  @Test("An array, a span and a pointer are read alike")
  func sourcesAreAlike() throws {
    let file = try SampleGenerator.everything(seed: 0).serialized()
    let model = try PackedModel(reading: file)
    #expect(try PackedModel(reading: file.span.bytes) == model)
    #expect(try file.withUnsafeBytes { try PackedModel(reading: $0) } == model)
  }

  @Test("The samples contain every operator")
  func samplesAreComplete() throws {
    let model = try SampleGenerator.everything(seed: 0)
    #expect(Set(model.graph.nodes.map(\.operator.kind)) == Set(Operator.Kind.allCases))
  }

  @Test("The same model gives the same bytes, and what was read gives them again", arguments: UInt64(0)..<4)
  func bytesAreDetermined(seed: UInt64) throws {
    let bytes = try SampleGenerator.everything(seed: seed).serialized()
    #expect(try SampleGenerator.everything(seed: seed).serialized() == bytes)
    #expect(try PackedModel(reading: bytes).serialized() == bytes)
  }
}

extension PackedModel {
  /// The same model with inputs first, then constants, then results of nodes: the order of a file.
  var inFileOrder: PackedModel {
    var new: [ValueID: ValueID] = [:]
    let old = graph.inputs + graph.constants.keys.sorted() + graph.nodes.map(\.output)
    for (index, id) in old.enumerated() { new[id] = ValueID(index) }
    var result = self
    result.graph.values = old.map { graph[$0] }
    result.graph.inputs = graph.inputs.map { new[$0]! }
    result.graph.outputs = graph.outputs.map { new[$0]! }
    result.graph.constants = Dictionary(uniqueKeysWithValues: graph.constants.map { (new[$0]!, $1) })
    result.graph.nodes = graph.nodes.map { node in
      var node = node
      node.inputs = node.inputs.map { $0.map { new[$0]! } }
      node.output = new[node.output]!
      return node
    }
    return result
  }
}
