import Graphs
import Tensors

/// A whole number that may depend on the batch size N: `slope · N + offset`.
struct LinearForm: Hashable, Sendable {
  var slope: Int
  var offset: Int

  init(slope: Int = 0, offset: Int) {
    self.slope = slope
    self.offset = offset
  }

  init(_ dimension: Dimension) {
    switch dimension {
    case .fixed(let extent): self.init(offset: extent)
    case .batch(let multiple): self.init(slope: multiple, offset: 0)
    }
  }

  /// The number, if it does not depend on the batch.
  var constant: Int? { slope == 0 ? offset : nil }

  /// The extent this stands for; nil for forms that no extent has, such as `N + 1`.
  var dimension: Dimension? {
    if slope == 0 { return .fixed(offset) }
    return offset == 0 && slope > 0 ? .batch(slope) : nil
  }
}

extension LinearForm {
  /// The sum; nil on overflow.
  func adding(_ other: LinearForm) -> LinearForm? {
    let (slope, overflow) = slope.addingReportingOverflow(other.slope)
    let (offset, overflow2) = offset.addingReportingOverflow(other.offset)
    return overflow || overflow2 ? nil : LinearForm(slope: slope, offset: offset)
  }

  /// The difference; nil on overflow.
  func subtracting(_ other: LinearForm) -> LinearForm? {
    LinearForm(offset: -1).multiplied(by: other).flatMap { adding($0) }
  }

  /// The product; nil on overflow or if it is quadratic in N.
  func multiplied(by other: LinearForm) -> LinearForm? {
    guard let factor = constant ?? other.constant else { return nil }
    let form = constant == nil ? self : other
    let (slope, overflow) = form.slope.multipliedReportingOverflow(by: factor)
    let (offset, overflow2) = form.offset.multipliedReportingOverflow(by: factor)
    return overflow || overflow2 ? nil : LinearForm(slope: slope, offset: offset)
  }

  /// The quotient where it is whole for every N, or truncated where N does not matter; else nil.
  func divided(by other: LinearForm) -> LinearForm? {
    if self == other && slope != 0 && offset == 0 { return LinearForm(offset: 1) }
    guard let divisor = other.constant, divisor != 0 else { return nil }
    if slope == 0 {
      let (quotient, overflow) = offset.dividedReportingOverflow(by: divisor)
      return overflow ? nil : LinearForm(offset: quotient)
    }
    guard divisor != -1 else { return LinearForm(offset: -1).multiplied(by: self) }
    guard slope % divisor == 0, offset % divisor == 0 else { return nil }
    return LinearForm(slope: slope / divisor, offset: offset / divisor)
  }
}

/// A small integer tensor of shape arithmetic, at least one element of which depends on the batch.
struct SymbolicTensor: Hashable, Sendable {
  /// Of rank 0 or 1.
  var shape: Shape
  /// The elements; as many as the shape has.
  var forms: [LinearForm]

  init(shape: Shape, forms: [LinearForm]) {
    precondition(forms.count == shape.elementCount, "As many forms as the shape has elements")
    self.shape = shape
    self.forms = forms
  }

  /// A list.
  init(_ forms: [LinearForm]) { self.init(shape: [forms.count], forms: forms) }

  /// The plain tensor, if nothing depends on the batch.
  var constant: AnyTensor? {
    var scalars: [Int64] = []
    for form in forms {
      guard let value = form.constant else { return nil }
      scalars.append(Int64(value))
    }
    return .int64(Tensor(shape: shape, scalars: scalars))
  }
}
