import Graphs
import Tensors

extension TFLiteRule {
  static let reductions = [
    TFLiteRule(40, "MEAN", mean),
    reduction(74, "SUM", .sum),
    reduction(81, "REDUCE_PROD", .product),
    reduction(82, "REDUCE_MAX", .maximum),
    reduction(89, "REDUCE_MIN", .minimum),
    argument(56, "ARG_MAX", ofMaximum: true),
    argument(79, "ARG_MIN", ofMaximum: false),
    TFLiteRule(25, "SOFTMAX", softmax),
    TFLiteRule(50, "LOG_SOFTMAX") { (lowering: inout TFLiteLowering) throws(Fault) in
      let x = try lowering.real(0)
      let axis = try lowering.lastAxis(x)
      return [TFLiteResult(try lowering.append(.softmax(axis: axis, isLogarithmic: true), [x.id]), order: x.order)]
    },
    TFLiteRule(11, "L2_NORMALIZATION") { (lowering: inout TFLiteLowering) throws(Fault) in
      let x = try lowering.real(0)
      let axis = try lowering.lastAxis(x)
      let norm = try lowering.append(.reduction(.l2, axes: [axis], keepsAxes: true), [x.id])
      let least = lowering.addScalar(1e-6)
      let divisor = try lowering.append(.binary(.maximum, clamp: nil), [norm, least])
      return [TFLiteResult(try lowering.append(.binary(.divide, clamp: nil), [x.id, divisor]), order: x.order)]
    },
  ]

  private static func reduction(_ code: Int, _ name: String, _ reduction: Reduction) -> TFLiteRule {
    TFLiteRule(code, name) { (lowering: inout TFLiteLowering) throws(Fault) in try reduce(reduction, &lowering) }
  }

  private static func reduce(
    _ reduction: Reduction, _ lowering: inout TFLiteLowering
  ) throws(Fault) -> [TFLiteResult] {
    let dimensions = try lowering.dimensions(0)
    let axes = try lowering.axes(1, rank: dimensions.count)
    try lowering.checkNotBatch(dimensions, axes: axes)
    let keepsAxes = try lowering.flag(0)
    let x = try lowering.real(0)
    let places = x.order.inverse
    let id = try lowering.append(
      .reduction(reduction, axes: axes.map { places[$0] }.sorted(), keepsAxes: keepsAxes), [x.id])
    return [TFLiteResult(id, order: keepsAxes ? x.order : x.order.removing(axes))]
  }

  /// The mean over all rows and columns of an image is a pooling with a window of its size; others are reductions.
  private static func mean(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let dimensions = try lowering.dimensions(0)
    let axes = try lowering.axes(1, rank: dimensions.count)
    guard dimensions.count == 4, axes == [1, 2], try lowering.order(0) == channelsSecond,
      let rows = dimensions[1].fixedExtent, let columns = dimensions[2].fixedExtent, rows > 0, columns > 0
    else { return try reduce(.mean, &lowering) }
    let x = try lowering.real(0)
    let pooling = Pooling(kind: .average, window: Window(kernel: [rows, columns]))
    let id = try lowering.append(.pooling(pooling), [x.id])
    let rest = try lowering.flag(0) ? nil : [dimensions[0], dimensions[3]]
    return [TFLiteResult(id, order: channelsSecond, dimensions: rest)]
  }

  private static func argument(_ code: Int, _ name: String, ofMaximum: Bool) -> TFLiteRule {
    TFLiteRule(code, name) { (lowering: inout TFLiteLowering) throws(Fault) in
      let dimensions = try lowering.dimensions(0)
      let axis = try TFLiteLowering.axis(try lowering.integer(1), rank: dimensions.count)
      try lowering.checkNotBatch(dimensions, axes: [axis])
      let x = try lowering.real(0)
      var id = try lowering.append(
        .argument(ofMaximum: ofMaximum, axis: x.order.inverse[axis], keepsAxis: false, selectsLast: false), [x.id])
      if lowering.outputType(0) == .int32 { id = try lowering.append(.cast(.int32), [id]) }
      return [TFLiteResult(id, order: x.order.removing([axis]))]
    }
  }

  /// Along the last axis of the file's order.
  private static func softmax(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let x = try lowering.real(0)
    let axis = try lowering.lastAxis(x)
    let beta = try lowering.float(0)
    var id = x.id
    if beta != 1 { id = try lowering.append(.binary(.multiply, clamp: nil), [id, lowering.addScalar(beta)]) }
    return [TFLiteResult(try lowering.append(.softmax(axis: axis, isLogarithmic: false), [id]), order: x.order)]
  }
}

extension TFLiteLowering {
  /// Where the value has the last axis of the file's order.
  fileprivate func lastAxis(_ value: ArrangedValue) throws(Fault) -> Int {
    let dimensions = dimensions(value)
    guard !dimensions.isEmpty else { throw .damaged("an operand without axes") }
    try checkNotBatch(dimensions, axes: [dimensions.count - 1])
    return value.order.inverse[dimensions.count - 1]
  }

  /// What the file declares for a result.
  func outputType(_ index: Int) -> TFLiteType? {
    node.outputs.indices.contains(index) ? file.tensors[node.outputs[index]].type : nil
  }
}

extension [Int] {
  /// The order that is left when axes are taken away.
  func removing(_ axes: [Int]) -> [Int] {
    filter { !axes.contains($0) }.map { axis in axis - axes.count { $0 < axis } }
  }
}
