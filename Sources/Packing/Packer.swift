import Graphs
import ModelFormat
import Tensors

/// Turns an encoded graph into the operators that run: integers where values are encoded, float32 elsewhere.
///
/// Codes between operators are unsigned: a signed 8-bit code c becomes c + 128 with its zero point moved along, which
/// changes nothing. An operator computes with codes if its operands and its result are encoded and an integer form
/// exists; otherwise its operands are dequantized and it computes with reals.
public struct Packer {
  /// The encoded graph.
  let source: Graph
  /// Of the rules that make codes of weighted sums and of additions.
  let precision: ResultPrecision
  /// The graph under construction.
  var packed = Graph()
  /// What has been built of each source value.
  var forms: [Forms]

  /// A value of the source, as far as it exists in the packed graph.
  struct Forms {
    /// In the source's own element type.
    var plain: ValueID?
    /// As unsigned codes.
    var codes: ValueID?
    /// What the codes mean.
    var encoding: CodeEncoding?
  }

  /// Packs `graph`.
  ///
  /// - Parameters:
  ///   - graph: encoded, as far as it is to run with codes.
  ///   - preprocessing: stored with the model.
  ///   - classNames: stored with the model.
  ///   - precision: of the rules that make codes of weighted sums and of additions; `.brief` takes fewer bytes.
  /// - Throws: `PackingError` when a layer has no exact integer form.
  public static func pack(
    _ graph: Graph, preprocessing: Preprocessing? = nil, classNames: [String] = [], precision: ResultPrecision = .exact
  ) throws(PackingError) -> PackedModel {
    var packer = Packer(graph, precision)
    try packer.run()
    return PackedModel(graph: packer.packed, preprocessing: preprocessing, classNames: classNames)
  }

  init(_ source: Graph, _ precision: ResultPrecision) {
    self.source = source
    self.precision = precision
    forms = source.values.map { value in
      guard case .affine(let affine)? = value.encoding else { return Forms() }
      return Forms(encoding: CodeEncoding(affine))
    }
  }

  mutating func run() throws(PackingError) {
    for id in source.inputs {
      forms[id.index].plain = packed.addInput(source[id].name, source[id].type)
    }
    for node in source.nodes {
      if try !packWithCodes(node) {
        var operands: [ValueID?] = []
        for id in node.inputs {
          if let id { operands.append(try plain(id)) } else { operands.append(nil) }
        }
        forms[node.output.index].plain = try append(node.operator, operands, node.name)
      }
    }
    for id in source.outputs { packed.outputs.append(try plain(id)) }
    for (old, new) in zip(source.outputs, packed.outputs) { packed[new].name = source[old].name }
  }

  /// The value in the source's element type; dequantizes if only codes exist.
  mutating func plain(_ id: ValueID) throws(PackingError) -> ValueID {
    if let existing = forms[id.index].plain { return existing }
    let result: ValueID
    if let constant = source.constants[id] {
      result = packed.addConstant(source[id].name, constant)
    } else if let codes = forms[id.index].codes, let encoding = forms[id.index].encoding {
      result = try append(.dequantize(encoding.affine), [codes], source[id].name)
    } else {
      throw .graph(GraphError(.undefinedOperand(id.index)))
    }
    forms[id.index].plain = result
    return result
  }

  /// The value as unsigned codes in its own encoding; quantizes if only the real value exists.
  ///
  /// - Returns: nil when the value has no encoding.
  mutating func codes(_ id: ValueID) throws(PackingError) -> (id: ValueID, encoding: CodeEncoding)? {
    guard let encoding = forms[id.index].encoding else { return nil }
    if let existing = forms[id.index].codes { return (existing, encoding) }
    let codes =
      try encoding.isSign ? signs(id) : append(.quantize(encoding.affine, .uint8), [plain(id)], source[id].name)
    setCodes(id, codes)
    return (codes, encoding)
  }

  /// The codes 0 and 2 of a real value's signs.
  private mutating func signs(_ id: ValueID) throws(PackingError) -> ValueID {
    let zero = packed.addConstant(source[id].name, .tensor(.float32(Tensor(shape: [1], scalars: [0]))))
    let isNegative = try append(.comparison(.less), [plain(id), zero], source[id].name)
    let table = LookupTable(results: (0...255).map { $0 == 0 ? 2 : 0 }, input: .bool)
    return try append(.integer(.lookup(table)), [isNegative], source[id].name)
  }

  /// The value as unsigned codes in another encoding.
  mutating func codes(_ id: ValueID, in encoding: CodeEncoding) throws(PackingError) -> ValueID? {
    guard let (codes, own) = try codes(id) else { return nil }
    if own == encoding { return codes }
    let table = LookupTable(results: own.allReals.map(encoding.code))
    return try append(.integer(.lookup(table)), [codes], source[id].name)
  }

  /// Notes that `codes` stand for the source value `id`.
  mutating func setCodes(_ id: ValueID, _ codes: ValueID) {
    forms[id.index].codes = codes
    if packed[codes].encoding == nil, let encoding = forms[id.index].encoding {
      packed[codes].encoding = .affine(encoding.affine)
    }
  }

  mutating func append(_ operator: Operator, _ operands: [ValueID?], _ name: String) throws(PackingError) -> ValueID {
    do throws(GraphError) {
      return try packed.append(`operator`, operands, name: name)
    } catch {
      throw .graph(error)
    }
  }
}
