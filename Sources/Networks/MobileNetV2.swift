import Graphs

extension NetworkKind {
  /// Inverted residual blocks: 1x1 up, depthwise 3x3, 1x1 down without an activation; a shortcut where shapes agree.
  ///
  /// Channels are those of the paper times W, rounded to a multiple of 8 but never down by more than a tenth; the last 1,280 grow
  /// with W and do not shrink. Width 1 for 3 x 224 x 224 and 1000 classes: 3,504,872 trained parameters, 301 million MAC.
  /// Pictures with a side below 96 are halved three times, not five: the first convolution and the second stage keep
  /// their size.
  ///
  /// - Source: Sandler et al., *MobileNetV2*, arXiv 1801.04381, table 2.
  static let mobileNetV2 = NetworkKind(
    "mobilenetv2", [.width], help: "MobileNetV2 with W times the channels.", example: "mobilenetv2-0.5",
    input: [3, 224, 224], classes: 1000, activation: .relu6
  ) { (sketch, values) throws(GraphError) in
    let width = values[0]
    var x = try sketch.convolution(
      sketch.input, multipleOf8(32 * width), 3, stride: sketch.isInputSmall ? 1 : 2, padding: .each(1), name: "stem")
    x = try sketch.normalizedActivation(x, name: "stem")
    let stages = [
      (1, 16, 1, 1), (6, 24, 2, sketch.isInputSmall ? 1 : 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
      (6, 160, 3, 2), (6, 320, 1, 1),
    ]
    for (stage, (expansion, channels, count, stride)) in stages.enumerated() {
      for block in 0..<count {
        x = try invertedResidual(
          &sketch, x, multipleOf8(Double(channels) * width), expansion, block == 0 ? stride : 1,
          name: "stage\(stage + 1).\(block)")
      }
    }
    x = try sketch.convolution(x, multipleOf8(1280 * max(width, 1)), 1, name: "head")
    x = try sketch.normalizedActivation(x, name: "head")
    return try sketch.classifier(try sketch.globalAverage(x))
  }

  private static func multipleOf8(_ channels: Double) -> Int {
    let rounded = max(Int(channels + 4) / 8 * 8, 8)
    return Double(rounded) < 0.9 * channels ? rounded + 8 : rounded
  }

  private static func invertedResidual(
    _ sketch: inout Sketch, _ x: ValueID, _ channels: Int, _ expansion: Int, _ stride: Int, name: String
  ) throws(GraphError) -> ValueID {
    var y = x
    if expansion > 1 {
      y = try sketch.convolution(y, expansion * sketch.channels(x), 1, name: name + ".expand")
      y = try sketch.normalizedActivation(y, name: name + ".expand")
    }
    y = try sketch.depthwise(y, stride: stride, padding: .each(1), name: name + ".depthwise")
    y = try sketch.normalizedActivation(y, name: name + ".depthwise")
    y = try sketch.convolution(y, channels, 1, name: name + ".project")
    y = try sketch.normalization(y, name: name + ".project.bn")
    return stride == 1 && sketch.channels(x) == channels ? try sketch.sum(y, x, name: name + ".add") : y
  }
}
