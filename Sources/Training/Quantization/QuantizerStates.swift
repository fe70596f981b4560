import Graphs
import Quantizers
import Tensors

/// A quantizer's state as parameters, which optimizers, averages and checkpoints treat like all others.
final class QuantizerStates {
  let parameters: [Parameter]

  init(_ state: [QuantizerState], of id: ValueID, name: String) {
    parameters = state.map { entry in
      Parameter(
        id: id, name: "\(name).\(entry.name)", role: entry.isTrained ? .quantizerScale : .quantizerStatistic,
        tensor: Tensor(shape: [entry.values.count], scalars: entry.values))
    }
    names = state.map(\.name)
    gradientFactors = state.map(\.gradientFactor)
  }

  private let names: [String]
  private let gradientFactors: [Float]

  /// As the quantizer knows it.
  var state: [QuantizerState] {
    parameters.indices.map {
      QuantizerState(
        names[$0], parameters[$0].values.values, isTrained: parameters[$0].role.isTrained,
        gradientFactor: gradientFactors[$0])
    }
  }

  /// Takes over what a quantizer changed of its untrained state.
  func update(_ state: [QuantizerState]) {
    for (entry, parameter) in zip(state, parameters) where !parameter.role.isTrained {
      precondition(entry.values.count == parameter.values.count, "A state keeps its count")
      parameter.values.assign(entry.values)
    }
  }

  /// Sets the gradients of the loss, each times its entry's factor.
  ///
  /// - Precondition: as many arrays as entries.
  func setGradients(_ gradients: [[Float]]) {
    precondition(gradients.count == parameters.count, "A gradient for each entry of a state")
    for (index, parameter) in parameters.enumerated() where parameter.role.isTrained {
      parameter.gradient.assign(gradients[index].map { $0 * gradientFactors[index] })
    }
  }
}
