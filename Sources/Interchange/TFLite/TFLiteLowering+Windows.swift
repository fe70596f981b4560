import Graphs

/// The order in which convolutions and poolings want the axes of a `[N, H, W, C]` tensor.
let channelsSecond = [0, 3, 1, 2]

extension TFLiteLowering {
  /// Operand 0 with channels second, and its rows and columns.
  mutating func image() throws(Fault) -> (id: ValueID, extents: [Int]) {
    guard try rank(0) == 4 else { throw .damaged("an operand of rank \(try rank(0)) where [N, H, W, C] is due") }
    let dimensions = try dimensions(0)
    guard let rows = dimensions[1].fixedExtent, let columns = dimensions[2].fixedExtent else {
      throw .unsupported("the operator mixes the items of a batch")
    }
    return (try real(0, order: channelsSecond), [rows, columns])
  }

  /// The window with its padding written out: none for VALID, for SAME what makes `extent / stride` windows, rounded
  /// up, the odd element after the data.
  ///
  /// - Parameter padding: 0 for SAME, 1 for VALID.
  func window(
    kernel: [Int], strides: [Int], dilations: [Int] = [1, 1], padding: Int, over extents: [Int]
  ) throws(Fault) -> Window {
    var window = Window(kernel: kernel, strides: strides, dilations: dilations)
    guard window.isValid else {
      throw .damaged("a window of \(kernel) with strides \(strides) and dilations \(dilations)")
    }
    switch padding {
    case 0:
      for axis in 0..<2 {
        let count = (extents[axis] + strides[axis] - 1) / strides[axis]
        let total = max((count - 1) * strides[axis] + window.reach(axis) - extents[axis], 0)
        window.paddingBefore[axis] = total / 2
        window.paddingAfter[axis] = total - total / 2
      }
    case 1: break
    default: throw .damaged("padding kind \(padding)")
    }
    guard window.isValid else { throw .damaged("the padding of a window of \(kernel) is out of range") }
    return window
  }
}

/// The activation function that an operator applies to its result.
enum FusedActivation {
  case none
  case clamp(Clamp)
  case tanh

  /// - Parameter number: that of the schema's `ActivationFunctionType`.
  init(_ number: Int) throws(Fault) {
    switch number {
    case 0: self = .none
    case 1: self = .clamp(.relu)
    case 2: self = .clamp(Clamp(lower: -1, upper: 1))
    case 3: self = .clamp(Clamp(lower: 0, upper: 6))
    case 4: self = .tanh
    default: throw .unsupported("fused activation function \(number)")
    }
  }

  /// The limits, for operators that apply them themselves.
  var clamp: Clamp? {
    if case .clamp(let clamp) = self { clamp } else { nil }
  }
}

extension TFLiteLowering {
  /// Appends what is left to do for an operator that applies clamps itself.
  mutating func finish(_ activation: FusedActivation, _ id: ValueID) throws(Fault) -> ValueID {
    switch activation {
    case .none, .clamp: id
    case .tanh: try append(.unary(.tanh), [id], name: name + "/activation")
    }
  }

  /// Appends the activation for an operator that has no clamp.
  mutating func apply(_ activation: FusedActivation, _ id: ValueID) throws(Fault) -> ValueID {
    switch activation {
    case .none: id
    case .clamp(.relu): try append(.unary(.relu), [id], name: name + "/activation")
    case .clamp(let clamp): try append(.unary(.clip(clamp)), [id], name: name + "/activation")
    case .tanh: try append(.unary(.tanh), [id], name: name + "/activation")
    }
  }
}
