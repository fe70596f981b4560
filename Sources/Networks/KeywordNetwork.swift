import Graphs

extension NetworkKind {
  /// DS-CNN for keywords in the form of MLPerf Tiny: one convolution of 10x4 and four depthwise separable ones, 64 channels.
  ///
  /// 23,756 trained parameters after folding the normalizations, 2,656,768 MAC for 1 x 49 x 10. Convolutions have biases
  /// beside their normalization, as the original's; dropout is left out.
  ///
  /// - Source: Zhang et al., *Hello Edge*, arXiv 1711.07128; Banbury et al., *MLPerf Tiny Benchmark*, arXiv 2106.07597.
  static let keywordNetwork = NetworkKind(
    "ds-cnn", help: "DS-CNN of MLPerf Tiny for keywords: 49 frames of 10 coefficients.", input: [1, 49, 10], classes: 12
  ) { (sketch, _) throws(GraphError) in
    sketch.epsilon = 1e-3
    var x = try sketch.convolution(sketch.input, 64, [10, 4], stride: 2, bias: true, name: "stem")
    x = try sketch.normalizedActivation(x, name: "stem")
    for block in 1...4 { x = try sketch.separable(x, 64, bias: true, name: "block\(block)") }
    return try sketch.classifier(try sketch.globalAverage(x))
  }
}
