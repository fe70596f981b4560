import Graphs
import Tensors

/// A graph on which a pass works: it knows who computes and who reads each value.
///
/// Nodes that nobody reads any more vanish; indices of nodes stay valid until `insert`.
struct Rewriting {
  private(set) var graph: Graph
  /// The node that computes each value.
  private var producers: [Int?] = []
  /// How many operands and graph outputs refer to each value.
  private var useCounts: [Int] = []
  /// The nodes that read each value, perhaps with some that no longer do.
  private var readers: [[Int]] = []
  private var isRemoved: [Bool]

  init(_ graph: Graph) {
    self.graph = graph
    isRemoved = [Bool](repeating: false, count: graph.nodes.count)
    count()
  }

  /// The graph without what vanished.
  func finished() -> Graph {
    var result = graph
    result.nodes = zip(graph.nodes, isRemoved).filter { !$0.1 }.map(\.0)
    return result.removingDeadNodes()
  }

  private mutating func count() {
    producers = [Int?](repeating: nil, count: graph.values.count)
    useCounts = [Int](repeating: 0, count: graph.values.count)
    readers = [[Int]](repeating: [], count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() where !isRemoved[index] {
      producers[node.output.index] = index
      use(node.inputs, by: index)
    }
    for id in graph.outputs { useCounts[id.index] += 1 }
  }

  private mutating func use(_ inputs: [ValueID?], by index: Int) {
    for case let id? in inputs {
      useCounts[id.index] += 1
      readers[id.index].append(index)
    }
  }
}

// MARK: - Looking

extension Rewriting {
  var indices: Range<Int> { graph.nodes.indices }

  /// The node at an index, unless it has vanished.
  func node(_ index: Int) -> Node? { isRemoved[index] ? nil : graph.nodes[index] }

  /// The node that computes `id`, if a node does.
  func producer(of id: ValueID?) -> Node? { producerIndex(of: id).map { graph.nodes[$0] } }

  func producerIndex(of id: ValueID?) -> Int? { id.flatMap { producers[$0.index] } }

  func useCount(_ id: ValueID) -> Int { useCounts[id.index] }

  func isOutput(_ id: ValueID) -> Bool { graph.outputs.contains(id) }

  /// The node that computes `id`, if the operator that reads `id` may swallow it: nobody else sees the value, and it
  /// is not rounded to codes.
  func fusibleProducer(of id: ValueID?) -> Node? {
    guard let id, useCount(id) == 1, graph[id].encoding == nil else { return nil }
    return producer(of: id)
  }

  /// A float32 constant that is not coded.
  func floats(_ id: ValueID?) -> Tensor<Float>? {
    guard case .tensor(.float32(let tensor))? = graph.constant(id) else { return nil }
    return tensor
  }

  /// A float32 constant of one element.
  func scalar(_ id: ValueID?) -> Float? {
    guard let tensor = floats(id), tensor.shape.elementCount == 1 else { return nil }
    return tensor.scalars[0]
  }

  /// The operands of a binary node in both orders.
  func pairs(_ node: Node) -> [(ValueID, ValueID)] {
    guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1] else { return [] }
    return [(a, b), (b, a)]
  }

  /// Whether reading `source` instead of `value`, which has the same elements, loses no rounding.
  func hasSameRounding(_ value: ValueID, as source: ValueID) -> Bool {
    graph[value].encoding == nil || graph[value].encoding == graph[source].encoding
  }
}

// MARK: - Changing

extension Rewriting {
  mutating func addConstant(_ name: String, _ constant: Constant) -> ValueID {
    let id = graph.addConstant(name, constant)
    producers.append(nil)
    useCounts.append(0)
    readers.append([])
    return id
  }

  mutating func setEncoding(_ encoding: Encoding?, of id: ValueID) { graph[id].encoding = encoding }

  /// Computes a node's output in another way.
  ///
  /// - Returns: false, and nothing is changed, if the output's type would be another.
  @discardableResult
  mutating func replace(_ index: Int, by operator: Operator, _ inputs: [ValueID?], name: String? = nil) -> Bool {
    let old = graph.nodes[index]
    let type = try? graph.inferType(of: `operator`, inputs, node: old.name)
    guard type == graph[old.output].type else { return false }
    use(inputs, by: index)
    graph.nodes[index] = Node(name: name ?? old.name, operator: `operator`, inputs: inputs, output: old.output)
    for case let id? in old.inputs { release(id) }
    return true
  }

  /// Gives a node's output a value known now.
  mutating func replace(_ index: Int, by constant: Constant) {
    let node = graph.nodes[index]
    guard constant.type == graph[node.output].type else { return }
    graph.constants[node.output] = constant
    remove(index)
  }

  /// Lets everybody who reads a node's output read its operand `source` instead, which has the same elements.
  ///
  /// An output of the graph keeps its name: what computes `source` then computes the output itself.
  ///
  /// - Returns: false, and nothing is changed, if types or encodings differ or an output would lose its name.
  @discardableResult
  mutating func bypass(_ index: Int, to source: ValueID) -> Bool {
    let result = graph.nodes[index].output
    guard graph[source].type == graph[result].type else { return false }
    let encoding = graph[source].encoding ?? graph[result].encoding
    if let own = graph[result].encoding, own != graph[source].encoding {
      // Rounding moves to the source if nobody else reads the source unrounded.
      guard graph[source].encoding == nil, useCount(source) == 1 else { return false }
    }
    if isOutput(result) {
      if let constant = graph.constants[source] {
        replace(index, by: constant)
        return true
      }
      guard let producer = producers[source.index], !isOutput(source) else { return false }
      remove(index, keepingOperands: true)
      redirect(source, to: result)
      useCounts[result.index] -= 1
      graph.nodes[producer].output = result
      producers[result.index] = producer
      producers[source.index] = nil
      graph[result].encoding = encoding
    } else {
      redirect(result, to: source)
      remove(index)
      graph[source].encoding = encoding
    }
    return true
  }

  /// Adds a node before another; later indices move by one.
  ///
  /// - Returns: its result, or nil if the operands do not fit.
  mutating func insert(_ operator: Operator, _ inputs: [ValueID?], name: String, before index: Int) -> ValueID? {
    guard let output = try? graph.append(`operator`, inputs, name: name) else { return nil }
    graph.nodes.insert(graph.nodes.removeLast(), at: index)
    isRemoved.insert(false, at: index)
    count()
    return output
  }

  private mutating func redirect(_ old: ValueID, to new: ValueID) {
    for index in readers[old.index] where !isRemoved[index] {
      for place in graph.nodes[index].inputs.indices where graph.nodes[index].inputs[place] == old {
        graph.nodes[index].inputs[place] = new
      }
    }
    for place in graph.outputs.indices where graph.outputs[place] == old { graph.outputs[place] = new }
    useCounts[new.index] += useCounts[old.index]
    useCounts[old.index] = 0
    readers[new.index] += readers[old.index]
    readers[old.index] = []
  }

  private mutating func remove(_ index: Int, keepingOperands: Bool = false) {
    isRemoved[index] = true
    producers[graph.nodes[index].output.index] = nil
    if keepingOperands { return }
    for case let id? in graph.nodes[index].inputs { release(id) }
  }

  /// One reader less; without readers, the node that computes the value vanishes too.
  private mutating func release(_ id: ValueID) {
    useCounts[id.index] -= 1
    if useCounts[id.index] == 0, let producer = producers[id.index] { remove(producer) }
  }
}
