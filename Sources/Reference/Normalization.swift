import CKernels
import Graphs
import Tensors

extension Reference {
  /// `gamma · (x − mean) / sqrt(variance + epsilon) + beta` by channel, in Double, rounded once.
  static func batchNormalization(_ epsilon: Float, _ given: Given) throws(ReferenceError) -> Tensor<Float> {
    let x = try given.floats(0)
    let (gamma, beta) = (try given.floats(1).scalars, try given.floats(2).scalars)
    let (mean, variance) = (try given.floats(3).scalars, try given.floats(4).scalars)
    let (_, channels, inner) = x.shape.split(at: 1)
    var results: [Float] = []
    for (index, value) in x.scalars.enumerated() {
      let c = index / inner % channels
      let deviation = (Double(variance[c]) + Double(epsilon)).squareRoot()
      results.append(Float(Double(gamma[c]) * (Double(value) - Double(mean[c])) / deviation + Double(beta[c])))
    }
    return Tensor(shape: x.shape, scalars: results)
  }

  /// `x / (bias + alpha / size · Σ x²)^beta` over the `size` channels around each; of an even number, one more lies
  /// above than below.
  static func localResponseNormalization(
    size: Int, alpha: Float, beta: Float, bias: Float, _ given: Given
  ) throws(ReferenceError) -> Tensor<Float> {
    let x = try given.floats(0)
    let (_, channels, inner) = x.shape.split(at: 1)
    var results: [Float] = []
    for (index, value) in x.scalars.enumerated() {
      let c = index / inner % channels
      var sum = 0.0
      let (below, above) = (min(c, (size - 1) / 2), min(channels - 1 - c, size / 2))
      for neighbor in -below...above {
        let other = Double(x.scalars[index + neighbor * inner])
        sum += other * other
      }
      let base = Double(bias) + Double(alpha) / Double(size) * sum
      results.append(Float(Double(value) / dc_pow(base, Double(beta))))
    }
    return Tensor(shape: x.shape, scalars: results)
  }

  /// `exp(x) / Σ exp(x)` along an axis, or its logarithm.
  static func softmax(axis: Int, isLogarithmic: Bool, _ given: Given) throws(ReferenceError) -> Tensor<Float> {
    let x = try given.floats(0)
    let (outer, extent, inner) = x.shape.split(at: axis)
    var results = x.scalars
    guard extent > 0 else { return x }
    for i in 0..<outer {
      for j in 0..<inner {
        let places = (0..<extent).map { (i * extent + $0) * inner + j }
        let largest = places.map { Double(x.scalars[$0]) }.reduce(-Double.infinity, max)
        let sum = places.reduce(0.0) { $0 + dc_exp(Double(x.scalars[$1]) - largest) }
        for place in places {
          let value = Double(x.scalars[place]) - largest
          results[place] = Float(isLogarithmic ? value - dc_log(sum) : dc_exp(value) / sum)
        }
      }
    }
    return Tensor(shape: x.shape, scalars: results)
  }
}
