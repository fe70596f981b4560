import Graphs
import Tensors

extension Reference {
  /// `x` with every index of `indices` looked up along `axis`; negative ones count from the end.
  static func gather(axis: Int, _ given: Given) throws(ReferenceError) -> AnyTensor {
    let (x, indices) = (try given.tensor(0), try given.tensor(1))
    let (outer, extent, inner) = x.shape.split(at: axis)
    var places: [Int] = []
    for index in indices.integers ?? [] {
      guard index >= -Int64(extent), index < Int64(extent) else { throw ReferenceError(.index(index, extent: extent)) }
      places.append((Int(index) + (index < 0 ? extent : 0)) * inner)
    }
    let taken = Shape([outer, places.count, inner]).walk(
      tables: [(0..<outer).map { $0 * extent * inner }, places, Array(0..<inner)])
    return x.taking(taken, shape: given.shape)
  }

  static func concatenation(axis: Int, _ given: Given) throws(ReferenceError) -> AnyTensor {
    var all = try given.tensor(0)
    for index in given.operands.indices.dropFirst() {
      let next = try given.tensor(index)
      guard let joined = all.joined(next) else {
        throw ReferenceError(.operands(.elementType(operand: index, found: next.elementType)))
      }
      all = joined
    }
    let (outer, _, inner) = given.shape.split(at: axis)
    var taken: [Int] = []
    for i in 0..<outer {
      var start = 0
      for index in given.operands.indices {
        let shape = try given.constant(index).shape
        let block = shape[axis] * inner
        taken += (start + i * block)..<(start + (i + 1) * block)
        start += shape.elementCount
      }
    }
    return all.taking(taken, shape: given.shape)
  }

  static func padding(before: [Int], mode: PaddingMode, _ given: Given) throws(ReferenceError) -> AnyTensor {
    let x = try given.tensor(0)
    var tables: [[Int]] = []
    for (axis, stride) in x.shape.strides.enumerated() {
      let extent = x.shape[axis]
      tables.append(
        (0..<given.shape[axis]).map { index in
          mode.source(of: index - before[axis], extent: extent).map { $0 * stride } ?? -1
        })
    }
    var filler: Float = 0
    if case .constant(let value) = mode { filler = value }
    return x.taking(given.shape.walk(tables: tables), shape: given.shape, filler: filler)
  }

  static func transpose(_ permutation: [Int], _ given: Given) throws(ReferenceError) -> AnyTensor {
    let x = try given.tensor(0)
    let strides = x.shape.strides
    return x.taking(given.shape.walk(steps: permutation.map { strides[$0] }), shape: given.shape)
  }

  static func slice(_ slices: [AxisSlice], _ given: Given) throws(ReferenceError) -> AnyTensor {
    let x = try given.tensor(0)
    var (start, steps) = (0, x.shape.strides)
    for slice in slices where slice.count > 0 {
      start += slice.start * steps[slice.axis]
      steps[slice.axis] *= slice.count > 1 ? slice.step : 0
    }
    return x.taking(given.shape.elementCount == 0 ? [] : given.shape.walkFrom(start, steps), shape: given.shape)
  }

  static func expand(_ given: Given) throws(ReferenceError) -> AnyTensor {
    let x = try given.tensor(0)
    return x.taking(x.shape.broadcastIndices(to: given.shape), shape: given.shape)
  }
}

extension Shape {
  /// As `walk(start:steps:)`, for steps that may be negative.
  fileprivate func walkFrom(_ start: Int, _ steps: [Int]) -> [Int] {
    var offsets = [start]
    for (axis, step) in steps.enumerated() {
      offsets = offsets.flatMap { offset in (0..<self[axis]).map { offset + $0 * step } }
    }
    return offsets
  }
}

extension PaddingMode {
  /// The element that stands at `position` of an axis of `extent` elements; nil for the filler.
  fileprivate func source(of position: Int, extent: Int) -> Int? {
    if (0..<extent).contains(position) { return position }
    guard extent > 0 else { return nil }
    func wrapped(_ period: Int) -> Int {
      let remainder = position % period
      return remainder < 0 ? remainder + period : remainder
    }
    switch self {
    case .constant: return nil
    case .edge: return position < 0 ? 0 : extent - 1
    case .wrap: return wrapped(extent)
    case .reflect:
      guard extent > 1 else { return 0 }
      let place = wrapped(2 * (extent - 1))
      return place < extent ? place : 2 * (extent - 1) - place
    }
  }
}
