import Graphs

extension NetworkKind {
  /// The AlexNet of DeepChip: batch normalization instead of local response normalization, groups of two as in the original.
  ///
  ///     conv0 12x12x96, stride 4, no padding, relu     54     no normalization, no bias
  ///     conv1 5x5x256 in 2 groups, bn, pool 3/2        27
  ///     conv2 3x3x384, bn, pool 3/2                    14
  ///     conv3 3x3x384 in 2 groups, bn                  14
  ///     conv4 3x3x256 in 2 groups, bn, pool 3/2        6
  ///     fc0, fc1 4096, bn
  ///     fct   classes, with bias
  ///
  /// For 3 x 224 x 224: 60,962,280 weights and biases, 1,937 million MAC.
  ///
  /// - Source: Schindler et al., ECML-PKDD 2018, and its published training code; the network is that of TensorPack's DoReFa
  ///   example for ImageNet.
  static let alexNet = NetworkKind(
    "alexnet", help: "DeepChip's AlexNet with batch normalization: 61.0 M parameters, input 224x224.",
    input: [3, 224, 224], classes: 1000
  ) { (sketch, _) throws(GraphError) in
    sketch.epsilon = 1e-4
    var x = try sketch.convolution(sketch.input, 96, 12, stride: 4, padding: .valid, name: "conv0")
    x = try sketch.activation(x, name: "conv0.relu")
    x = try sketch.convolution(x, 256, 5, groups: 2, name: "conv1")
    x = try pooled(&sketch, x, .same, index: 1)
    x = try sketch.convolution(x, 384, 3, name: "conv2")
    x = try pooled(&sketch, x, .same, index: 2)
    x = try sketch.convolution(x, 384, 3, groups: 2, name: "conv3")
    x = try sketch.normalizedActivation(x, name: "conv3")
    x = try sketch.convolution(x, 256, 3, groups: 2, name: "conv4")
    x = try pooled(&sketch, x, .valid, index: 4)
    for name in ["fc0", "fc1"] {
      x = try sketch.dense(x, 4096, name: name)
      x = try sketch.normalizedActivation(x, name: name)
    }
    return try sketch.classifier(x, name: "fct")
  }

  private static func pooled(
    _ sketch: inout Sketch, _ x: ValueID, _ padding: Sketch.Padding, index: Int
  ) throws(GraphError) -> ValueID {
    var x = try sketch.normalization(x, name: "conv\(index).bn")
    x = try sketch.maximumPooling(x, 3, stride: 2, padding: padding, name: "pool\(index)")
    return try sketch.activation(x, name: "conv\(index).relu")
  }
}
