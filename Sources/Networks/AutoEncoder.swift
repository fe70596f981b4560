import Graphs

extension NetworkKind {
  /// The auto-encoder of MLPerf Tiny for odd machine sounds: 640-128-128-128-128-8-128-128-128-128-640.
  ///
  /// Each dense layer but the last has a bias, a batch normalization and an activation. 267,928 parameters after folding.
  /// The result is to resemble the input; the mean squared difference is the score.
  ///
  /// - Source: Banbury et al., *MLPerf Tiny Benchmark*, arXiv 2106.07597; the baseline of DCASE 2020, task 2.
  static let autoEncoder = NetworkKind(
    "ad", help: "The auto-encoder of MLPerf Tiny for odd sounds: 640 numbers in and out.", input: [640],
    classes: nil
  ) { (sketch, _) throws(GraphError) in
    sketch.epsilon = 1e-3
    var x = sketch.input
    for (index, count) in [128, 128, 128, 128, 8, 128, 128, 128, 128].enumerated() {
      x = try sketch.dense(x, count, bias: true, name: "dense\(index)")
      x = try sketch.normalizedActivation(x, name: "dense\(index)")
    }
    return try sketch.classifier(x, outputs: sketch.extent(sketch.input, 1), name: "dense9")
  }
}
