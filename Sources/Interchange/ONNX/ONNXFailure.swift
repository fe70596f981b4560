import Graphs
import Tensors

/// Why one node or tensor of an ONNX file is not taken; the importer adds file and place.
///
/// Text from the file inside a reason is already escaped.
enum ONNXFailure: Error, Equatable {
  /// The file contradicts itself.
  case damaged(String)
  /// The file may be right, but this is not supported.
  case unsupported(String)
}

extension ONNXFailure {
  /// A graph that the core set refuses: wrong element types and ranks are not supported, the rest is a bad file.
  init(_ problem: GraphError.Problem) {
    let reason = problem.description
    switch problem {
    case .elementType, .rank: self = .unsupported(reason)
    case .mismatch where reason.contains("batch") || reason.contains("N"): self = .unsupported(reason)
    case .mismatch, .operandCount, .missingOperand, .undefinedOperand, .attribute, .emptyResult, .tooLarge, .order,
      .type:
      self = .damaged(reason)
    }
  }

  init(_ error: ShapeError) { self = .damaged(error.description) }
}
