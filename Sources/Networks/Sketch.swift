import Graphs
import Tensors

/// A graph under construction, with the few layers that networks are made of.
///
/// Every method appends nodes after those that are there and returns their result; names are those of the nodes, and
/// constants are `NAME.weight`, `NAME.bias`, `NAME.gamma`, `NAME.beta`, `NAME.mean`, `NAME.variance`.
struct Sketch {
  var graph = Graph()
  /// The network's input.
  let input: ValueID
  /// Outputs of the last layer.
  let classes: Int
  let activation: NetworkActivation
  /// Added to variances.
  var epsilon: Float = 1e-5
  var weights: WeightInitializer

  /// Elements of one constant, and of all, beyond which memory is not asked for: a gigabyte.
  static let maximumElementCount = 1 << 28
  private var elementCount = 0

  init(input shape: Shape, classes: Int, activation: NetworkActivation, seed: UInt64) {
    input = graph.addInput("input", TensorType(.float32, [.batch(1)] + shape.dimensions.map(Dimension.fixed)))
    self.classes = classes
    self.activation = activation
    weights = WeightInitializer(seed: seed)
  }

  /// What is added around pictures.
  enum Padding {
    case valid
    /// TensorFlow's rule: the result has the extent of the input divided by the stride, rounded up; of an odd amount
    /// the larger part comes last.
    case same
    /// On every side.
    case each(Int)
  }

  /// Extent of one axis of a value; 0 for the batch.
  func extent(_ x: ValueID, _ axis: Int) -> Int {
    let dimensions = graph[x].type.dimensions
    return dimensions.indices.contains(axis) ? dimensions[axis].fixedExtent ?? 0 : 0
  }

  func channels(_ x: ValueID) -> Int { extent(x, 1) }

  /// Rows and columns.
  func spatial(_ x: ValueID) -> [Int] { graph[x].type.dimensions.dropFirst(2).map { $0.fixedExtent ?? 0 } }

  func window(_ x: ValueID, _ kernel: [Int], _ stride: Int, _ padding: Padding) -> Window {
    var window = Window(kernel: kernel, strides: kernel.map { _ in stride })
    for (axis, extent) in spatial(x).enumerated() where axis < kernel.count {
      switch padding {
      case .valid: break
      case .each(let amount): (window.paddingBefore[axis], window.paddingAfter[axis]) = (amount, amount)
      case .same:
        let results = (extent + stride - 1) / stride
        let total = max((results - 1) * stride + kernel[axis] - extent, 0)
        (window.paddingBefore[axis], window.paddingAfter[axis]) = (total / 2, total - total / 2)
      }
    }
    return window
  }
}

// MARK: - Weighted sums

extension Sketch {
  /// A convolution with He's weights and, if asked for, a bias of zeros.
  mutating func convolution(
    _ x: ValueID, _ filters: Int, _ kernel: [Int], stride: Int = 1, padding: Padding = .same, groups: Int = 1,
    bias: Bool = false, name: String
  ) throws(GraphError) -> ValueID {
    let depth = channels(x) / groups
    let window = window(x, kernel, stride, padding)
    guard filters % groups == 0, depth > 0 else {
      throw GraphError(.mismatch("\(groups) groups do not divide \(channels(x)) and \(filters) channels"), node: name)
    }
    let shape = try take([filters, depth] + kernel, name: name)
    let tensor = weights.he(shape, fanIn: depth * kernel.reduce(1, *))
    var operands: [ValueID?] = [x, graph.addConstant(name + ".weight", .float32(tensor))]
    if bias { operands.append(constant(name + ".bias", filters, 0)) }
    return try graph.append(.convolution(Convolution(window: window, groups: groups)), operands, name: name)
  }

  /// A square convolution.
  mutating func convolution(
    _ x: ValueID, _ filters: Int, _ kernel: Int, stride: Int = 1, padding: Padding = .same, groups: Int = 1,
    bias: Bool = false, name: String
  ) throws(GraphError) -> ValueID {
    try convolution(
      x, filters, [kernel, kernel], stride: stride, padding: padding, groups: groups, bias: bias, name: name)
  }

  /// One filter of 3 x 3 for each channel.
  mutating func depthwise(
    _ x: ValueID, stride: Int = 1, padding: Padding = .same, bias: Bool = false, name: String
  ) throws(GraphError) -> ValueID {
    try convolution(
      x, channels(x), 3, stride: stride, padding: padding, groups: channels(x), bias: bias, name: name)
  }

  /// A dense layer over `[N, F]`, flattened before if need be; He's weights.
  mutating func dense(_ x: ValueID, _ outputs: Int, bias: Bool = false, name: String) throws(GraphError) -> ValueID {
    try dense(x, outputs, bias: bias, name: name) { weights, shape in weights.he(shape, fanIn: shape[1]) }
  }

  /// The last layer: no activation follows, so Glorot's weights.
  mutating func classifier(
    _ x: ValueID, outputs: Int? = nil, bias: Bool = true, name: String = "logits"
  ) throws(GraphError) -> ValueID {
    try dense(x, outputs ?? classes, bias: bias, name: name) { weights, shape in
      weights.glorot(shape, fanIn: shape[1], fanOut: shape[0])
    }
  }

