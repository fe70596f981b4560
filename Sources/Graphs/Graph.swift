import Tensors

/// A network: values, and nodes that compute values from values, in an order in which they can run.
///
/// A graph is built from its inputs onwards with `addInput`, `addConstant` and `append`, which infer every type, so
/// that a graph that exists is well-formed; `validate` checks one that came from a file.
public struct Graph: Sendable, Equatable {
  /// Everything that is computed or given; a `ValueID` is an index here.
  public var values: [Value] = []
  /// In an order in which operands come before their use.
  public var nodes: [Node] = []
  public var inputs: [ValueID] = []
  public var outputs: [ValueID] = []
  /// Values known in advance: weights and the like.
  public var constants: [ValueID: Constant] = [:]

  public init() {}

  public subscript(id: ValueID) -> Value {
    get { values[id.index] }
    set { values[id.index] = newValue }
  }

  /// The constant behind an operand, if it is one.
  public func constant(_ id: ValueID?) -> Constant? {
    id.flatMap { constants[$0] }
  }
}

/// The place of a value in `Graph.values`.
public struct ValueID: Hashable, Comparable, Sendable {
  public var index: Int

  public init(_ index: Int) { self.index = index }

  public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// Something that is given or computed.
public struct Value: Hashable, Sendable {
  /// For people; need not be unique.
  public var name: String
  public var type: TensorType
  /// How the real value is to be coded, once that has been decided; of codes, what they mean.
  public var encoding: Encoding?

  public init(name: String, type: TensorType, encoding: Encoding? = nil) {
    self.name = name
    self.type = type
    self.encoding = encoding
  }
}

/// An operator with its operands and results.
public struct Node: Hashable, Sendable {
  /// For people; need not be unique.
  public var name: String
  public var `operator`: Operator
  /// In the operator's order; nil where an optional operand is left out.
  public var inputs: [ValueID?]
  public var output: ValueID

  public init(name: String, operator: Operator, inputs: [ValueID?], output: ValueID) {
    self.name = name
    self.operator = `operator`
    self.inputs = inputs
    self.output = output
  }
}

/// A value known in advance.
public enum Constant: Equatable, Sendable {
  case tensor(AnyTensor)
  /// Weight codes; the value's type is float32 (what the codes stand for).
  case coded(CodedTensor)

  public var shape: Shape {
    switch self {
    case .tensor(let tensor): tensor.shape
    case .coded(let coded): coded.shape
    }
  }

  /// The type of the value that this constant gives.
  public var type: TensorType {
    switch self {
    case .tensor(let tensor): TensorType(tensor.elementType, tensor.shape)
    case .coded(let coded): TensorType(.float32, coded.shape)
    }
  }

  /// The real tensor: as stored, or what the codes stand for.
  public var tensor: AnyTensor {
    switch self {
    case .tensor(let tensor): tensor
    case .coded(let coded): .float32(coded.decoded)
    }
  }
}

extension Graph {
  /// Declares an input of the network.
  @discardableResult
  public mutating func addInput(_ name: String, _ type: TensorType) -> ValueID {
    let id = addValue(name, type)
    inputs.append(id)
    return id
  }

  /// Adds a value known in advance.
  public mutating func addConstant(_ name: String, _ constant: Constant) -> ValueID {
    let id = addValue(name, constant.type)
    constants[id] = constant
    return id
  }

  /// Adds a tensor known in advance.
  public mutating func addConstant(_ name: String, _ tensor: AnyTensor) -> ValueID {
    addConstant(name, .tensor(tensor))
  }

  /// Adds a node after all others and infers the type of its result.
  ///
  /// - Returns: the result.
  /// - Throws: `GraphError` naming the node when the operands do not fit the operator.
  @discardableResult
  public mutating func append(
    _ operator: Operator, _ inputs: [ValueID?], name: String
  ) throws(GraphError) -> ValueID {
    let type = try inferType(of: `operator`, inputs, node: name)
    let output = addValue(name, type)
    nodes.append(Node(name: name, operator: `operator`, inputs: inputs, output: output))
    return output
  }

  /// The type that `operator` gives for these operands.
  public func inferType(
    of operator: Operator, _ inputs: [ValueID?], node: String
  ) throws(GraphError) -> TensorType {
    for case let id? in inputs where !values.indices.contains(id.index) {
      throw GraphError(.undefinedOperand(id.index), node: node)
    }
    do throws(GraphError.Problem) {
      return try `operator`.inferredType(inputs.map { $0.map { self[$0].type } })
    } catch {
      throw GraphError(error, node: node)
    }
  }

  private mutating func addValue(_ name: String, _ type: TensorType) -> ValueID {
    values.append(Value(name: name, type: type))
    return ValueID(values.count - 1)
  }
}
