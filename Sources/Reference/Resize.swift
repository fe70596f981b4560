import Graphs
import Tensors

extension Reference {
  /// Every axis for itself, in Double: an element of the result is a weighted mean of a few elements of x.
  ///
  /// - Source: ONNX `Resize`, operator set 19, and its reference implementation.
  static func resize(_ resize: Resize, _ given: Given) throws(ReferenceError) -> AnyTensor {
    let x = try given.tensor(0)
    if case .nearest(let rounding) = resize.interpolation {
      let strides = x.shape.strides
      var tables: [[Int]] = []
      for axis in strides.indices {
        let mapping = try given.mapping(resize, x.shape, axis: axis)
        tables.append(mapping.nearest(rounding).map { $0 * strides[axis] })
      }
      return x.taking(given.shape.walk(tables: tables), shape: given.shape)
    }
    var (values, extents) = (x.doubles, x.shape.dimensions)
    for axis in extents.indices {
      let mapping = try given.mapping(resize, x.shape, axis: axis)
      if mapping.isIdentity { continue }
      let taps = (0..<mapping.count).map { resize.taps(mapping, at: $0) }
      values = apply(taps, to: values, Shape(extents), axis: axis)
      extents[axis] = mapping.count
    }
    if case .float32 = x { return .float32(Tensor(shape: given.shape, scalars: values.map { Float($0) })) }
    let rounded = values.map { Int64(saturating: $0.rounded(.toNearestOrEven)) }
    return AnyTensor.int64(Tensor(shape: given.shape, scalars: rounded)).saturated(to: x.elementType)
  }

  private static func apply(_ taps: [[Tap]], to values: [Double], _ shape: Shape, axis: Int) -> [Double] {
    let (outer, extent, inner) = shape.split(at: axis)
    var results: [Double] = []
    for i in 0..<outer {
      for tap in taps {
        for j in 0..<inner {
          results.append(tap.reduce(0) { $0 + $1.weight * values[(i * extent + $1.index) * inner + j] })
        }
      }
    }
    return results
  }
}

/// One element of an axis, and its share in a weighted mean.
private struct Tap {
  var index: Int
  var weight: Double
}

/// How the positions of one axis of the result lie over the input's.
private struct AxisMapping {
  var extent: Int
  var count: Int
  /// Result by input extent, as the model gives it.
  var scale: Double
  var coordinates: Resize.Coordinates

  var isIdentity: Bool { extent == count && scale == 1 }

  /// The place in the input that position `x` of the result shows.
  func place(of x: Int) -> Double {
    if isIdentity { return Double(x) }
    let (position, length) = (Double(x), scale * Double(extent))
    switch coordinates {
    case .halfPixel: return (position + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      return Double(extent) / 2 * (1 - Double(count) / length) + (position + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return count > 1 ? (position + 0.5) / scale - 0.5 : 0
    case .alignCorners: return length == 1 ? 0 : position * Double(extent - 1) / (length - 1)
    case .asymmetric: return position / scale
    }
  }

  func clamped(_ index: Double) -> Int { min(max(Int(saturating: index), 0), extent - 1) }

  /// The element that each position of the result shows.
  func nearest(_ rounding: Resize.Rounding) -> [Int] {
    (0..<count).map { x in
      let place = place(of: x)
      switch rounding {
      case .halfDown: return clamped((place - 0.5).rounded(.up))
      case .halfUp: return clamped((place + 0.5).rounded(.down))
      case .floor: return clamped(place.rounded(.down))
      case .ceiling: return clamped(place.rounded(.up))
      }
    }
  }
}

extension Given {
  fileprivate func mapping(_ resize: Resize, _ input: Shape, axis: Int) throws(ReferenceError) -> AxisMapping {
    let (extent, count) = (input[axis], shape[axis])
    guard extent > 0 || count == 0 else { throw ReferenceError(.emptyAxis(axis)) }
    let given = resize.scales[axis]
    // A scale that was rounded to Float for storing counts as the fraction that it stands for.
    let exact = extent == 0 ? 1 : Double(count) / Double(extent)
    let scale = Float(exact) == given ? exact : Double(given)
    guard scale > 0, scale.isFinite || count == 0 else {
      throw ReferenceError(.operands(.attribute("a scale is positive")))
    }
    return AxisMapping(extent: extent, count: count, scale: scale, coordinates: resize.coordinates)
  }
}

extension Resize {
  /// The elements that make up position `x` of the result; positions beyond the border show the border.
  fileprivate func taps(_ mapping: AxisMapping, at x: Int) -> [Tap] {
    let place = mapping.place(of: x)
    let base = place.rounded(.down)
    let ratio = place - base
    // Filtering stretches the kernel over all elements that shrink into one.
    let stretch = antialiases ? min(mapping.scale, 1) : 1
    let reach: Double = if case .linear = interpolation { 1 } else { 2 }
    let first = (-reach / stretch).rounded(.down) + 1
    let last = min(1 - first, Double(mapping.extent) * 4 + 8)
    var (weights, places) = ([Double](), [Double]())
    var offset = max(first, -Double(mapping.extent) * 4 - 8)
    while offset <= last {
      weights.append(weight(at: stretch * (offset - ratio)))
      places.append(base + offset)
      offset += 1
    }
    if excludesOutside {
      for (index, place) in places.enumerated() where place < 0 || place >= Double(mapping.extent) {
        weights[index] = 0
      }
    }
    let sum = excludesOutside || antialiases ? weights.reduce(0, +) : 1
    return zip(weights, places).map { Tap(index: mapping.clamped($1), weight: $0 / sum) }
  }

  /// The interpolation kernel: a triangle, or Keys' cubic.
  private func weight(at distance: Double) -> Double {
    let x = distance.magnitude
    switch interpolation {
    case .nearest: return x < 0.5 ? 1 : 0
    case .linear: return max(0, 1 - x)
    case .cubic(let coefficient):
      let a = Double(coefficient)
      if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
    }
  }
}
