import Graphs
import Tensors

extension ONNXRule {
  /// Scales or sizes as operands; cropping while resizing is refused.
  static let resize = ONNXRule("Resize", 10...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    let (scalesIndex, sizesIndex) = node.opset < 11 ? (1, 3) : (2, 3)
    var target = ResizeTarget(type)
    let axes = try node.axesAsGiven(rank: type.rank)
    if node.has(sizesIndex) {
      let policy = try node.attributes.string("keep_aspect_ratio_policy", default: "stretch")
      try target.take(sizes: try node.dimensions(sizesIndex), axes: axes, policy: policy)
    } else {
      guard node.has(scalesIndex) else { throw .damaged("neither scales nor sizes are given") }
      try target.take(scales: try node.constant(scalesIndex).doubles.map { Float($0) }, axes: axes)
    }
    return [try node.emit(.resize(try node.resize(target)), x)]
  }

  /// Scales are attributes before set 9, an operand afterwards.
  static let upsample = ONNXRule("Upsample", 1...9) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    var target = ResizeTarget(node.type(x))
    var scales = try node.attributes.floats("scales")
    if node.opset < 7 {
      guard let rows = try node.attributes.float("height_scale"), let columns = try node.attributes.float("width_scale")
      else { throw .damaged("height_scale or width_scale is missing") }
      scales = [1, 1, rows, columns]
    } else if node.opset >= 9 {
      scales = try node.constant(1).doubles.map { Float($0) }
    }
    try target.take(scales: scales ?? [], axes: Array(0..<node.type(x).rank))
    return [try node.emit(.resize(try node.resize(target)), x)]
  }
}

/// Extents and scales of every axis, as scales or sizes of some of them say.
private struct ResizeTarget {
  var dimensions: [Dimension]
  var scales: [Float]

  init(_ type: TensorType) {
    dimensions = type.dimensions
    scales = [Float](repeating: 1, count: type.rank)
  }

  mutating func take(scales given: [Float], axes: [Int]) throws(ONNXFailure) {
    guard given.count == axes.count else { throw .damaged("\(given.count) scales for \(axes.count) axes") }
    for (scale, axis) in zip(given, axes) where scale != 1 {
      guard let extent = dimensions[axis].fixedExtent else { throw .unsupported("the batch is resized") }
      let result = (Float(extent) * scale).rounded(.down)
      guard scale > 0, scale.isFinite, result < 0x1p31 else { throw .damaged("a scale of \(scale)") }
      dimensions[axis] = .fixed(Int(result))
      scales[axis] = scale
    }
  }

  mutating func take(sizes: [Dimension], axes: [Int], policy: String) throws(ONNXFailure) {
    guard sizes.count == axes.count else { throw .damaged("\(sizes.count) sizes for \(axes.count) axes") }
    var ratios: [Float] = []
    for (size, axis) in zip(sizes, axes) {
      if size == dimensions[axis] {
        ratios.append(1)
        continue
      }
      guard let size = size.fixedExtent, let extent = dimensions[axis].fixedExtent else {
        throw .unsupported("the batch is resized")
      }
      guard size < 1 << 31, extent > 0 else { throw .damaged("a size of \(size) from \(extent) elements") }
      ratios.append(Float(size) / Float(extent))
    }
    switch policy {
    case "stretch":
      for (index, axis) in axes.enumerated() {
        dimensions[axis] = sizes[index]
        scales[axis] = ratios[index]
      }
    case "not_larger", "not_smaller":
      guard let scale = policy == "not_larger" ? ratios.min() : ratios.max() else { return }
      for axis in axes {
        guard let extent = dimensions[axis].fixedExtent else { throw .unsupported("the batch is resized") }
        let result = (Float(extent) * scale + 0.5).rounded(.down)
        guard result < 0x1p31 else { throw .damaged("a size of \(result)") }
        dimensions[axis] = .fixed(Int(result))
        scales[axis] = scale
      }
    default: throw .damaged("keep_aspect_ratio_policy '\(policy.escapedForDisplay)' does not exist")
    }
  }
}

extension ONNXNode {
  fileprivate func axesAsGiven(rank: Int) throws(ONNXFailure) -> [Int] {
    guard let listed = try attributes.integers("axes") else { return Array(0..<rank) }
    _ = try axes(listed, rank: rank)
    return listed.map { $0 < 0 ? $0 + rank : $0 }
  }

  fileprivate func resize(_ target: ResizeTarget) throws(ONNXFailure) -> Resize {
    let isOld = opset < 11
    let coordinates: Resize.Coordinates
    switch try attributes.string("coordinate_transformation_mode", default: isOld ? "asymmetric" : "half_pixel") {
    case "half_pixel": coordinates = .halfPixel
    case "half_pixel_symmetric": coordinates = .halfPixelSymmetric
    case "pytorch_half_pixel": coordinates = .pytorchHalfPixel
    case "align_corners": coordinates = .alignCorners
    case "asymmetric": coordinates = .asymmetric
    case let other: throw .unsupported("coordinates '\(other.escapedForDisplay)'")
    }
    return Resize(
      interpolation: try interpolation(target, isOld: isOld), coordinates: coordinates, extents: target.dimensions,
      scales: target.scales, excludesOutside: try attributes.flag("exclude_outside"),
      antialiases: try attributes.flag("antialias"))
  }

  private func interpolation(_ target: ResizeTarget, isOld: Bool) throws(ONNXFailure) -> Resize.Interpolation {
    switch try attributes.string("mode", default: "nearest") {
    case "linear", "bilinear": return .linear
    case "cubic": return .cubic(coefficient: try attributes.float("cubic_coeff_a", default: -0.75))
    case "nearest":
      // Sets before 11 do not say how halves are rounded when an axis shrinks.
      guard !isOld || target.scales.allSatisfy({ $0 >= 1 }) else {
        throw .unsupported("nearest neighbors of a shrinking axis before operator set 11")
      }
      switch try attributes.string("nearest_mode", default: isOld ? "floor" : "round_prefer_floor") {
      case "round_prefer_floor": return .nearest(.halfDown)
      case "round_prefer_ceil": return .nearest(.halfUp)
      case "floor": return .nearest(.floor)
      case "ceil": return .nearest(.ceiling)
      case let other: throw .damaged("nearest_mode '\(other.escapedForDisplay)' does not exist")
      }
    case let other: throw .damaged("mode '\(other.escapedForDisplay)' does not exist")
    }
  }
}
