import Graphs
import Reference
import Tensors

extension ActivationSource {
  /// Runs graphs by the definitions of their operators: slow, and there without a runtime.
  ///
  /// - Parameter batches: for each batch one tensor per input of the graph, in its order.
  public static func reference(batches: [[AnyTensor]]) -> ActivationSource {
    ActivationSource { graph, values, observe in
      let wanted = Set(values)
      for batch in batches {
        var seen: [(ValueID, Tensor<Float>)] = []
        _ = try GraphEvaluator(graph).outputs(batch) { id, tensor in
          if wanted.contains(id), let real = tensor.asFloat32 { seen.append((id, real)) }
        }
        for (id, tensor) in seen { try observe(id, tensor) }
      }
    }
  }
}
