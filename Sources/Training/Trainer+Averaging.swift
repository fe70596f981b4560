extension Trainer {
  /// Moves the averages towards the parameters after a step.
  func updateAverages() {
    guard let averaging = recipe.averaging else { return }
    let kept = min(averaging, Float(1 + step) / Float(10 + step))
    for (average, parameter) in zip(averages, network.parameters) {
      let (a, values) = (average.pointer, parameter.values.pointer)
      if parameter.role == .quantizerStatistic {
        // What a quantizer updates by itself is an average already, or a choice that has none.
        a.update(from: values, count: average.count)
      } else {
        for index in 0..<average.count { a[index] += (1 - kept) * (values[index] - a[index]) }
      }
    }
    clearMaskedAverages()
  }

  /// Thins the weights now, and with masks their averages too; what `Recipe.density` does by itself, for other schedules.
  ///
  /// - Precondition: the density lies in 0...1.
  public func prune(to density: Float, form: DensitySchedule.Form, scope: DensitySchedule.Scope) {
    network.prune(to: density, form: form, scope: scope)
    if !averages.isEmpty { clearMaskedAverages() }
  }

  private func clearMaskedAverages() {
    for weights in network.quantizedWeights {
      guard let index = network.parameters.firstIndex(where: { $0 === weights.parameter }) else { continue }
      weights.clearMasked(averages[index])
    }
  }

  /// Runs `body` with the moving averages as the network's parameters: evaluation and freezing see those then.
  ///
  /// Without `Recipe.averaging` it runs with the parameters as they are. `body` must not train.
  public func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
    exchangeAverages()
    defer { exchangeAverages() }
    return try body()
  }

  private func exchangeAverages() {
    for (average, parameter) in zip(averages, network.parameters) {
      for index in 0..<average.count { swap(&average.pointer[index], &parameter.values.pointer[index]) }
    }
  }
}
