import Graphs
import Tensors

/// Small networks that tests quantize.
enum SmallNetworks {
  /// convolution–ReLU, depthwise–ReLU, convolution, joined with the first by a sum, pooled, dense to 5 classes.
  static func residual(seed: UInt64) throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("picture", TensorType(.float32, [.batch(1), 3, 8, 8]))
    let a = try graph.convolve(x, "first", [8, 3, 3, 3], clamp: .relu, seed: seed)
    let b = try graph.convolve(a, "depthwise", [8, 1, 3, 3], groups: 8, clamp: .relu, seed: seed + 10)
    let c = try graph.convolve(b, "point", [8, 8, 1, 1], seed: seed + 20)
    let sum = try graph.append(.binary(.add, clamp: .relu), [a, c], name: "sum")
    let largest = try graph.append(
      .pooling(Pooling(kind: .maximum, window: Window(kernel: [2, 2], strides: [2, 2]))), [sum], name: "largest")
    let mean = try graph.append(
      .pooling(Pooling(kind: .average, window: Window(kernel: [4, 4]))), [largest], name: "mean")
    let flat = try graph.append(.reshape([.batch(1), 8]), [mean], name: "flat")
    let weights = graph.addConstant("dense.weight", .float32(.random([5, 8], seed: seed + 30)))
    let bias = graph.addConstant("dense.bias", .float32(.random([5], seed: seed + 31)))
    graph.outputs = [try graph.append(.dense(clamp: nil), [flat, weights, bias], name: "dense")]
    return graph
  }

  /// Batches of two random pictures.
  static func pictures(_ count: Int, seed: UInt64) -> [[AnyTensor]] {
    (0..<count).map { [.float32(.random([2, 3, 8, 8], in: -1...2, seed: seed + UInt64($0)))] }
  }
}

extension Graph {
  /// Appends a convolution that keeps the extents, with random weights whose channels differ in size.
  mutating func convolve(
    _ x: ValueID, _ name: String, _ shape: Shape, groups: Int = 1, clamp: Clamp? = nil, seed: UInt64
  ) throws -> ValueID {
    var weights = Tensor<Float>.random(shape, seed: seed)
    let perChannel = shape.elementCount / shape[0]
    for index in weights.scalars.indices {
      weights.scalars[index] *= Float(1 + index / perChannel % 4) / Float(perChannel).squareRoot()
    }
    let w = addConstant(name + ".weight", .float32(weights))
    let b = addConstant(name + ".bias", .float32(.random([shape[0]], in: -0.2...0.2, seed: seed + 1)))
    let padding = [shape[2] / 2, shape[3] / 2]
    let window = Window(kernel: [shape[2], shape[3]], paddingBefore: padding, paddingAfter: padding)
    return try append(
      .convolution(Convolution(window: window, groups: groups, clamp: clamp)), [x, w, b], name: name)
  }

  /// The result of the node of that name.
  func result(_ name: String) -> ValueID? { nodes.first { $0.name == name }?.output }
}
