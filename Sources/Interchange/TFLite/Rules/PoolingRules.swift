import Graphs

extension TFLiteRule {
  static let poolings = [
    TFLiteRule(1, "AVERAGE_POOL_2D") { (lowering: inout TFLiteLowering) throws(Fault) in
      try pooling(.average, &lowering)
    },
    TFLiteRule(17, "MAX_POOL_2D") { (lowering: inout TFLiteLowering) throws(Fault) in
      try pooling(.maximum, &lowering)
    },
  ]

  /// x `[N, H, W, C]`; the mean leaves padding out.
  private static func pooling(_ kind: Pooling.Kind, _ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let (x, extents) = try lowering.image()
    let window = try lowering.window(
      kernel: [try lowering.option(4), try lowering.option(3)],
      strides: [try lowering.option(2), try lowering.option(1)], padding: try lowering.choice(0), over: extents)
    let id = try lowering.append(.pooling(Pooling(kind: kind, window: window)), [x])
    let activation = try FusedActivation(try lowering.choice(5))
    return [TFLiteResult(try lowering.apply(activation, id), order: channelsSecond)]
  }
}
