import Graphs

extension NetworkKind {
  /// SqueezeNet 1.0: a 1x1 convolution squeezes, 1x1 and 3x3 ones expand; biases, no normalization.
  ///
  /// 1,248,424 parameters for 1000 classes. The last convolution is the classifier; its activation, then the mean over all
  /// pixels are the logits, as in the original. Pictures with a side below 96 are not halved by the first convolution.
  /// Without the dropout before the classifier, for which the graph has no operator.
  ///
  /// - Source: Iandola et al., *SqueezeNet*, arXiv 1602.07360, table 1.
  static let squeezeNet10 = NetworkKind(
    "squeezenet1.0", help: "SqueezeNet 1.0: 1.25 M parameters.", input: [3, 224, 224], classes: 1000
  ) { (sketch, _) throws(GraphError) in
    try squeezeNet(
      &sketch, stem: (96, 7),
      stages: [[(16, 64), (16, 64), (32, 128)], [(32, 128), (48, 192), (48, 192), (64, 256)], [(64, 256)]])
  }

  /// SqueezeNet 1.1: less work in the first layers; 1,235,496 parameters for 1000 classes. Otherwise as 1.0.
  static let squeezeNet11 = NetworkKind(
    "squeezenet1.1", help: "SqueezeNet 1.1: 1.24 M parameters, less work than 1.0.", input: [3, 224, 224], classes: 1000
  ) { (sketch, _) throws(GraphError) in
    try squeezeNet(
      &sketch, stem: (64, 3),
      stages: [[(16, 64), (16, 64)], [(32, 128), (32, 128)], [(48, 192), (48, 192), (64, 256), (64, 256)]])
  }

  /// - Parameter stages: with maximum pooling before each; squeezed and expanded channels of each module.
  private static func squeezeNet(
    _ sketch: inout Sketch, stem: (filters: Int, kernel: Int), stages: [[(squeezed: Int, expanded: Int)]]
  ) throws(GraphError) -> ValueID {
    let isSmall = sketch.isInputSmall
    var x = try sketch.convolution(
      sketch.input, stem.filters, stem.kernel, stride: isSmall ? 1 : 2, padding: isSmall ? .same : .valid, bias: true,
      name: "conv1")
    x = try sketch.activation(x, name: "conv1.relu")
    var index = 2
    for modules in stages {
      x = try sketch.maximumPooling(x, 3, stride: 2, roundsUp: true, name: "pool\(index - 1)")
      for module in modules {
        x = try fire(&sketch, x, module.squeezed, module.expanded, name: "fire\(index)")
        index += 1
      }
    }
    x = try sketch.convolution(x, sketch.classes, 1, bias: true, name: "conv10")
    return try sketch.globalAverage(try sketch.activation(x, name: "conv10.relu"))
  }

  private static func fire(
    _ sketch: inout Sketch, _ x: ValueID, _ squeezed: Int, _ expanded: Int, name: String
  ) throws(GraphError) -> ValueID {
    func activated(_ x: ValueID, _ filters: Int, _ kernel: Int, _ part: String) throws(GraphError) -> ValueID {
      let sum = try sketch.convolution(x, filters, kernel, bias: true, name: "\(name).\(part)")
      return try sketch.activation(sum, name: "\(name).\(part).relu")
    }
    let middle = try activated(x, squeezed, 1, "squeeze")
    let parts = [try activated(middle, expanded, 1, "expand1"), try activated(middle, expanded, 3, "expand3")]
    return try sketch.concatenation(parts, name: name + ".join")
  }
}
