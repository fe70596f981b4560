import Graphs

extension NetworkKind {
  /// Six convolutions of 3x3 with 128, 128, 256, 256, 512, 512 filters, halved after each pair, and one dense layer.
  ///
  /// The yardstick of quantization papers on CIFAR-10: 4.66 million trained parameters, 608 million MAC. Each
  /// convolution has a batch normalization.
  ///
  /// - Source: Zhang et al., *LQ-Nets*, arXiv 1807.10029, section 5.1, after Hubara et al., *Binarized Neural Networks*.
  static let vggSmall = NetworkKind(
    "vgg-small", help: "VGG-small of the quantization papers: 6 convolutions, 4.66 M parameters.", input: [3, 32, 32],
    classes: 10
  ) { (sketch, _) throws(GraphError) in
    var x = sketch.input
    for (index, filters) in [128, 128, 256, 256, 512, 512].enumerated() {
      let name = "conv\(index + 1)"
      x = try sketch.convolution(x, filters, 3, name: name)
      x = try sketch.normalization(x, name: name + ".bn")
      if index % 2 == 1 { x = try sketch.maximumPooling(x, 2, stride: 2, name: name + ".pool") }
      x = try sketch.activation(x, name: name + ".relu")
    }
    return try sketch.classifier(x)
  }
}
