import Graphs
import Tensors

extension Reference {
  static func integer(_ integer: IntegerOperator, _ given: Given) throws(ReferenceError) -> AnyTensor {
    switch integer {
    case .convolution(let convolution, let zeroPoint, let result):
      try integerConvolution(convolution, zeroPoint: zeroPoint, result, given)
    case .dense(let result): try integerDense(result, given)
    case .averagePooling(let pooling, let zeroPoint, let requantization):
      .uint8(try integerAveragePooling(pooling, zeroPoint: zeroPoint, requantization, given))
    case .addition(let requantization): .uint8(try integerAddition(requantization, given))
    case .multiplication(let left, let right, let requantization):
      .uint8(try integerMultiplication(left, right, requantization, given))
    case .lookup(let table): try lookup(table, given)
    case .softmax(let axis, let attributes): .uint8(try integerSoftmax(axis: axis, attributes, given))
    }
  }

  /// The input is surrounded by the code of zero; then `Σ code · level` over every window.
  private static func integerConvolution(
    _ convolution: Convolution, zeroPoint: UInt8, _ result: SumResult, _ given: Given
  ) throws(ReferenceError) -> AnyTensor {
    let window = convolution.window
    let (x, weights) = (try given.codes(0), try given.levels(1))
    let (before, after) = ([0, 0] + window.paddingBefore, [0, 0] + window.paddingAfter)
    let padded = try evaluate(
      .padding(before: before, after: after, mode: .constant(Float(zeroPoint))), [.tensor(.uint8(x))])
    let sums = integerCorrelation(
      padded.integers ?? [], shape: padded.shape, weights: weights, result: given.shape,
      window: Window(kernel: window.kernel, strides: window.strides, dilations: window.dilations),
      groups: convolution.groups)
    return try finish(sums, result, given.shape)
  }

  private static func integerDense(_ result: SumResult, _ given: Given) throws(ReferenceError) -> AnyTensor {
    let (x, weights) = (try given.codes(0), try given.levels(1))
    let sums = integerDense(x.scalars.map(Int64.init), weights, result: given.shape)
    return try finish(sums, result, given.shape)
  }

  /// Requantizes sums by channel, or turns them into real numbers.
  private static func finish(_ sums: [Int64], _ result: SumResult, _ shape: Shape) throws(ReferenceError) -> AnyTensor {
    let (_, channels, inner) = shape.split(at: 1)
    var (codes, reals) = ([UInt8](), [Float]())
    for (index, sum) in sums.enumerated() {
      let channel = index / inner % channels
      let sum = try exactly32(sum, channel: channel)
      switch result {
      case .codes(let requantization): codes.append(UInt8(clamping: requantization.code(sum, channel: channel)))
      case .real(let scales, let offsets):
        let place = scales.count == 1 ? 0 : channel
        reals.append(Float(sum) * scales[place] + offsets[place])
      }
    }
    switch result {
    case .codes: return .uint8(Tensor(shape: shape, scalars: codes))
    case .real: return .float32(Tensor(shape: shape, scalars: reals))
    }
  }

  /// Elements of a window that lie outside the data count with the code of zero.
  private static func integerAveragePooling(
    _ pooling: Pooling, zeroPoint: UInt8, _ requantization: Requantization, _ given: Given
  ) throws(ReferenceError) -> Tensor<UInt8> {
    let x = try given.codes(0)
    let size = pooling.window.kernel.reduce(1, &*)
    var sums: [Int64] = []
    forEachWindow(pooling.window, x.shape, given.shape) { positions, _ in
      let sum = positions.reduce(Int64(0)) { $0 + Int64(x.scalars[$1]) }
      sums.append(sum &+ Int64(size &- positions.count) &* Int64(zeroPoint))
    }
    var codes: [UInt8] = []
    for sum in sums { codes.append(UInt8(clamping: requantization.code(try exactly32(sum, channel: 0), channel: 0))) }
    return Tensor(shape: given.shape, scalars: codes)
  }

  private static func integerAddition(
    _ requantization: AdditionRequantization, _ given: Given
  ) throws(ReferenceError) -> Tensor<UInt8> {
    let (a, b) = (try given.codes(0), try given.codes(1))
    let codes = zip(a.scalars, b.scalars).map { UInt8(clamping: requantization.code(Int32($0), Int32($1))) }
    return Tensor(shape: given.shape, scalars: codes)
  }

  private static func integerMultiplication(
    _ left: UInt8, _ right: UInt8, _ requantization: Requantization, _ given: Given
  ) throws(ReferenceError) -> Tensor<UInt8> {
    let (a, b) = (try given.codes(0).broadcast(to: given.shape), try given.codes(1).broadcast(to: given.shape))
    let codes = zip(a, b).map { a, b in
      let product = (Int32(a) - Int32(left)) * (Int32(b) - Int32(right))
      return UInt8(clamping: requantization.code(product, channel: 0))
    }
    return Tensor(shape: given.shape, scalars: codes)
  }

  private static func lookup(_ table: LookupTable, _ given: Given) throws(ReferenceError) -> AnyTensor {
    let x = try given.tensor(0)
    let patterns = (x.integers ?? []).map { table.results[Int($0 & 255)] }
    if table.output == .int8 {
      return .int8(Tensor(shape: x.shape, scalars: patterns.map { Int8(bitPattern: $0) }))
    }
    return AnyTensor.uint8(Tensor(shape: x.shape, scalars: patterns)).cast(to: table.output)
  }

  /// With e = exponentials[max − x]: `(e · range + sum / 2) / sum`.
  private static func integerSoftmax(
    axis: Int, _ softmax: IntegerSoftmax, _ given: Given
  ) throws(ReferenceError) -> Tensor<UInt8> {
    let x = try given.codes(0)
    let (outer, extent, inner) = x.shape.split(at: axis)
    var codes = x.scalars
    for i in 0..<outer {
      for j in 0..<inner {
        let places = (0..<extent).map { (i * extent + $0) * inner + j }
        let largest = places.reduce(UInt8(0)) { max($0, x.scalars[$1]) }
        let powers = places.map { UInt64(softmax.exponentials[Int(largest - x.scalars[$0])]) }
        let sum = powers.reduce(0, +)
        for (place, power) in zip(places, powers) {
          codes[place] = UInt8(clamping: (power * UInt64(softmax.range) + sum / 2) / sum)
        }
      }
    }
    return Tensor(shape: x.shape, scalars: codes)
  }

  private static func exactly32(_ sum: Int64, channel: Int) throws(ReferenceError) -> Int32 {
    guard let exact = Int32(exactly: sum) else { throw ReferenceError(.sum(sum, channel: channel)) }
    return exact
  }
}

extension Given {
  /// The integers that multiply activations.
  fileprivate func levels(_ index: Int) throws(ReferenceError) -> [Int64] {
    guard case .coded(let coded) = try constant(index) else {
      throw ReferenceError(.operands(.attribute("the weights of an integer operator are coded")))
    }
    return coded.levels.scalars.map(Int64.init)
  }
}
