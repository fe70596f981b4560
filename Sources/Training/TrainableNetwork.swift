import CKernels
import Graphs
import Quantizers
import Tensors

/// A graph of real operators with memory for a batch, and gradients.
///
///     let network = try TrainableNetwork(graph, capacity: 128, threads: 2)
///     let logits = try network.forward(images, isTraining: true)
///     let loss = SoftmaxCrossEntropy(labelSmoothing: 0.1).evaluate(logits, labels)
///     network.backward(loss.gradient)
///     network.parameters[0].lossGradient
///
/// Parameters are the graph's float constants. Values are kept as `[N][spatial][C]`; inputs, outputs and
/// parameters are in the graph's own order. Results are the same bits for every number of threads.
public final class TrainableNetwork {
  /// The graph as it was given.
  public let graph: Graph
  /// In the order in which nodes use them, then the numbers of quantizers.
  public let parameters: [Parameter]
  /// Where the run is, as far as quantizers must know; a density there is replaced by each layer's own.
  public var progress = QuantizationProgress()
  /// Decides which values the next forward pass in training drops.
  public var dropoutSeed: UInt64 {
    get { context.dropoutSeed }
    set { context.dropoutSeed = newValue }
  }
  /// The most items of a batch.
  public var capacity: Int { context.capacity }

  let quantizedWeights: [QuantizedWeights]
  let quantizedActivations: [QuantizedActivations]
  private let positiveFactors: [PositiveFactors]
  private let layers: [Layer]
  private let context: Context
  private let input: Int
  private let output: Int

  /// - Parameters:
  ///   - graph: one input and one output, float32, batch first. The loss is not part of it.
  ///   - quantization: weights and activations that are quantized in the forward pass; none by default.
  ///   - capacity: the most items of a batch; memory is taken for them now.
  ///   - threads: at least 1.
  ///   - normalizationMomentum: share of the batch in running statistics.
  ///   - precision: of the products in convolutions.
  ///   - dropout: of what layers read in training; none by default.
  /// - Throws: `.form` for other inputs and outputs, `.unsupported` naming all nodes without a gradient, `.quantization`
  ///   when something to be quantized is not there, `.data` when a layer with dropout is not.
  public init(
    _ graph: Graph, quantization: NetworkQuantization = NetworkQuantization(), capacity: Int, threads: Int = 1,
    normalizationMomentum: Float = 0.1, precision: TrainingPrecision = .float32, dropout: Dropout? = nil
  ) throws(TrainingError) {
    guard graph.inputs.count == 1, graph.outputs.count == 1 else {
      throw TrainingError(.form("it has \(graph.inputs.count) inputs and \(graph.outputs.count) outputs"))
    }
    guard capacity >= 1, capacity <= 1 << 20 else { throw TrainingError(.form("a batch of \(capacity) items")) }
    for id in [graph.inputs[0], graph.outputs[0]] where ValueLayout(graph[id].type) == nil {
      throw TrainingError(.form("'\(graph[id].name)' is \(graph[id].type), not float32 with the batch first"))
    }
    let builder = try NetworkBuilder(
      graph, momentum: normalizationMomentum, precision: precision, quantization: quantization, dropout: dropout)
    guard let kernels = Self.bestKernels else { throw TrainingError(.form("this build has no kernels")) }
    self.graph = graph
    layers = builder.layers
    parameters = builder.parameters
    quantizedWeights = builder.weights
    quantizedActivations = builder.activations
    positiveFactors = builder.positiveFactors
    (input, output) = (builder.input, graph.outputs[0].index)
    context = Context(kernels: kernels, threads: threads, capacity: capacity)
    context.layouts = graph.values.map { ValueLayout($0.type) } + builder.extraLayouts
    planMemory()
  }

  private static var bestKernels: dc_kernel_table? {
    for isa in (0..<dc_isa_count.rawValue).reversed() {
      if let table = dc_kernels(dc_isa(isa)) { return table.pointee }
    }
    return nil
  }

  // MARK: Memory

  /// Gives every value memory of its own, and gradients memory that they share when they are not wanted at the same
  /// time.
  private func planMemory() {
    context.values = [FloatBuffer?](repeating: nil, count: context.layouts.count)
    context.gradients = context.values
    for index in [input] + layers.map(\.output) {
      context.values[index] = FloatBuffer(capacity * context.layout(index).itemCount)
    }
    var pool = GradientPool()
    context.gradients[output] = pool.take(capacity * context.layout(output).itemCount)
    for layer in layers.reversed() {
      guard let own = context.gradients[layer.output] else { continue }
      var isHandedOver = false
      layer.accumulates = layer.inputs.enumerated().map { position, index in
        if index == input || index == graph.inputs[0].index { return nil }
        if context.gradients[index] != nil { return true }
        let size = capacity * context.layout(index).itemCount
        if !isHandedOver, layer.inputsInPlace.contains(position), own.count == size,
          layer.inputs.count(where: { $0 == index }) == 1
        {
          isHandedOver = true
          context.gradients[index] = own
        } else {
          context.gradients[index] = pool.take(size)
        }
        return false
      }
      if !isHandedOver { pool.release(own) }
    }
  }

  /// Memory that gradients use one after the other.
  private struct GradientPool {
    private var free: [FloatBuffer] = []

    mutating func take(_ count: Int) -> FloatBuffer {
      if let index = free.firstIndex(where: { $0.count == count }) { return free.remove(at: index) }
      return FloatBuffer(count)
    }

