import Graphs

extension NetworkKind {
  /// Depthwise convolutions of 3x3, each followed by one of 1x1, with a batch normalization after both.
  ///
  /// Channels are those of the paper times W, rounded down, at least 1. Width 1 for 3 x 224 x 224 and 1000 classes: 4,231,976
  /// trained parameters, 569 million MAC. Pictures with a side below 96 are not halved by the first convolution, so that
  /// 2 x 2 pixels are left of 32 x 32.
  ///
  /// - Source: Howard et al., *MobileNets*, arXiv 1704.04861.
  static let mobileNetV1 = NetworkKind(
    "mobilenetv1", [.width], help: "MobileNetV1 with W times the channels.", example: "mobilenetv1-0.25",
    input: [3, 224, 224], classes: 1000
  ) { (sketch, values) throws(GraphError) in
    func scaled(_ channels: Int) -> Int { max(Int(Double(channels) * values[0]), 1) }
    var x = try sketch.convolution(
      sketch.input, scaled(32), 3, stride: sketch.isInputSmall ? 1 : 2, padding: .same, name: "stem")
    x = try sketch.normalizedActivation(x, name: "stem")
    let blocks = [
      (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
      (1024, 2), (1024, 1),
    ]
    for (index, (channels, stride)) in blocks.enumerated() {
      x = try sketch.separable(x, scaled(channels), stride: stride, name: "block\(index + 1)")
    }
    return try sketch.classifier(try sketch.globalAverage(x))
  }
}

extension Sketch {
  /// Pictures of a size for which networks for ImageNet would leave nothing.
  var isInputSmall: Bool { (spatial(input).min() ?? 0) < 96 }

  /// A depthwise convolution of 3x3 and one of 1x1, both normalized and activated.
  mutating func separable(
    _ x: ValueID, _ channels: Int, stride: Int = 1, bias: Bool = false, name: String
  ) throws(GraphError) -> ValueID {
    var y = try depthwise(x, stride: stride, bias: bias, name: name + ".depthwise")
    y = try normalizedActivation(y, name: name + ".depthwise")
    y = try convolution(y, channels, 1, bias: bias, name: name + ".pointwise")
    return try normalizedActivation(y, name: name + ".pointwise")
  }
}
