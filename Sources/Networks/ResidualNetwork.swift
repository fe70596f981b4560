import Graphs

extension NetworkKind {
  /// The residual network for CIFAR: blocks of two convolutions, activation after the sum, no weights in shortcuts.
  ///
  /// D = 6n + 2. Where a block halves the picture, its shortcut takes every second pixel and adds zero channels on both sides
  /// ("option A"). `resnet20`: 269,722 trained parameters, 40.6 million MAC; 32 and 44: 464,154 and 658,586. The graph
  /// is, node by node, that of the published PyTorch networks.
  ///
  /// - Source: He et al., *Deep Residual Learning for Image Recognition*, arXiv 1512.03385, section 4.2; the form of
  ///   akamaster/pytorch_resnet_cifar10.
  static let residualNetwork = NetworkKind(
    "resnet", [.residualDepth], help: "Residual network for CIFAR with activation after the sum, option A.",
    example: "resnet20", input: [3, 32, 32], classes: 10
  ) { (sketch, values) throws(GraphError) in
    var x = try sketch.convolution(sketch.input, 16, 3, padding: .each(1), name: "stem")
    x = try sketch.normalizedActivation(x, name: "stem")
    for (stage, channels) in [16, 32, 64].enumerated() {
      for block in 0..<(values.whole(0) - 2) / 6 {
        x = try blockOf(&sketch, x, channels, name: "layer\(stage + 1).\(block)")
      }
    }
    return try sketch.classifier(try sketch.globalAverage(x))
  }

  private static func blockOf(
    _ sketch: inout Sketch, _ x: ValueID, _ channels: Int, name: String
  ) throws(GraphError) -> ValueID {
    let grows = sketch.channels(x) != channels
    var y = try sketch.convolution(
      x, channels, 3, stride: grows ? 2 : 1, padding: .each(1), name: name + ".conv1")
    y = try sketch.normalizedActivation(y, name: name + ".conv1")
    y = try sketch.convolution(y, channels, 3, padding: .each(1), name: name + ".conv2")
    y = try sketch.normalization(y, name: name + ".conv2.bn")
    var shortcut = x
    if grows {
      shortcut = try sketch.everySecondPixel(x, name: name + ".shortcut.slice")
      shortcut = try sketch.padChannels(shortcut, to: channels, name: name + ".shortcut.pad")
    }
    return try sketch.activation(try sketch.sum(y, shortcut, name: name + ".add"), name: name + ".relu")
  }
}
