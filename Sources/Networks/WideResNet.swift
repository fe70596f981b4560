import Graphs

extension NetworkKind {
  /// Wide residual network: few blocks with many channels, normalization and activation before each convolution.
  ///
  /// D = 6n + 4 layers, three stages of n blocks with 16K, 32K and 64K channels. A shortcut that changes the shape is a 1x1
  /// convolution of the normalized and activated input. `wrn-16-4`: 2,748,890 trained parameters; `wrn-28-10`: 36,479,194.
  /// Without the dropout that the paper has as an option.
  ///
  /// - Source: Zagoruyko, Komodakis, *Wide Residual Networks*, arXiv 1605.07146.
  static let wideResNet = NetworkKind(
    "wrn-",
    [
      .whole("D", "a depth of 6n + 4, 10 to 106", 10...106) { $0 % 6 == 4 },
      .whole("K", "a widening factor, 1 to 12", 1...12),
    ],
    help: "Wide residual network of depth D = 6n + 4 and width K.", example: "wrn-16-4", input: [3, 32, 32], classes: 10
  ) { (sketch, values) throws(GraphError) in
    var x = try sketch.convolution(sketch.input, 16, 3, padding: .each(1), name: "stem")
    for (stage, base) in [16, 32, 64].enumerated() {
      for block in 0..<(values.whole(0) - 4) / 6 {
        let stride = stage > 0 && block == 0 ? 2 : 1
        x = try wideBlock(&sketch, x, base * values.whole(1), stride, name: "layer\(stage + 1).\(block)")
      }
    }
    x = try sketch.normalizedActivation(x, name: "last")
    return try sketch.classifier(try sketch.globalAverage(x))
  }

  private static func wideBlock(
    _ sketch: inout Sketch, _ x: ValueID, _ channels: Int, _ stride: Int, name: String
  ) throws(GraphError) -> ValueID {
    let before = try sketch.normalizedActivation(x, name: name + ".0")
    var y = try sketch.convolution(before, channels, 3, stride: stride, padding: .each(1), name: name + ".conv1")
    y = try sketch.normalizedActivation(y, name: name + ".conv1")
    y = try sketch.convolution(y, channels, 3, padding: .each(1), name: name + ".conv2")
    var shortcut = x
    if sketch.channels(x) != channels {
      shortcut = try sketch.convolution(
        before, channels, 1, stride: stride, padding: .valid, name: name + ".shortcut")
    }
    return try sketch.sum(y, shortcut, name: name + ".add")
  }
}
