import CKernels
import Graphs

/// Addition, subtraction or multiplication of two values, or of a value and a parameter, with broadcasting along whole
/// groups of axes: items, pixels, channels.
final class BinaryLayer: Layer {
  /// Elements from one item, pixel and channel of the result to the next in an operand; 0 where it is stretched.
  struct Strides: Equatable {
    var item: Int
    var pixel: Int
    var channel: Int
  }

  /// Where an operand comes from.
  enum Operand {
    case value(Int, Strides)
    case parameter(Parameter, Strides)
  }

  private let function: BinaryFunction
  private let operands: [Operand]
  private let clamp: Clamp?
  /// Of a sum of two whole values.
  private let grid: (pass: GridPass, flat: FlatLayout)?

  /// - Parameter grid: only for a sum of two values of the result's layout.
  /// - Precondition: two operands; the function is `add`, `subtract` or `multiply`.
  init(
    name: String, output: Int, function: BinaryFunction, operands: [Operand], clamp: Clamp?,
    grid: (pass: GridPass, flat: FlatLayout)? = nil
  ) {
    precondition(operands.count == 2 && [.add, .subtract, .multiply].contains(function), "The trainer's functions")
    self.function = function
    self.grid = grid
    self.operands = operands
    self.clamp = clamp
    let values = operands.compactMap { if case .value(let index, _) = $0 { index } else { nil } }
    super.init(name: name, inputs: values, output: output)
  }

  /// A sum's gradient is that of an operand of the same shape.
  override var inputsInPlace: [Int] {
    guard function == .add else { return [] }
    let values = operands.compactMap { operand -> Strides? in
      if case .value(_, let strides) = operand { strides } else { nil }
    }
    return values.indices.filter { values[$0].item > 0 && values[$0].pixel > 0 && values[$0].channel > 0 }
  }

  private func place(_ operand: Operand, _ context: Context) -> (UnsafeMutablePointer<Float>, Strides) {
    switch operand {
    case .value(let index, let strides): (context.value(index), strides)
    case .parameter(let parameter, let strides): (parameter.values.pointer, strides)
    }
  }

  override func forward(_ context: Context) {
    let layout = context.layout(output)
    let y = context.value(output)
    let (a, aStep) = place(operands[0], context)
    let (b, bStep) = place(operands[1], context)
    if let grid {
      grid.pass.forward(context, pixels: grid.flat.pixels, output: y, describe(context, grid.flat))
      return
    }
    let (lowest, highest) = (clamp?.lower ?? -.infinity, clamp?.upper ?? .infinity)
    if isPlain(0, context), isPlain(1, context) {
      addWhole(context, a, b, Clamp(lower: lowest, upper: highest))
      return
    }
    context.workers.overBatch(context.count) { _, range in
      for item in range {
        for pixel in 0..<layout.pixels {
          let from = (item * aStep.item + pixel * aStep.pixel, item * bStep.item + pixel * bStep.pixel)
          let to = (item * layout.pixels + pixel) * layout.channels
          for c in 0..<layout.channels {
            let (left, right) = (a[from.0 + c * aStep.channel], b[from.1 + c * bStep.channel])
            let result = function == .add ? left + right : function == .subtract ? left - right : left * right
            y[to + c] = min(max(result, lowest), highest)
          }
        }
      }
    }
  }

  /// Whether an operand of a sum is a value with an element for each of the result's.
  private func isPlain(_ side: Int, _ context: Context) -> Bool {
    guard function == .add, case .value(let index, _) = operands[side] else { return false }
    return context.layout(index) == context.layout(output)
  }

  private func addWhole(
    _ context: Context, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ limits: Clamp
  ) {
    let size = context.layout(output).itemCount
    context.workers.overBatch(context.count) { _, range in
      let first = range.lowerBound * size
      var call = dc_map()
      call.input = UnsafeRawPointer(a + first)
      call.other = UnsafeRawPointer(b + first)
      call.output = UnsafeMutableRawPointer(context.value(output) + first)
      call.rows = 1
      call.count = Int32(range.count * size)
      call.lowest = limits.lower
      call.highest = limits.upper
      context.kernels.add_f32f32f32(&call)
    }
  }

  /// What the grid rounds: the sum inside the clamp.
  private func describe(_ context: Context, _ flat: FlatLayout) -> (inout dc_channelwise, Int) -> Void {
    let (a, b, clamp) = (place(operands[0], context).0, place(operands[1], context).0, clamp)
    return { call, first in
      flat.describe(&call, clamp)
      call.input = UnsafePointer(a + first)
      call.other = UnsafePointer(b + first)
    }
  }

  override func backward(_ context: Context) {
    if let grid {
      let gradient = context.gradient(output)
      _ = grid.pass.backward(
        context, pixels: grid.flat.pixels, gradient: gradient, target: gradient, describe(context, grid.flat))
    } else {
      context.workers.overBatch(context.count) { _, range in maskGradient(context, range, clamp) }
    }
    // The operand that shares its memory with the result's gradient comes last, when nobody reads that any more.
    let order = isInPlace(operands[0], context) ? [1, 0] : [0, 1]
    for side in order { backward(context, side) }
  }

  private func isInPlace(_ operand: Operand, _ context: Context) -> Bool {
    if case .value(let index, _) = operand { return context.gradients[index] === context.gradients[output] }
    return false
  }

  private func backward(_ context: Context, _ side: Int) {
    let (target, step): (UnsafeMutablePointer<Float>, Strides)
    switch operands[side] {
    case .value(let index, let strides):
      let position = operands[0..<side].count { if case .value = $0 { true } else { false } }
      guard let accumulates = accumulates[position] else { return }
      if isInPlace(operands[side], context) { return }
      (target, step) = (context.gradient(index), strides)
      if isPlain(side, context) {
        passWhole(context, target, accumulates)
        return
      }
      if !accumulates { target.update(repeating: 0, count: context.count * context.layout(index).itemCount) }
    case .parameter(let parameter, let strides):
      (target, step) = (parameter.gradient.pointer, strides)
    }
    // Items that share a place are summed by one thread, in their order.
    if step.item > 0 {
      context.workers.overBatch(context.count) { _, range in add(context, side, target, step, range) }
    } else {
      add(context, side, target, step, 0..<context.count)
    }
  }

  private func passWhole(_ context: Context, _ target: UnsafeMutablePointer<Float>, _ accumulates: Bool) {
    let size = context.layout(output).itemCount
    context.workers.overBatch(context.count) { _, range in
      let first = range.lowerBound * size
      context.passGradient(
        context.gradient(output) + first, to: target + first, count: range.count * size, clamped: nil,
        accumulates: accumulates)
    }
  }

  private func add(
    _ context: Context, _ side: Int, _ target: UnsafeMutablePointer<Float>, _ step: Strides, _ items: Range<Int>
  ) {
    let layout = context.layout(output)
    let g = context.gradient(output)
    let (other, otherStep) = place(operands[1 - side], context)
    let sign: Float = function == .subtract && side == 1 ? -1 : 1
    for item in items {
      for pixel in 0..<layout.pixels {
        let from = (item * layout.pixels + pixel) * layout.channels
        let to = item * step.item + pixel * step.pixel
        let beside = item * otherStep.item + pixel * otherStep.pixel
        for c in 0..<layout.channels {
          let slope = function == .multiply ? other[beside + c * otherStep.channel] : sign
          target[to + c * step.channel] += g[from + c] * slope
        }
      }
    }
  }
}
