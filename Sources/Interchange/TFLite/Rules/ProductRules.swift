import Graphs

extension TFLiteRule {
  static let products = [
    TFLiteRule(9, "FULLY_CONNECTED", dense),
    TFLiteRule(126, "BATCH_MATMUL", matrixProduct),
  ]

  /// x of any rank, taken as rows of K; weights `[M, K]`; bias `[M]`.
  private static func dense(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    guard try lowering.choice(1) == 0 else { throw .unsupported("shuffled weights of a dense layer") }
    let weights = try lowering.dimensions(1)
    guard weights.count == 2, let outputs = weights[0].fixedExtent, let inputs = weights[1].fixedExtent, inputs > 0
    else { throw .damaged("dense weights \(weights.listDescription)") }
    let dimensions = try lowering.dimensions(0)
    guard let rows = try lowering.extent(before: inputs, in: dimensions) else {
      throw .damaged("dense weights \(weights.listDescription) for \(dimensions.listDescription)")
    }
    let activation = try FusedActivation(try lowering.choice(0))
    let x = try lowering.real(0, reshapedTo: [rows, .fixed(inputs)])
    let id = try lowering.append(
      .dense(clamp: activation.clamp), [x, try lowering.real(1, order: [0, 1])] + (try lowering.bias(2)))
    let keepsRank = try lowering.flag(2) && dimensions.count != 2
    guard !keepsRank || dimensions.last == .fixed(inputs) else {
      throw .damaged("dense weights \(weights.listDescription) for \(dimensions.listDescription)")
    }
    return [
      TFLiteResult(
        try lowering.finish(activation, id), order: [0, 1],
        dimensions: keepsRank ? dimensions.dropLast() + [.fixed(outputs)] : nil)
    ]
  }

  /// a `[..., I, K]`, b `[..., K, J]`, either with its last two axes exchanged if so asked.
  private static func matrixProduct(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    var operands: [ValueID] = []
    for index in 0..<2 {
      let dimensions = try lowering.dimensions(index)
      let rank = dimensions.count
      guard rank >= 2 else { throw .damaged("a matrix of rank \(rank)") }
      try lowering.checkNotBatch(dimensions, axes: [rank - 2, rank - 1])
      var order = Array(0..<rank)
      if try lowering.flag(index) { order.swapAt(rank - 2, rank - 1) }
      operands.append(try lowering.real(index, order: order))
    }
    let id = try lowering.append(.matrixProduct, operands)
    return [TFLiteResult(id, order: Array(lowering.graph[id].type.dimensions.indices))]
  }
}

extension TFLiteLowering {
  /// The first dimension when `dimensions` is reshaped to rows of `count` elements; nil if they do not come out even.
  ///
  /// - Throws: when the batch is not the first axis.
  func extent(before count: Int, in dimensions: [Dimension]) throws(Fault) -> Dimension? {
    guard let (factor, power) = dimensions.product else { return nil }
    guard count > 0, factor % count == 0 else { return nil }
    if power == 0 { return .fixed(factor / count) }
    try checkNotBatch(dimensions, axes: Array(1..<dimensions.count))
    return factor > 0 ? .batch(factor / count) : nil
  }
}
