import Graphs

extension NetworkKind {
  /// The ConvNet of DeepChip, first made for SVHN: seven convolutions and one dense layer.
  ///
  ///     conv0 5x5x48, pool, relu          36 -> 18    no normalization, with bias
  ///     conv1 3x3x64, bn, relu            18
  ///     conv2 3x3x64, bn, pool, relu      18 -> 9
  ///     conv3 3x3x128 without padding     7
  ///     conv4 3x3x128                     7
  ///     conv5 3x3x128 without padding     5
  ///     conv6 5x5x512 without padding     1
  ///     fc1   classes, with bias
  ///
  /// For 3 x 40 x 40: 2,080,330 weights and biases, 41.74 million MAC. Other sizes from 40 pixels on give conv6 more than one
  /// pixel and fc1 more inputs. The paper drops half of conv6's inputs out while training: a setting of the recipe
  /// (`dropout`), not of the graph.
  ///
  /// - Source: Schindler et al., *Towards Efficient Forward Propagation on Resource-Constrained Systems*, ECML-PKDD 2018, and
  ///   its published training code; the network is that of TensorPack's DoReFa example for SVHN.
  static let convNetSVHN = NetworkKind(
    "convnet-svhn", help: "DeepChip's ConvNet for SVHN: 7 convolutions, 2.08 M parameters, input 40x40.",
    input: [3, 40, 40], classes: 10
  ) { (sketch, _) throws(GraphError) in
    sketch.epsilon = 1e-4
    var x = try sketch.convolution(sketch.input, 48, 5, padding: .valid, bias: true, name: "conv0")
    x = try halved(&sketch, x, name: "pool0")
    x = try sketch.activation(x, name: "conv0.relu")
    x = try sketch.convolution(x, 64, 3, name: "conv1")
    x = try sketch.normalizedActivation(x, name: "conv1")
    x = try sketch.convolution(x, 64, 3, name: "conv2")
    x = try sketch.normalization(x, name: "conv2.bn")
    x = try halved(&sketch, x, name: "pool2")
    x = try sketch.activation(x, name: "conv2.relu")
    for (index, padding) in [Sketch.Padding.valid, .same, .valid].enumerated() {
      x = try sketch.convolution(x, 128, 3, padding: padding, name: "conv\(index + 3)")
      x = try sketch.normalizedActivation(x, name: "conv\(index + 3)")
    }
    x = try sketch.convolution(x, 512, 5, padding: .valid, name: "conv6")
    x = try sketch.normalizedActivation(x, name: "conv6")
    return try sketch.classifier(x, name: "fc1")
  }

  /// The maximum of 2 x 2; a last odd row or column makes windows of its own.
  private static func halved(_ sketch: inout Sketch, _ x: ValueID, name: String) throws(GraphError) -> ValueID {
    let isOdd = sketch.spatial(x).contains { $0 % 2 == 1 }
    return try sketch.maximumPooling(x, 2, stride: 2, roundsUp: isOdd, name: name)
  }
}
