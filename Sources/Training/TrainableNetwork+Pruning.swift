import Graphs
import Quantizers

extension TrainableNetwork {
  /// The share of weights that are not 0 as the last forward pass had them, by the constant of the weights; all that
  /// `NetworkQuantization` lists.
  public var densities: [(id: ValueID, name: String, count: Int, density: Double)] {
    quantizedWeights.map { ($0.parameter.id, $0.parameter.name, $0.count, $0.effectiveDensity) }
  }

  /// Thins the weights that may be pruned to a density, by magnitude.
  ///
  /// - Precondition: the density lies in 0...1.
  public func prune(to density: Float, form: DensitySchedule.Form, scope: DensitySchedule.Scope) {
    precondition((0...1).contains(density), "A density lies in 0...1")
    for (layer, kept) in thinned(density, form, scope) {
      layer.density = kept.density
      layer.setMask(kept.lives)
    }
  }

  /// The weights of a frozen graph after `prune`, which is not done, by constant; those of layers that may be pruned.
  ///
  /// - Precondition: the density lies in 0...1.
  /// - Throws: `.quantization` when weights have no codes.
  public func prunedWeights(
    to density: Float, form: DensitySchedule.Form, scope: DensitySchedule.Scope
  ) throws(TrainingError) -> [ValueID: Constant] {
    precondition((0...1).contains(density), "A density lies in 0...1")
    var last = progress
    last.updatesState = false
    var result: [ValueID: Constant] = [:]
    for (layer, kept) in thinned(density, form, scope) {
      do throws(QuantizationError) {
        result[layer.parameter.id] = try layer.constant(last, density: kept.density, lives: kept.lives)
      } catch {
        throw TrainingError(.quantization("\(error.at(layer.parameter.name))"))
      }
    }
    return result
  }

  /// The density and the mask that each layer gets; weights that are masked stay so.
  private func thinned(
    _ density: Float, _ form: DensitySchedule.Form, _ scope: DensitySchedule.Scope
  ) -> [(layer: QuantizedWeights, kept: (density: Float?, lives: [Bool]?))] {
    let layers = quantizedWeights.filter(\.isPruned)
    return zip(layers, Self.keptCounts(layers, density, scope)).map { layer, count in
      switch form {
      case .regrowing:
        return (layer, (scope == .layer ? density : Float(count) / Float(max(layer.count, 1)), layer.lives))
      case .masking:
        let lives = Self.largest(count, of: layer.parameter.values.values)
        return (layer, (layer.density, layer.lives.map { zip($0, lives).map { $0 && $1 } } ?? lives))
      }
    }
  }

  /// Decides which weights live; the others become 0 and stay so.
  ///
  /// - Parameters:
  ///   - lives: as many as weights; nil lets all live.
  ///   - id: the constant of the weights.
  /// - Throws: `.quantization` when `NetworkQuantization` does not list the weights, or there are not as many.
  public func setMask(_ lives: [Bool]?, of id: ValueID) throws(TrainingError) {
    guard let weights = quantizedWeights.first(where: { $0.parameter.id == id }),
      lives.map({ $0.count == weights.count }) ?? true
    else { throw TrainingError(.quantization("a mask of \(lives?.count ?? 0) for value \(id.index)")) }
    weights.setMask(lives)
  }

  /// Whether the weights may be pruned; nil when `NetworkQuantization` does not list them.
  public func isPruned(_ id: ValueID) -> Bool? { quantizedWeights.first { $0.parameter.id == id }?.isPruned }

  /// Which weights live; nil when all do, or `NetworkQuantization` does not list them.
  public func mask(of id: ValueID) -> [Bool]? { quantizedWeights.first { $0.parameter.id == id }?.lives }

  /// How many weights each layer keeps.
  private static func keptCounts(
    _ layers: [QuantizedWeights], _ density: Float, _ scope: DensitySchedule.Scope
  ) -> [Int] {
    func share(_ count: Int) -> Int { Int((Double(density) * Double(count)).rounded()) }
    switch scope {
    case .layer: return layers.map { share($0.count) }
    case .byShape(let kernel): return kernel.keptCounts(layers.map(\.parameter.shape), density: density)
    case .network: return largestCounts(layers.map(relativeMagnitudes), share)
    case .networkByMagnitude: return largestCounts(layers.map { $0.parameter.values.values.map(\.magnitude) }, share)
    }
  }

  /// |w| / rms(w).
  private static func relativeMagnitudes(_ layer: QuantizedWeights) -> [Float] {
    let latent = layer.parameter.values.values
    let squares = latent.reduce(0.0) { $0 + Double($1) * Double($1) }
    let inverse = squares > 0 ? Float((Double(latent.count) / squares).squareRoot()) : 0
    return latent.map { $0.magnitude * inverse }
  }

  /// How many of the largest of all scores each layer has.
  private static func largestCounts(_ scores: [[Float]], _ share: (Int) -> Int) -> [Int] {
    let all = scores.flatMap { $0 }.sorted(by: >)
    let kept = share(all.count)
    guard kept > 0 else { return scores.map { _ in 0 } }
    let threshold = all[kept - 1]
    var ties = kept - scores.reduce(0) { $0 + $1.count { $0 > threshold } }
    return scores.map { scores in
      let equal = min(ties, scores.count { $0 == threshold })
      ties -= equal
      // A layer without any weight passes nothing on.
      return max(scores.count { $0 > threshold } + equal, min(scores.count, 1))
    }
  }

  /// True for the `count` largest magnitudes; of equal ones the first.
  private static func largest(_ count: Int, of values: [Float]) -> [Bool] {
    let magnitudes = values.map(\.magnitude)
    guard count > 0 else { return magnitudes.map { _ in false } }
    let threshold = magnitudes.sorted(by: >)[min(count, magnitudes.count) - 1]
    var ties = count - magnitudes.count { $0 > threshold }
    return magnitudes.map { magnitude in
      if magnitude == threshold { ties -= 1 }
      return magnitude > threshold || (magnitude == threshold && ties >= 0)
    }
  }
}
