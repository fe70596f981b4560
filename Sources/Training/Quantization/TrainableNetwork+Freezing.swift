import Graphs
import Quantizers
import Tensors

extension TrainableNetwork {
  /// The graph that the last forward pass stands for, with codes in the place of what was simulated.
  ///
  /// Weights are coded constants, with codes of 0 where they are masked; values that have a rule carry its encoding; biases and
  /// normalizations are as trained. Values that only move elements carry none: their encoding follows from their operands'.
  ///
  /// - Parameter weights: taken in the place of those that the network has; see `prunedWeights`.
  /// - Throws: `.quantization` when weights have no codes, or a rule's codes are not all those of a whole number of bits.
  public func frozenGraph(with weights: [ValueID: Constant] = [:]) throws(TrainingError) -> Graph {
    var result = trainedGraph
    var last = progress
    last.updatesState = false
    for layer in quantizedWeights {
      let id = layer.parameter.id
      if let given = weights[id] {
        result.constants[id] = given
        continue
      }
      do throws(QuantizationError) {
        result.constants[id] = try layer.constant(last)
      } catch {
        throw TrainingError(.quantization("\(error.at(layer.parameter.name))"))
      }
    }
    for activations in quantizedActivations {
      let rule = activations.currentRule
      guard rule.isSign || rule.encoding.codeRange == 0...rule.highestCode else {
        let name = graph[activations.values[0]].name
        throw TrainingError(.quantization("the codes of '\(name)' are not all of a whole number of bits"))
      }
      for id in activations.values { result[id].encoding = .affine(rule.encoding) }
    }
    return result
  }
}
