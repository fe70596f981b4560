import Graphs
import Tensors

extension ONNXRule {
  /// Bounds are attributes before set 10, operands afterwards.
  static let slice = ONNXRule("Slice", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let slices = try SliceBounds(node).slices(of: node.type(x))
    return [slices.isEmpty ? x : try node.emit(.slice(slices), x)]
  }

  /// As many slices as results; sizes are an attribute, an operand, or equal parts.
  static let split = ONNXRule("Split", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    let axis = try node.axis(try node.attributes.integer("axis", default: 0), of: type)
    guard let extent = type.dimensions[axis].fixedExtent else {
      throw .unsupported("the batch is split; only other axes can be")
    }
    let count = node.usedOutputs.count
    var sizes = try node.integers(attribute: "split", operand: 1) ?? []
    if sizes.isEmpty, count > 0 {
      // Equal parts, the last one smaller from set 18 on.
      let parts = try node.attributes.integer("num_outputs", default: count)
      guard parts == count, node.opset >= 18 || extent % parts == 0 else {
        throw .damaged("\(extent) elements do not split into \(parts) results")
      }
      let size = (extent + parts - 1) / parts
      sizes = (0..<parts).map { max(min(size, extent - $0 * size), 0) }
    }
    var results: [ValueID?] = []
    var start = 0
    for size in sizes {
      guard size >= 0, size <= extent - start else { throw .damaged("the parts \(sizes) exceed \(extent) elements") }
      results.append(
        try node.emit(.slice([AxisSlice(axis: axis, start: start, step: 1, count: size)]), x))
      start += size
    }
    guard start == extent, sizes.count == count else {
      throw .damaged("the parts \(sizes) are not the \(extent) elements in \(count) results")
    }
    return results
  }
}

/// Starts, ends, axes and steps of a `Slice` node.
struct SliceBounds {
  private var starts: [LinearForm]
  private var ends: [LinearForm]
  private var axes: [Int]?
  private var steps: [Int]?

  init(_ node: ONNXNode) throws(ONNXFailure) {
    if node.opset < 10 {
      guard let starts = try node.attributes.integers("starts"), let ends = try node.attributes.integers("ends")
      else { throw .damaged("starts or ends are missing") }
      self.starts = starts.map { LinearForm(offset: $0) }
      self.ends = ends.map { LinearForm(offset: $0) }
      axes = try node.attributes.integers("axes")
    } else {
      starts = try node.forms(1)
      ends = try node.forms(2)
      axes = try node.optionalIntegers(3)
      steps = try node.optionalIntegers(4)
    }
    guard starts.count == ends.count, axes == nil || axes?.count == starts.count,
      steps == nil || steps?.count == starts.count
    else { throw .damaged("starts, ends, axes and steps differ in number") }
  }

  /// One slice per axis that is really cut.
  func slices(of type: TensorType) throws(ONNXFailure) -> [AxisSlice] {
    var slices: [AxisSlice] = []
    var seen: [Int] = []
    for index in starts.indices {
      let given = axes?[index] ?? index
      guard let axis = type.axis(given) else { throw .damaged("axis \(given) does not exist in rank \(type.rank)") }
      guard !seen.contains(axis) else { throw .damaged("axis \(given) is named twice") }
      seen.append(axis)
      let step = steps?[index] ?? 1
      guard step != 0 else { throw .damaged("a step is 0") }
      guard let extent = type.dimensions[axis].fixedExtent else {
        try checkWhole(index, type.dimensions[axis], step: step)
        continue
      }
      guard let start = starts[index].constant, let end = ends[index].constant else {
        throw .unsupported("a bound depends on the batch size, and its axis does not")
      }
      let slice = Self.slice(axis: axis, extent: extent, start: start, end: end, step: step)
      if slice != AxisSlice(axis: axis, start: 0, step: 1, count: extent) { slices.append(slice) }
    }
    return slices
  }

  /// The batch can only be taken whole.
  private func checkWhole(_ index: Int, _ dimension: Dimension, step: Int) throws(ONNXFailure) {
    let reachesEnd = ends[index] == LinearForm(dimension) || (ends[index].constant ?? 0) >= Int(Int32.max)
    guard step == 1, starts[index].constant == 0, reachesEnd else {
      throw .unsupported("the batch is cut; only other axes can be")
    }
  }

  private static func slice(axis: Int, extent: Int, start: Int, end: Int, step: Int) -> AxisSlice {
    func clamped(_ bound: Int, _ range: ClosedRange<Int>) -> Int {
      let fromStart = bound < 0 ? bound + extent : bound
      return min(max(fromStart, range.lowerBound), range.upperBound)
    }
    guard extent > 0 else { return AxisSlice(axis: axis, start: 0, step: 1, count: 0) }
    // Longer steps than the axis take one element, whatever their length.
    let step = min(max(step, -extent), extent)
    let distance: Int
    let first: Int
    if step > 0 {
      first = clamped(start, 0...extent)
      distance = clamped(end, 0...extent) - first
    } else {
      first = clamped(start, 0...(extent - 1))
      distance = first - clamped(end, -1...(extent - 1))
    }
    let length = abs(step)
    let count = distance > 0 ? (distance + length - 1) / length : 0
    return AxisSlice(axis: axis, start: count > 0 ? first : 0, step: count > 0 ? step : 1, count: count)
  }
}
