import Kernels
import Testing

/// What stands after a layer's sums, drawn at random, and with it what its kernels have to give by the definition.
struct LayerEndings {
  /// By channel; where weights lie in another order than outputs, in that of the weights.
  let rules: ChannelRules
  private let addition: AdditionRule
  private let scales: Guarded<Float>
  private let biases: Guarded<Float>

  /// Numbers for a layer, which is told of them.
  ///
  /// - Parameter density: share of the weights that are not 0.
  init(_ layer: TestLayer<UInt8, Int8>, density: Double = 1, generator: inout Generator) {
    let shape = layer.shape
    let length = shape.channels * shape.kernel.rows * shape.kernel.columns
    let terms = max(Int(Double(length) * density), 1)
    rules = ChannelRules(
      channels: shape.outputs, terms: terms, shift: shape.shift, sumBound: length * 255 * 128, generator: &generator)
    addition = AdditionRule(shift: shape.shift > 60 ? 35 : shape.shift, generator: &generator)
    scales = Guarded((0..<rules.ks.count).map { _ in generator.real(0...0.01) }, at: .end)
    biases = Guarded((0..<rules.ks.count).map { _ in generator.real(-9...9) }, at: .end)
    layer.convolution.requantization = rules.requantization
    layer.convolution.residual.rule = addition.sumRule
    layer.convolution.scales = UnsafePointer(scales.elements.baseAddress!)
    layer.convolution.biases = UnsafePointer(biases.elements.baseAddress!)
  }

  /// The operations of one way to compute a layer, by what becomes of the sums; nil for what it cannot give.
  struct Operations {
    var codes: Kernels.Operation
    var codesAddingResidual: Kernels.Operation?
    var sums: Kernels.Operation?
    var values: Kernels.Operation?
  }

  /// Runs every kernel that there is, and expects what the definition says.
  ///
  /// - Parameter places: of outputs in `rules`; nil for their own.
  func check(_ layer: TestLayer<UInt8, Int8>, _ operations: Operations, places: [Int]? = nil, seed: UInt64) {
    var sums = [Int32](repeating: -77, count: layer.outputCount)
    var codes = [UInt8](repeating: 77, count: layer.outputCount)
    var added = codes
    var values = [Float](repeating: -77, count: layer.outputCount)
    layer.forEachOutput { place, output, products in
      var sum = 0
      products { sum += Int($0) * Int($1) }
      let channel = places?[output] ?? output
      sums[place] = Int32(sum)
      codes[place] = rules.code(sum, channel)
      added[place] = addition.code(codes[place], layer.residual.elements[place])
      let product = Float(sum) * scales.elements[channel]
      values[place] = product + biases.elements[channel]
    }
    expect(layer, operations.codes, codes, blank: 77, seed)
    if let operation = operations.codesAddingResidual { expect(layer, operation, added, blank: 77, seed) }
    if let operation = operations.sums { expect(layer, operation, sums, blank: -77, seed) }
    if let operation = operations.values { expect(layer, operation, values, blank: -77, seed) }
  }

  private func expect<Result: BitwiseCopyable & Equatable>(
    _ layer: TestLayer<UInt8, Int8>, _ operation: Kernels.Operation, _ expected: [Result], blank: Result, _ seed: UInt64
  ) {
    for kernel in kernels(for: operation) {
      #expect(layer.output(of: kernel, blank: blank, side: seed) == expected, "\(kernel.name)")
    }
  }
}
