import ModelFormat
import Tensors

/// Brings inputs that were prepared for a student to what its teacher was trained on: other means and deviations, another
/// size.
///
/// A larger teacher sees pictures enlarged, bilinearly. A smaller one sees those whose enlargement comes closest to what the
/// student sees, by least squares: pictures that were enlarged for the student come back as they were.
struct TeacherInputs {
  /// Inputs of the teacher are `scale · x + offset`, by channel; nil where they are the student's.
  private let numbers: [(scale: Float, offset: Float)]?
  /// Nil where sizes are equal.
  private let size: (rows: LinearMap, columns: LinearMap)?

  /// - Parameters:
  ///   - student: how the student's inputs are made.
  ///   - studentShape: of them, with any batch.
  ///   - teacher: how the teacher's inputs are made; nil if its file does not say, and they are taken for the student's.
  ///   - teacherShape: of those.
  /// - Throws: `Failure` where channels differ, or inputs are no planar pictures and differ.
  init(student: Preprocessing, _ studentShape: Shape, teacher: Preprocessing?, _ teacherShape: Shape) throws {
    let teacher = teacher ?? student
    let isSameNumbers =
      teacher.scale == student.scale && teacher.mean == student.mean && teacher.std == student.std
    let (own, other) = (studentShape.dimensions.dropFirst(), teacherShape.dimensions.dropFirst())
    let isSame = own == other && isSameNumbers
    guard isSame || (own.count == 3 && other.count == 3 && own.first == other.first && student.layout == .planar),
      teacher.channelOrder == student.channelOrder, teacher.layout == student.layout
    else {
      throw Failure(
        .usage,
        "--teacher: takes inputs of \(teacherShape), the student of \(Shape([1] + own)), and not all can be made of the student's: "
          + "channels, their order and layout have to be the same.")
    }
    let channels = studentShape.rank > 1 ? studentShape[1] : 1
    numbers = isSameNumbers ? nil : (0..<channels).map { Self.numbers(from: student, to: teacher, channel: $0) }
    guard own != other else {
      size = nil
      return
    }
    size = (
      LinearMap(from: studentShape[2], to: teacherShape[2]), LinearMap(from: studentShape[3], to: teacherShape[3])
    )
  }

  private static func numbers(
    from student: Preprocessing, to teacher: Preprocessing, channel: Int
  ) -> (scale: Float, offset: Float) {
    func mean(_ preprocessing: Preprocessing) -> Float { preprocessing.mean[channel % preprocessing.mean.count] }
    func std(_ preprocessing: Preprocessing) -> Float { preprocessing.std[channel % preprocessing.std.count] }
    let scale = teacher.scale / student.scale
    return (std(student) * scale / std(teacher), (mean(student) * scale - mean(teacher)) / std(teacher))
  }

  /// What the teacher sees of a batch.
  func callAsFunction(_ inputs: Tensor<Float>) -> Tensor<Float> {
    let resized = size.map { Self.resized(inputs, $0.rows, $0.columns) } ?? inputs
    guard let numbers, resized.shape.rank > 1 else { return resized }
    let plane = resized.shape.dimensions.dropFirst(2).reduce(1, *)
    var scalars = resized.scalars
    for item in 0..<resized.shape[0] {
      for (channel, number) in numbers.enumerated() {
        let first = (item * numbers.count + channel) * plane
        for index in first..<first + plane { scalars[index] = scalars[index] * number.scale + number.offset }
      }
    }
    return Tensor(shape: resized.shape, scalars: scalars)
  }

  /// Pictures of `[n, c, rows, columns]` in another size.
  private static func resized(_ inputs: Tensor<Float>, _ rows: LinearMap, _ columns: LinearMap) -> Tensor<Float> {
    let shape: Shape = [inputs.shape[0], inputs.shape[1], rows.to, columns.to]
    let (planes, width) = (inputs.shape[0] * inputs.shape[1], columns.from)
    let scalars = [Float](unsafeUninitializedCapacity: shape.elementCount) { result, count in
      result.initialize(repeating: 0)
      count = shape.elementCount
      inputs.scalars.withUnsafeBufferPointer { source in
        var line = [Float](repeating: 0, count: width)
        for plane in 0..<planes {
          let first = plane * rows.from * width
          for row in 0..<rows.to {
            for column in 0..<width { line[column] = 0 }
            for (other, weight) in rows[row].enumerated() where weight != 0 {
              let start = first + other * width
              for column in 0..<width { line[column] += weight * source[start + column] }
            }
            let start = (plane * rows.to + row) * columns.to
            for (other, weights) in columns.transposed.enumerated() {
              let value = line[other]
              for column in 0..<columns.to { result[start + column] += value * weights[column] }
            }
          }
        }
      }
    }
    return Tensor(shape: shape, scalars: scalars)
  }
}

/// A row of pixels brought to another length.
private struct LinearMap {
  let from: Int
  let to: Int
  /// Weights of the result's pixels, `to` rows of `from`.
  private let weights: [[Float]]
  /// The same by pixel of the source.
  let transposed: [[Float]]

  /// Enlarges bilinearly, or is the least-squares inverse of that.
  init(from: Int, to: Int) {
    (self.from, self.to) = (from, to)
    let weights = to >= from ? Self.enlarging(from, to) : Self.inverse(Self.enlarging(to, from))
    self.weights = weights.map { $0.map(Float.init) }
    transposed = (0..<from).map { column in weights.map { Float($0[column]) } }
  }

  subscript(row: Int) -> [Float] { weights[row] }

  /// Centers of pixels lie at halves; beyond the outer ones pictures stay as they are there, as `Resampling` has it.
  private static func enlarging(_ from: Int, _ to: Int) -> [[Double]] {
    (0..<to).map { target in
      let center = (Double(target) + 0.5) * Double(from) / Double(to) - 0.5
      var row = [Double](repeating: 0, count: from)
      let low = Int(center.rounded(.down))
      for (index, weight) in [(low, Double(low + 1) - center), (low + 1, center - Double(low))] {
        row[min(max(index, 0), from - 1)] += weight
      }
      return row
    }
  }

  /// `(UᵀU)⁻¹Uᵀ`, by elimination: enlarging loses nothing, so that UᵀU is positive definite.
  private static func inverse(_ enlarging: [[Double]]) -> [[Double]] {
    let count = enlarging.first?.count ?? 0
    var left = (0..<count).map { row in
      (0..<count).map { column in enlarging.reduce(0) { $0 + $1[row] * $1[column] } }
    }
    var right = (0..<count).map { row in enlarging.map { $0[row] } }
    for pivot in 0..<count {
      let scale = 1 / left[pivot][pivot]
      left[pivot] = left[pivot].map { $0 * scale }
      right[pivot] = right[pivot].map { $0 * scale }
      for row in 0..<count where row != pivot && left[row][pivot] != 0 {
        let factor = left[row][pivot]
        left[row] = zip(left[row], left[pivot]).map { $0 - factor * $1 }
        right[row] = zip(right[row], right[pivot]).map { $0 - factor * $1 }
      }
    }
    return right
  }
}