    mutating func release(_ buffer: FloatBuffer) { free.append(buffer) }
  }

  /// Bytes of values, gradients and parameters.
  public var byteCount: Int {
    var distinct: [ObjectIdentifier: Int] = [:]
    let effective = quantizedWeights.map(\.parameter.effective)
    for case let buffer? in context.values + context.gradients + effective {
      distinct[ObjectIdentifier(buffer)] = buffer.count
    }
    return 4 * (distinct.values.reduce(0, +) + parameters.reduce(0) { $0 + 2 * $1.values.count })
  }

  // MARK: Running

  /// The output for a batch.
  ///
  /// - Parameters:
  ///   - batch: `[n, ...]` in the graph's order, at most `capacity` items.
  ///   - isTraining: whether batch normalization uses the batch's statistics and updates the running ones.
  /// - Throws: `.data` when the shape does not fit; `.quantization` when a rule has lost its step.
  public func forward(_ batch: Tensor<Float>, isTraining: Bool) throws(TrainingError) -> Tensor<Float> {
    let count = batch.shape.rank > 0 ? batch.shape[0] : 0
    guard count >= 1, count <= capacity, (try? graph[graph.inputs[0]].type.shape(batch: count)) == batch.shape else {
      throw TrainingError(.data("a batch of shape \(batch.shape) for '\(graph[graph.inputs[0]].name)'"))
    }
    context.count = count
    context.isTraining = isTraining
    try beginForward()
    store(batch.scalars, at: input, into: context.value(input))
    for layer in layers { layer.forward(context) }
    if isTraining && progress.updatesState {
      for activations in quantizedActivations { activations.endForward(progress) }
    }
    return load(output, context.value(output))
  }

  /// Fills the effective weights and takes the rules of activations.
  private func beginForward() throws(TrainingError) {
    let progress = ownProgress
    context.workers.run(quantizedWeights.count) { quantizedWeights[$0].forward(progress) }
    for activations in quantizedActivations {
      activations.beginForward()
      guard activations.isUsable else {
        let name = graph[activations.values[0]].name
        throw TrainingError(.quantization("the rule of '\(name)' became \(activations.rule)"))
      }
    }
  }

  /// Untrained state follows the data in training only.
  private var ownProgress: QuantizationProgress {
    var own = progress
    own.updatesState = progress.updatesState && context.isTraining
    return own
  }

  /// The gradients of all parameters, given the one at the output of the last `forward`.
  ///
  /// - Precondition: `gradient` has the shape of that output.
  public func backward(_ gradient: Tensor<Float>) {
    precondition(gradient.scalars.count == context.count * context.layout(output).itemCount, "One gradient an output")
    for parameter in parameters { parameter.gradient.pointer.update(repeating: 0, count: parameter.gradient.count) }
    for activations in quantizedActivations { activations.beginBackward() }
    store(gradient.scalars, at: output, into: context.gradient(output))
    for layer in layers.reversed() where context.gradients[layer.output] != nil { layer.backward(context) }
    for activations in quantizedActivations { activations.endBackward() }
    let progress = ownProgress
    context.workers.run(quantizedWeights.count) { quantizedWeights[$0].backward(progress) }
  }

  /// Brings back what an update of the latent weights must not change: masked ones are 0, factors of normalizations after
  /// quantized weights are positive.
  func project() {
    for weights in quantizedWeights {
      weights.clipLatent()
      weights.clearMasked()
    }
    for factors in positiveFactors { factors.project() }
  }

  /// The name of the first layer whose result has a NaN or an infinity; nil if all are finite.
  public var firstNotFinite: String? {
    layers.first { layer in
      let count = context.count * context.layout(layer.output).itemCount
      return !UnsafeBufferPointer(start: context.value(layer.output), count: count).allSatisfy(\.isFinite)
    }?.name
  }

  /// The graph with the latent parameters as they are now.
  public var trainedGraph: Graph {
    var result = graph
    for parameter in parameters where parameter.role.isConstant {
      result.constants[parameter.id] = .tensor(.float32(parameter.value))
    }
    return result
  }

  // MARK: Layout

  /// Brings items from the graph's order into the trainer's.
  private func store(_ scalars: [Float], at index: Int, into target: UnsafeMutablePointer<Float>) {
    let layout = context.layout(index)
    scalars.withUnsafeBufferPointer { source in
      guard let source = source.baseAddress else { return }
      context.workers.overBatch(context.count) { _, range in
        for item in range {
          let (from, to) = (source + item * layout.itemCount, target + item * layout.itemCount)
          for c in 0..<layout.channels {
            for pixel in 0..<layout.pixels { to[pixel * layout.channels + c] = from[c * layout.pixels + pixel] }
          }
        }
      }
    }
  }

  /// Brings items from the trainer's order into the graph's.
  private func load(_ index: Int, _ source: UnsafePointer<Float>) -> Tensor<Float> {
    let layout = context.layout(index)
    var scalars = [Float](repeating: 0, count: context.count * layout.itemCount)
    for item in 0..<context.count {
      let start = item * layout.itemCount
      for c in 0..<layout.channels {
        for pixel in 0..<layout.pixels {
          scalars[start + c * layout.pixels + pixel] = source[start + pixel * layout.channels + c]
        }
      }
    }
    let shape = Shape([context.count] + graph.values[index].type.dimensions.dropFirst().map { $0.extent(batch: 1) })
    return Tensor(shape: shape, scalars: scalars)
  }
}
