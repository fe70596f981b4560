import Graphs

extension NetworkKind {
  /// DenseNet-BC: each layer sees the results of all before it in its block.
  ///
  /// 2K channels at first; three blocks of (L − 4) / 6 layers, each a 1x1 convolution to 4K and a 3x3 one to K channels that
  /// are appended; between blocks a 1x1 convolution to half of the channels, rounded down, and a 2 x 2 average. Normalization
  /// and activation before each convolution. `densenet-bc-100-12`: 769,162 trained parameters.
  ///
  /// - Source: Huang et al., *Densely Connected Convolutional Networks*, arXiv 1608.06993.
  static let denseNet = NetworkKind(
    "densenet-bc-",
    [
      .whole("L", "a depth of 6n + 4, 10 to 250", 10...250) { $0 % 6 == 4 },
      .whole("K", "a growth of 1 to 64 channels", 1...64),
    ],
    help: "DenseNet-BC of depth L = 6n + 4 that grows by K channels a layer.", example: "densenet-bc-40-12",
    input: [3, 32, 32], classes: 10
  ) { (sketch, values) throws(GraphError) in
    let growth = values.whole(1)
    var x = try sketch.convolution(sketch.input, 2 * growth, 3, name: "stem")
    for block in 1...3 {
      for layer in 0..<(values.whole(0) - 4) / 6 {
        x = try denseLayer(&sketch, x, growth, name: "block\(block).\(layer)")
      }
      if block < 3 {
        let name = "transition\(block)"
        x = try sketch.normalizedActivation(x, name: name)
        x = try sketch.convolution(x, sketch.channels(x) / 2, 1, name: name)
        x = try sketch.averagePooling(x, 2, name: name + ".pool")
      }
    }
    x = try sketch.normalizedActivation(x, name: "last")
    return try sketch.classifier(try sketch.globalAverage(x))
  }

  private static func denseLayer(
    _ sketch: inout Sketch, _ x: ValueID, _ growth: Int, name: String
  ) throws(GraphError) -> ValueID {
    var y = try sketch.normalizedActivation(x, name: name + ".0")
    y = try sketch.convolution(y, 4 * growth, 1, name: name + ".conv1")
    y = try sketch.normalizedActivation(y, name: name + ".conv1")
    y = try sketch.convolution(y, growth, 3, name: name + ".conv2")
    return try sketch.concatenation([x, y], name: name + ".join")
  }
}
