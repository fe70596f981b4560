import Graphs

extension NetworkKind {
  /// The small network of the demonstration: two convolutions of 3x3 with 24 and 48 filters, pooling, one dense layer.
  ///
  /// 18,418 trained parameters for 1 x 8 x 8; the structure of the built-in `digits.onnx`.
  static let digitsConvNet = NetworkKind(
    "digits-convnet", help: "The network of 'deepchip demo' for 8x8 digits.", input: [1, 8, 8], classes: 10
  ) { (sketch, _) throws(GraphError) in
    var x = try sketch.convolution(sketch.input, 24, 3, padding: .each(1), name: "conv1")
    x = try sketch.normalizedActivation(x, name: "conv1")
    x = try sketch.convolution(x, 48, 3, padding: .each(1), name: "conv2")
    x = try sketch.normalizedActivation(x, name: "conv2")
    x = try sketch.maximumPooling(x, 2, stride: 2, name: "pool")
    return try sketch.classifier(x)
  }
}
