import Graphs
import Quantizers
import Tensors

/// The weights of a layer as a quantizer and a mask change them.
///
/// `parameter.values` are the latent weights, `parameter.effective` those that the layer uses:
/// the quantizer's values, and 0 where the mask is 0. Masked latent weights are 0 too.
final class QuantizedWeights {
  let parameter: Parameter
  let quantizer: (any TrainableWeightQuantizer)?
  let isPruned: Bool
  let states: QuantizerStates
  /// Share of weights that a schedule lets be non-zero; nil without one.
  var density: Float?
  /// Ones and zeros; nil when all weights live.
  private(set) var mask: FloatBuffer?

  init(_ parameter: Parameter, _ quantization: WeightQuantization) {
    self.parameter = parameter
    quantizer = quantization.quantizer
    isPruned = quantization.isPruned
    let latent = UnsafeBufferPointer(start: parameter.values.pointer, count: parameter.values.count)
    states = QuantizerStates(
      quantization.quantizer?.initialState(latent, channels: parameter.shape[0]) ?? [], of: parameter.id,
      name: parameter.name)
    parameter.effective = FloatBuffer(parameter.values.count)
  }

  var count: Int { parameter.values.count }
  private var channels: Int { parameter.shape[0] }
  private var latent: UnsafeBufferPointer<Float> { .init(start: parameter.values.pointer, count: count) }

  private func own(_ progress: QuantizationProgress) -> QuantizationProgress {
    var own = progress
    own.density = density
    return own
  }

  /// Fills `effective`.
  func forward(_ progress: QuantizationProgress) {
    let effective = UnsafeMutableBufferPointer(start: parameter.effective.pointer, count: count)
    if let quantizer {
      var state = states.state
      quantizer.forward(latent, channels: channels, state: &state, progress: own(progress), into: effective)
      if progress.updatesState { states.update(state) }
    } else {
      parameter.effective.pointer.update(from: parameter.values.pointer, count: count)
    }
    multiplyByMask(parameter.effective)
  }

  /// Brings the gradient from the effective to the latent weights, in place.
  func backward(_ progress: QuantizationProgress) {
    multiplyByMask(parameter.gradient)
    if let quantizer {
      let gradient = UnsafeMutableBufferPointer(start: parameter.gradient.pointer, count: count)
      states.setGradients(
        quantizer.backward(
          gradient, latent: latent, channels: channels, state: states.state, progress: own(progress)))
    }
    multiplyByMask(parameter.gradient)
  }

  // MARK: Masks

  /// Sets the mask, and masked latent weights to 0; nil lets all live.
  func setMask(_ lives: [Bool]?) {
    mask = lives.map { FloatBuffer($0.map { $0 ? 1 : 0 }) }
    clearMasked()
  }

  /// Brings latent weights back into the range that the quantizer keeps them in.
  func clipLatent() {
    guard let range = quantizer?.latentRange else { return }
    let values = parameter.values.pointer
    for index in 0..<count { values[index] = min(max(values[index], range.lowerBound), range.upperBound) }
  }

  /// Sets masked latent weights to 0 again, which momentum may have moved.
  func clearMasked() { multiplyByMask(parameter.values) }

  /// The same for averages of the latent weights.
  func clearMasked(_ averages: FloatBuffer) { multiplyByMask(averages) }

  /// Which weights live; nil when all do.
  var lives: [Bool]? { mask?.values.map { $0 != 0 } }

  private func multiplyByMask(_ buffer: FloatBuffer) {
    guard let mask = mask?.pointer else { return }
    let values = buffer.pointer
    // Chosen, not multiplied: a product may be −0.
    for index in 0..<count { values[index] = mask[index] == 0 ? 0 : values[index] }
  }

  /// Share of effective weights that are not 0, as the last forward pass left them.
  var effectiveDensity: Double {
    let effective = UnsafeBufferPointer(start: parameter.effective.pointer, count: count)
    return Double(effective.count { $0 != 0 }) / Double(max(count, 1))
  }

  // MARK: Freezing

  /// The weights of a frozen network.
  func constant(_ progress: QuantizationProgress) throws(QuantizationError) -> Constant {
    try constant(progress, density: density, lives: lives)
  }

  /// The same with another density and mask, neither of which is set.
  func constant(
    _ progress: QuantizationProgress, density: Float?, lives: [Bool]?
  ) throws(QuantizationError) -> Constant {
    var latent = parameter.value
    if let lives { for index in 0..<count where !lives[index] { latent.scalars[index] = 0 } }
    guard let quantizer else { return .tensor(.float32(latent)) }
    var own = progress
    own.density = density
    let coded = try quantizer.coded(latent, state: states.state, progress: own)
    return .coded(lives.map(coded.masked(by:)) ?? coded)
  }
}
