import Graphs
import Tensors

/// A network as it is stored and run: operators with their integers, coded weights, and what belongs to the model.
///
/// Weights are `Constant.coded` where they are codes and `Constant.tensor` where they are real. Kernel choice and
/// memory plan are not here: the runtime makes them for the machine it finds.
public struct PackedModel: Sendable, Equatable {
  public var graph: Graph
  /// How pictures become inputs, if the model is fed with pictures.
  public var preprocessing: Preprocessing?
  /// Names of the classes, in output order; empty if unknown.
  public var classNames: [String]

  public init(graph: Graph, preprocessing: Preprocessing? = nil, classNames: [String] = []) {
    self.graph = graph
    self.preprocessing = preprocessing
    self.classNames = classNames
  }
}
