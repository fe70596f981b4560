import Tensors

/// The closed set of core operators. Foreign operators are rewritten into it by one rule each.
///
/// Operand order is the order of `Node.inputs`. Shapes are row-major with the batch first and channels second
/// (`[N, C, H, W]`); an optional operand may be left out.
public enum Operator: Hashable, Sendable {
  // Weighted sums.
  /// x `[N, C, spatial...]`, weights `[M, C / groups, kernel...]`, bias `[M]` (optional) → `[N, M, out...]`.
  case convolution(Convolution)
  /// x `[N, C, spatial...]`, weights `[C, M / groups, kernel...]`, bias `[M]` (optional) → `[N, M, out...]`.
  case transposedConvolution(TransposedConvolution)
  /// x `[rows, K]`, weights `[M, K]`, bias `[M]` (optional) → `[rows, M]`; clamped if there is a clamp.
  case dense(clamp: Clamp?)
  /// a `[..., I, K]`, b `[..., K, J]` → `[..., I, J]`, with NumPy's rules for leading axes and for rank 1.
  case matrixProduct

  // Pooling and normalization.
  /// x `[N, C, spatial...]` → `[N, C, out...]`. Maximum also takes integers.
  case pooling(Pooling)
  /// x `[N, C, ...]`, gamma, beta, mean, variance `[C]` → `gamma · (x − mean) / sqrt(variance + epsilon) + beta`.
  case batchNormalization(epsilon: Float)
  /// Across `size` neighboring channels: `x / (bias + alpha / size · Σ x²)^beta`.
  case localResponseNormalization(size: Int, alpha: Float, beta: Float, bias: Float)
  /// exp(x) / Σ exp(x) along one axis, or its logarithm.
  case softmax(axis: Int, isLogarithmic: Bool)

  // Elementwise.
  case unary(UnaryFunction)
  /// a, b → broadcast; the clamp applies to float32 results.
  case binary(BinaryFunction, clamp: Clamp?)
  case comparison(Comparison)
  /// condition (bool), a, b → a where the condition holds, else b; with broadcasting.
  case select
  case cast(ElementType)

  // Along axes.
  /// Axes are not negative and ascending; reduced axes stay with extent 1 if kept.
  case reduction(Reduction, axes: [Int], keepsAxes: Bool)
  /// Index (int64) of the largest or smallest element along an axis.
  case argument(ofMaximum: Bool, axis: Int, keepsAxis: Bool, selectsLast: Bool)
  /// x, indices (int32 or int64; negative count from the end) → x's extents with `axis` replaced by the indices'.
  case gather(axis: Int)

  // Layout.
  /// Any number of operands along one axis.
  case concatenation(axis: Int)
  /// Elements added (cut if negative) before and after, one entry per axis.
  case padding(before: [Int], after: [Int], mode: PaddingMode)
  case reshape([Dimension])
  case transpose([Int])
  /// At most one entry per axis.
  case slice([AxisSlice])
  /// Stretches extents of 1 to the given dimensions.
  case expand([Dimension])
  case resize(Resize)

  // Codes.
  /// float32 → codes: `clamp(round(x / scale) + zeroPoint)`, rounding halves to even (ONNX).
  case quantize(AffineEncoding, ElementType)
  /// Codes → float32: `(code − zeroPoint) · scale`.
  case dequantize(AffineEncoding)
  /// An operator on codes with exact integer arithmetic.
  case integer(IntegerOperator)
}

extension Operator {
  /// The case without its attributes: the list that help texts, tests and tables read.
  public enum Kind: UInt8, CaseIterable, Hashable, Sendable {
    case convolution = 1
    case transposedConvolution
    case dense
    case matrixProduct
    case pooling
    case batchNormalization
    case localResponseNormalization
    case softmax
    case unary
    case binary
    case comparison
    case select
    case cast
    case reduction
    case argument
    case gather
    case concatenation
    case padding
    case reshape
    case transpose
    case slice
    case expand
    case resize
    case quantize
    case dequantize
    case integerConvolution
    case integerDense
    case integerAveragePooling
    case integerAddition
    case integerMultiplication
    case integerLookup
    case integerSoftmax
  }

  public var kind: Kind {
    switch self {
    case .convolution: .convolution
    case .transposedConvolution: .transposedConvolution
    case .dense: .dense
    case .matrixProduct: .matrixProduct
    case .pooling: .pooling
    case .batchNormalization: .batchNormalization
    case .localResponseNormalization: .localResponseNormalization
    case .softmax: .softmax
    case .unary: .unary
    case .binary: .binary
    case .comparison: .comparison
    case .select: .select
    case .cast: .cast
    case .reduction: .reduction
    case .argument: .argument
    case .gather: .gather
    case .concatenation: .concatenation
    case .padding: .padding
    case .reshape: .reshape
    case .transpose: .transpose
    case .slice: .slice
    case .expand: .expand
    case .resize: .resize
    case .quantize: .quantize
    case .dequantize: .dequantize
    case .integer(.convolution): .integerConvolution
    case .integer(.dense): .integerDense
    case .integer(.averagePooling): .integerAveragePooling
    case .integer(.addition): .integerAddition
    case .integer(.multiplication): .integerMultiplication
    case .integer(.lookup): .integerLookup
    case .integer(.softmax): .integerSoftmax
    }
  }
}

extension Operator.Kind: CustomStringConvertible {
  /// The name in tables and messages.
  public var description: String {
    switch self {
    case .convolution: "convolution"
    case .transposedConvolution: "transposed convolution"
    case .dense: "dense"
    case .matrixProduct: "matrix product"
    case .pooling: "pooling"
    case .batchNormalization: "batch normalization"
    case .localResponseNormalization: "local response normalization"
    case .softmax: "softmax"
    case .unary: "unary"
    case .binary: "binary"
    case .comparison: "comparison"
    case .select: "select"
    case .cast: "cast"
    case .reduction: "reduction"
    case .argument: "argument"
    case .gather: "gather"
    case .concatenation: "concatenation"
    case .padding: "padding"
    case .reshape: "reshape"
    case .transpose: "transpose"
    case .slice: "slice"
    case .expand: "expand"
    case .resize: "resize"
    case .quantize: "quantize"
    case .dequantize: "dequantize"
    case .integerConvolution: "integer convolution"
    case .integerDense: "integer dense"
    case .integerAveragePooling: "integer average pooling"
    case .integerAddition: "integer addition"
    case .integerMultiplication: "integer multiplication"
    case .integerLookup: "integer lookup"
    case .integerSoftmax: "integer softmax"
    }
  }
}