  private mutating func dense(
    _ x: ValueID, _ outputs: Int, bias: Bool, name: String,
    _ initial: (inout WeightInitializer, Shape) -> Tensor<Float>
  ) throws(GraphError) -> ValueID {
    let x = try flatten(x)
    let tensor = initial(&weights, try take([outputs, extent(x, 1)], name: name))
    var operands: [ValueID?] = [x, graph.addConstant(name + ".weight", .float32(tensor))]
    if bias { operands.append(constant(name + ".bias", outputs, 0)) }
    return try graph.append(.dense(clamp: nil), operands, name: name)
  }

  /// The shape of a constant for which there is memory.
  private mutating func take(_ extents: [Int], name: String) throws(GraphError) -> Shape {
    guard let shape = try? Shape(checking: extents), shape.elementCount <= Self.maximumElementCount - elementCount
    else {
      throw GraphError(.tooLarge, node: name)
    }
    elementCount += shape.elementCount
    return shape
  }

  private mutating func constant(_ name: String, _ count: Int, _ value: Float) -> ValueID {
    graph.addConstant(name, .float32(Tensor(repeating: value, shape: [count])))
  }
}

// MARK: - Between them

extension Sketch {
  /// Batch normalization, at first the identity but for `epsilon`.
  mutating func normalization(_ x: ValueID, name: String) throws(GraphError) -> ValueID {
    let count = channels(x)
    let operands = [
      x, constant(name + ".gamma", count, 1), constant(name + ".beta", count, 0), constant(name + ".mean", count, 0),
      constant(name + ".variance", count, 1),
    ]
    return try graph.append(.batchNormalization(epsilon: epsilon), operands, name: name)
  }

  mutating func activation(_ x: ValueID, name: String) throws(GraphError) -> ValueID {
    try graph.append(.unary(activation.function), [x], name: name)
  }

  /// Batch normalization, then the activation: `NAME.bn`, `NAME.relu`.
  mutating func normalizedActivation(_ x: ValueID, name: String) throws(GraphError) -> ValueID {
    try activation(try normalization(x, name: name + ".bn"), name: name + ".relu")
  }

  /// Maximum pooling; a last window that is partly outside counts if `roundsUp` says so.
  mutating func maximumPooling(
    _ x: ValueID, _ kernel: Int, stride: Int, padding: Padding = .valid, roundsUp: Bool = false, name: String
  ) throws(GraphError) -> ValueID {
    let window = window(x, [kernel, kernel], stride, padding)
    return try graph.append(
      .pooling(Pooling(kind: .maximum, window: window, roundsUp: roundsUp)), [x], name: name)
  }

  mutating func averagePooling(_ x: ValueID, _ kernel: Int, name: String) throws(GraphError) -> ValueID {
    let window = window(x, [kernel, kernel], kernel, .valid)
    return try graph.append(.pooling(Pooling(kind: .average, window: window)), [x], name: name)
  }

  /// The mean over all pixels, `[N, C]`.
  mutating func globalAverage(_ x: ValueID, name: String = "pool") throws(GraphError) -> ValueID {
    let window = Window(kernel: spatial(x))
    return try flatten(try graph.append(.pooling(Pooling(kind: .average, window: window)), [x], name: name))
  }

  /// `[N, F]`; nothing is added for what has that rank.
  mutating func flatten(_ x: ValueID, name: String = "flat") throws(GraphError) -> ValueID {
    let dimensions = graph[x].type.dimensions
    guard dimensions.count != 2 else { return x }
    guard let product = Array(dimensions.dropFirst()).product, product.power == 0 else {
      throw GraphError(.tooLarge, node: name)
    }
    return try graph.append(.reshape([.batch(1), .fixed(product.factor)]), [x], name: name)
  }

  mutating func sum(_ a: ValueID, _ b: ValueID, name: String) throws(GraphError) -> ValueID {
    try graph.append(.binary(.add, clamp: nil), [a, b], name: name)
  }

  /// Zero channels before and after, so that there are `count`; of an odd number the larger part comes last.
  mutating func padChannels(_ x: ValueID, to count: Int, name: String) throws(GraphError) -> ValueID {
    let missing = count - channels(x)
    let before = [0, missing / 2, 0, 0]
    let after = [0, missing - missing / 2, 0, 0]
    return try graph.append(.padding(before: before, after: after, mode: .constant(0)), [x], name: name)
  }

  /// Every second row and column.
  mutating func everySecondPixel(_ x: ValueID, name: String) throws(GraphError) -> ValueID {
    let slices = spatial(x).enumerated().map { axis, extent in
      AxisSlice(axis: axis + 2, start: 0, step: 2, count: (extent + 1) / 2)
    }
    return try graph.append(.slice(slices), [x], name: name)
  }

  mutating func concatenation(_ parts: [ValueID], name: String) throws(GraphError) -> ValueID {
    try graph.append(.concatenation(axis: 1), parts, name: name)
  }
}
