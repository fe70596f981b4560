extension TrainableNetwork {
  /// The smallest factor (gamma) of a batch normalization that is folded into quantized weights.
  public static let smallestGamma: Float = 1e-3
}

/// The factors of a batch normalization after quantized weights, whose signs are the weights' business: a negative scale
/// would have no code in an alphabet whose two signs differ.
struct PositiveFactors {
  let gamma: Parameter
  let weights: Parameter
  /// The running mean, and the bias of the sum if there is one: they change sign with the weights.
  let biases: [Parameter]

  /// Makes negative factors positive and the weights of their channels negative, which changes no result.
  func moveSigns() {
    let channels = gamma.values.count
    let length = weights.values.count / max(channels, 1)
    for channel in 0..<channels where gamma.values.pointer[channel] < 0 {
      gamma.values.pointer[channel].negate()
      for parameter in biases { parameter.values.pointer[channel].negate() }
      for index in channel * length..<(channel + 1) * length { weights.values.pointer[index].negate() }
    }
    project()
  }

  /// Raises factors that are too small.
  func project() {
    for channel in 0..<gamma.values.count {
      gamma.values.pointer[channel] = max(gamma.values.pointer[channel], TrainableNetwork.smallestGamma)
    }
  }
}
