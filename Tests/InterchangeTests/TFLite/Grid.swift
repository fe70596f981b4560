import Tensors

/// Numbers in the file's order of axes, for writing down what an operator means.
struct Grid: Equatable, Sendable {
  var shape: [Int]
  var values: [Float]

  init(_ shape: [Int], _ element: ([Int]) -> Float) {
    self.shape = shape
    values = []
    var index = [Int](repeating: 0, count: shape.count)
    for _ in 0..<shape.reduce(1, *) {
      values.append(element(index))
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
  }

  init(_ shape: [Int], values: [Float]) {
    self.shape = shape
    self.values = values
  }

  static func random(_ shape: [Int], seed: UInt64) -> Grid {
    Grid(shape, values: Tensor.random(Shape(shape), in: -2...2, seed: seed).scalars)
  }

  subscript(_ index: [Int]) -> Float {
    var place = 0
    for (axis, step) in index.enumerated() { place = place * shape[axis] + step }
    return values[place]
  }

  /// The element, or nil outside.
  func at(_ index: [Int]) -> Float? {
    for (axis, step) in index.enumerated() where step < 0 || step >= shape[axis] { return nil }
    return self[index]
  }

  func map(_ function: (Float) -> Float) -> Grid { Grid(shape, values: values.map(function)) }
}
