extension ONNXRule {
  /// Every rule, one per operator.
  public static let all: [ONNXRule] =
    single + unaryFunctions + binaryFunctions + comparisons + variadicFunctions + reductions

  /// Rules that are not rows of a table.
  private static let single: [ONNXRule] = [
    // Weighted sums.
    .convolution, .transposedConvolution, .gemm, .matMul, .convInteger, .matMulInteger,
    // Pooling and normalization.
    .maxPool, .averagePool, .lpPool, .globalAveragePool, .globalMaxPool, .globalLpPool, .batchNormalization,
    .layerNormalization, .rmsNormalization, .groupNormalization, .instanceNormalization, .lpNormalization,
    .meanVarianceNormalization, .localResponseNormalization,
    // Elementwise.
    .clip, .pRelu, .power, .modulo, .cast, .castLike, .identity, .dropout, .where,
    .isInf,
    // Along axes.
    .softmax, .logSoftmax, .hardmax, .argMax, .argMin, .gather,
    // Layout.
    .reshape, .flatten, .squeeze, .unsqueeze, .transpose, .concat, .split, .slice, .pad, .expand, .tile, .resize,
    .upsample, .depthToSpace, .spaceToDepth,
    // Shapes and constants.
    .constant, .constantOfShape, .shape, .size, .range, .if,
    // Codes.
    .quantizeLinear, .dequantizeLinear, .dynamicQuantizeLinear, .qLinearConv, .qLinearMatMul,
    .qLinearAdd, .qLinearGlobalAveragePool,
  ]

  /// The rules for each operator's name.
  static let byName: [String: [ONNXRule]] = Dictionary(grouping: all, by: { $0.name })
}
