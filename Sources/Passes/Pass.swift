import Graphs

/// A step from a graph to one that computes the same and is simpler.
public struct Pass: Sendable {
  /// Lowercase words joined by hyphens.
  public var name: String
  /// One sentence for help texts.
  public var summary: String
  /// The step itself; leaves alone what it does not know.
  public var apply: @Sendable (Graph) -> Graph

  public init(name: String, summary: String, apply: @escaping @Sendable (Graph) -> Graph) {
    self.name = name
    self.summary = summary
    self.apply = apply
  }
}

extension Pass {
  /// What every imported graph goes through, in this order, until nothing changes.
  ///
  /// Codes are absorbed first, before folding would turn coded weights into real ones.
  public static let standard: [Pass] = [
    Pass(name: "absorb-codes", summary: "Turns quantize and dequantize operators into encodings of values.") {
      $0.absorbingCodes()
    },
    Pass(name: "fold-constants", summary: "Computes what depends on constants only.") { $0.foldingConstants() },
    Pass(name: "remove-identities", summary: "Removes operators that return their operand.") {
      $0.removingIdentities()
    },
    Pass(name: "merge-duplicates", summary: "Computes only once what is computed twice.") { $0.mergingDuplicates() },
    Pass(name: "merge-reshapes", summary: "Joins reshapes in a row.") { $0.mergingReshapes() },
    Pass(name: "merge-slices", summary: "Joins slices in a row.") { $0.mergingSlices() },
    Pass(name: "merge-transposes", summary: "Joins transpositions in a row.") { $0.mergingTransposes() },
    Pass(name: "merge-padding", summary: "Moves padding into the windows of convolution and pooling.") {
      $0.mergingPadding()
    },
    Pass(name: "recognize-activations", summary: "Finds activation functions that are written out.") {
      $0.recognizingActivations()
    },
    Pass(name: "recognize-pooling", summary: "Turns means over all pixels into pooling.") {
      $0.recognizingPooling()
    },
    Pass(name: "fuse-bias", summary: "Turns matrix products into dense layers, and additions into their bias.") {
      $0.fusingBias()
    },
    Pass(name: "fold-batch-normalization", summary: "Folds batch normalization into the weights before it.") {
      $0.foldingBatchNormalization()
    },
    Pass(
      name: "normalization-as-convolution",
      summary: "Turns what batch normalization is left into depthwise convolution."
    ) { $0.turningNormalizationIntoConvolution() },
    Pass(name: "fold-scales", summary: "Folds multiplications by constants into the weights before them.") {
      $0.foldingScales()
    },
    Pass(name: "fuse-activations", summary: "Fuses ReLU and clip into the operator before them.") {
      $0.fusingActivations()
    },
    Pass(name: "remove-dead-nodes", summary: "Drops what no output depends on.") { $0.removingDeadNodes() },
  ]
}

extension Graph {
  /// The graph after `passes`, again and again until nothing changes.
  ///
  /// Inputs and outputs stay as they are, with their names and element types, and so do encodings.
  public func simplified(by passes: [Pass] = Pass.standard) -> Graph {
    var graph = self
    // Every round removes a node or a node's work, so there cannot be more rounds than that.
    for _ in 0...2 * nodes.count {
      let next = passes.reduce(graph) { $1.apply($0) }
      if next.hasStructure(of: graph) { return next }
      graph = next
    }
    return graph
  }

  /// True if both have the same nodes and values; constants, which may be large or NaN, are not compared.
  func hasStructure(of other: Graph) -> Bool {
    nodes == other.nodes && values == other.values && inputs == other.inputs && outputs == other.outputs
  }
}
