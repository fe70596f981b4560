import CKernels

/// Rounds a value to a grid where no layer before it can in its own pass.
final class QuantizationLayer: Layer {
  private let pass: GridPass
  private let flat: FlatLayout

  init(name: String, input: Int, output: Int, layout: ValueLayout, activations: QuantizedActivations) {
    flat = FlatLayout(layout)
    pass = GridPass(activations, channels: flat.channels)
    super.init(name: name, inputs: [input], output: output)
  }

  override var inputsInPlace: [Int] { [0] }

  private func describe(_ context: Context) -> (inout dc_channelwise, Int) -> Void {
    let (input, flat) = (context.value(inputs[0]), flat)
    return { call, first in
      flat.describe(&call, nil)
      call.input = UnsafePointer(input + first)
    }
  }

  override func forward(_ context: Context) {
    pass.forward(context, pixels: flat.pixels, output: context.value(output), describe(context))
  }

  override func backward(_ context: Context) {
    // Nobody else reads the value before the grid, so that its gradient is never added to another.
    guard accumulates[0] != nil else { return }
    _ = pass.backward(
      context, pixels: flat.pixels, gradient: context.gradient(output), target: context.gradient(inputs[0]),
      describe(context))
  }
}
