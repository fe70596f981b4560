import Graphs

extension NetworkKind {
  /// The residual network of DeepChip: normalization and activation before each convolution, no weights in shortcuts.
  ///
  /// `conv0` of 3x3x16, three stages of n units with 16, 32 and 64 channels, D = 6n + 2. The first unit of a later stage
  /// halves the picture; its shortcut is a 2 x 2 average and zero channels on both sides. The first unit of all has no
  /// normalization of its own, `conv0` has one. A last normalization, the mean over all pixels, a dense layer.
  /// `preresnet44`: 655,418 weights and biases, 97.17 million MAC.
  ///
  /// - Source: Schindler et al., ECML-PKDD 2018, and its published training code; He et al., *Identity Mappings in Deep
  ///   Residual Networks*, arXiv 1603.05027; the network is that of TensorPack's CIFAR example.
  static let preactivationResNet = NetworkKind(
    "preresnet", [.residualDepth],
    help: "DeepChip's residual network for CIFAR: pre-activation, pooled and padded shortcuts.", example: "preresnet44",
    input: [3, 32, 32], classes: 10
  ) { (sketch, values) throws(GraphError) in
    var x = try sketch.convolution(sketch.input, 16, 3, name: "conv0")
    x = try sketch.normalizedActivation(x, name: "conv0")
    for (stage, channels) in [16, 32, 64].enumerated() {
      for unit in 0..<(values.whole(0) - 2) / 6 {
        x = try unitOf(&sketch, x, channels, isFirst: stage + unit == 0, name: "res\(stage + 1).\(unit)")
      }
    }
    x = try sketch.normalizedActivation(x, name: "last")
    return try sketch.classifier(try sketch.globalAverage(x))
  }

  private static func unitOf(
    _ sketch: inout Sketch, _ x: ValueID, _ channels: Int, isFirst: Bool, name: String
  ) throws(GraphError) -> ValueID {
    let grows = sketch.channels(x) != channels
    let before = isFirst ? x : try sketch.normalizedActivation(x, name: name + ".0")
    var y = try sketch.convolution(before, channels, 3, stride: grows ? 2 : 1, name: name + ".conv1")
    y = try sketch.normalizedActivation(y, name: name + ".conv1")
    y = try sketch.convolution(y, channels, 3, name: name + ".conv2")
    var shortcut = x
    if grows {
      shortcut = try sketch.averagePooling(x, 2, name: name + ".shortcut.pool")
      shortcut = try sketch.padChannels(shortcut, to: channels, name: name + ".shortcut.pad")
    }
    return try sketch.sum(y, shortcut, name: name + ".add")
  }
}

extension NetworkParameter {
  /// D = 6n + 2, from 8 to 1202.
  static let residualDepth = whole("D", "a depth of 6n + 2, 8 to 1202", 8...1202) { $0 % 6 == 2 }
}
