import Graphs

extension TFLiteRule {
  static let resizings = [
    TFLiteRule(23, "RESIZE_BILINEAR") { (lowering: inout TFLiteLowering) throws(Fault) in
      try resize(&lowering, alignsCorners: try lowering.flag(2), centers: try lowering.flag(3)) { _ in .linear }
    },
    TFLiteRule(97, "RESIZE_NEAREST_NEIGHBOR") { (lowering: inout TFLiteLowering) throws(Fault) in
      try resize(&lowering, alignsCorners: try lowering.flag(0), centers: try lowering.flag(1)) {
        .nearest($0 == .asymmetric ? .floor : .halfUp)
      }
    },
    TFLiteRule(5, "DEPTH_TO_SPACE", depthToSpace),
    TFLiteRule(26, "SPACE_TO_DEPTH", spaceToDepth),
  ]

  /// x `[N, H, W, C]` and the new rows and columns.
  private static func resize(
    _ lowering: inout TFLiteLowering, alignsCorners: Bool, centers: Bool,
    _ interpolation: (Resize.Coordinates) -> Resize.Interpolation
  ) throws(Fault) -> [TFLiteResult] {
    let size = try lowering.integers(1)
    let (x, extents) = try lowering.image()
    guard size.count == 2, size.allSatisfy({ $0 > 0 && $0 < 1 << 31 }), extents.allSatisfy({ $0 > 0 }) else {
      throw .damaged("\(extents) rows and columns resized to \(size)")
    }
    guard !(alignsCorners && centers) else { throw .damaged("aligned corners and half-pixel centers at once") }
    let coordinates: Resize.Coordinates = alignsCorners ? .alignCorners : centers ? .halfPixel : .asymmetric
    let resize = Resize(
      interpolation: interpolation(coordinates), coordinates: coordinates,
      extents: Array(lowering.graph[x].type.dimensions.prefix(2)) + size.map(Dimension.fixed),
      scales: [1, 1, Float(size[0]) / Float(extents[0]), Float(size[1]) / Float(extents[1])])
    return [TFLiteResult(try lowering.append(.resize(resize), [x]), order: channelsSecond)]
  }

  /// `[N, H, W, B · B · C]` → `[N, H · B, W · B, C]`.
  private static func depthToSpace(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let block = try lowering.option(0)
    let (x, extents) = try lowering.image()
    let batch = lowering.graph[x].type.dimensions[0]
    guard let channels = lowering.graph[x].type.dimensions[1].fixedExtent, (1...1024).contains(block),
      channels % (block * block) == 0
    else { throw .damaged("blocks of \(block)") }
    let rest = channels / (block * block)
    let b = Dimension.fixed(block)
    let split = try lowering.append(
      .reshape([batch, b, b, .fixed(rest), .fixed(extents[0]), .fixed(extents[1])]), [x])
    let mixed = try lowering.append(.transpose([0, 3, 4, 1, 5, 2]), [split])
    let id = try lowering.append(
      .reshape([batch, .fixed(rest), .fixed(extents[0] * block), .fixed(extents[1] * block)]), [mixed])
    return [TFLiteResult(id, order: channelsSecond)]
  }

  /// `[N, H · B, W · B, C]` → `[N, H, W, B · B · C]`.
  private static func spaceToDepth(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let block = try lowering.option(0)
    let (x, extents) = try lowering.image()
    let batch = lowering.graph[x].type.dimensions[0]
    guard let channels = lowering.graph[x].type.dimensions[1].fixedExtent, channels < 1 << 31,
      (1...1024).contains(block), extents.allSatisfy({ $0 % block == 0 })
    else { throw .damaged("blocks of \(block)") }
    let (rows, columns) = (Dimension.fixed(extents[0] / block), Dimension.fixed(extents[1] / block))
    let b = Dimension.fixed(block)
    let split = try lowering.append(.reshape([batch, .fixed(channels), rows, b, columns, b]), [x])
    let mixed = try lowering.append(.transpose([0, 3, 5, 1, 2, 4]), [split])
    let id = try lowering.append(.reshape([batch, .fixed(channels * block * block), rows, columns]), [mixed])
    return [TFLiteResult(id, order: channelsSecond)]
  }
}
