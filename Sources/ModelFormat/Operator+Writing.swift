import Coding
import Graphs
import Tensors

extension SectionWriter {
  /// The attributes of `operator`, after its number.
  mutating func attributes(of operator: Operator) throws(ModelFormatError) {
    switch `operator` {
    case .convolution(let convolution): self.convolution(convolution)
    case .transposedConvolution(let convolution):
      window(convolution.window)
      size(convolution.groups)
      for amount in convolution.outputPadding { size(amount) }
    case .dense(let clamp): self.clamp(clamp)
    case .matrixProduct, .select: break
    case .pooling(let pooling): self.pooling(pooling)
    case .batchNormalization(let epsilon): floats([epsilon])
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      self.size(size)
      floats([alpha, beta, bias])
    case .softmax(let axis, let isLogarithmic):
      size(axis)
      flag(isLogarithmic)
    case .unary(let function): unary(function)
    case .binary(let function, let clamp):
      number(function)
      self.clamp(clamp)
    case .comparison(let comparison): number(comparison)
    case .cast(let elementType): number(elementType)
    case .reduction(let reduction, let axes, let keepsAxes):
      number(reduction)
      flag(keepsAxes)
      sizes(axes)
    case .argument(let ofMaximum, let axis, let keepsAxis, let selectsLast):
      size(axis)
      writer.byte((ofMaximum ? 1 : 0) | (keepsAxis ? 2 : 0) | (selectsLast ? 4 : 0))
    case .gather(let axis), .concatenation(let axis): size(axis)
    case .padding(let before, let after, let mode):
      paddingMode(mode)
      size(before.count)
      for amount in before + after { signed(amount) }
    case .reshape(let dimensions), .expand(let dimensions):
      size(dimensions.count)
      self.dimensions(dimensions)
    case .transpose(let permutation): sizes(permutation)
    case .slice(let slices):
      size(slices.count)
      for slice in slices { self.slice(slice) }
    case .resize(let resize): self.resize(resize)
    case .quantize(let encoding, let elementType):
      number(elementType)
      try affine(encoding)
    case .dequantize(let encoding): try affine(encoding)
    case .integer(let integer): try attributes(of: integer)
    }
  }

  private mutating func attributes(of operator: IntegerOperator) throws(ModelFormatError) {
    switch `operator` {
    case .convolution(let convolution, let zeroPoint, let result):
      self.convolution(convolution)
      writer.byte(zeroPoint)
      try sumResult(result)
    case .dense(let result): try sumResult(result)
    case .averagePooling(let pooling, let zeroPoint, let requantization):
      self.pooling(pooling)
      writer.byte(zeroPoint)
      try self.requantization(requantization)
    case .addition(let requantization):
      writer.signedVarint(Int64(requantization.leftMultiplier))
      writer.signedVarint(Int64(requantization.rightMultiplier))
      writer.signedVarint(requantization.offset)
      writer.byte(UInt8(clamping: requantization.shift))
      try codeRange(requantization.codeRange)
    case .multiplication(let leftZeroPoint, let rightZeroPoint, let requantization):
      writer.byte(leftZeroPoint)
      writer.byte(rightZeroPoint)
      try self.requantization(requantization)
    case .lookup(let table):
      try require(table.results.count == 256, "a table has 256 results")
      number(table.input)
      number(table.output)
      writer.append(table.results)
    case .softmax(let axis, let softmax):
      try require(softmax.exponentials.count == 256, "a softmax has 256 exponentials")
      size(axis)
      size(Int(softmax.range))
      integers(softmax.exponentials)
    }
  }

  private mutating func convolution(_ convolution: Convolution) {
    window(convolution.window)
    size(convolution.groups)
    clamp(convolution.clamp)
  }

  private mutating func pooling(_ pooling: Pooling) {
    number(pooling.kind)
    window(pooling.window)
    writer.byte((pooling.roundsUp ? 1 : 0) | (pooling.countsPadding ? 2 : 0))
  }

  private mutating func slice(_ slice: AxisSlice) {
    size(slice.axis)
    size(slice.start)
    signed(slice.step)
    size(slice.count)
  }

  private mutating func resize(_ resize: Resize) {
    switch resize.interpolation {
    case .nearest(let rounding):
      number(InterpolationKind.nearest)
      number(rounding)
    case .linear: number(InterpolationKind.linear)
    case .cubic(let coefficient):
      number(InterpolationKind.cubic)
      floats([coefficient])
    }
    number(resize.coordinates)
    writer.byte((resize.excludesOutside ? 1 : 0) | (resize.antialiases ? 2 : 0))
    size(resize.extents.count)
    dimensions(resize.extents)
    floats(resize.scales)
  }

  private mutating func paddingMode(_ mode: PaddingMode) {
    switch mode {
    case .constant(let value):
      number(PaddingKind.constant)
      floats([value])
    case .reflect: number(PaddingKind.reflect)
    case .edge: number(PaddingKind.edge)
    case .wrap: number(PaddingKind.wrap)
    }
  }

  private mutating func unary(_ function: UnaryFunction) {
    number(function.kind)
    switch function {
    case .clip(let clamp): floats([clamp.lower, clamp.upper])
    case .leakyRelu(let slope): floats([slope])
    case .hardSigmoid(let slope, let offset): floats([slope, offset])
    case .elu(let alpha), .celu(let alpha), .swish(let alpha), .thresholdedRelu(let alpha): floats([alpha])
    case .selu(let alpha, let gamma): floats([alpha, gamma])
    case .gelu(let approximatesWithTanh): flag(approximatesWithTanh)
    case .relu, .sigmoid, .hardSwish, .tanh, .softplus, .softsign, .mish, .absolute, .negate, .sign, .reciprocal,
      .squareRoot, .exponential, .logarithm, .error, .floor, .ceiling, .round, .sine, .cosine, .not, .isNaN:
      break
    }
  }
}

extension UnaryFunction {
  /// The case without its attributes.
  var kind: UnaryKind {
    switch self {
    case .relu: .relu
    case .clip: .clip
    case .leakyRelu: .leakyRelu
    case .sigmoid: .sigmoid
    case .hardSigmoid: .hardSigmoid
    case .hardSwish: .hardSwish
    case .tanh: .tanh
    case .elu: .elu
    case .selu: .selu
    case .celu: .celu
    case .gelu: .gelu
    case .softplus: .softplus
    case .softsign: .softsign
    case .swish: .swish
    case .mish: .mish
    case .thresholdedRelu: .thresholdedRelu
    case .absolute: .absolute
    case .negate: .negate
    case .sign: .sign
    case .reciprocal: .reciprocal
    case .squareRoot: .squareRoot
    case .exponential: .exponential
    case .logarithm: .logarithm
    case .error: .error
    case .floor: .floor
    case .ceiling: .ceiling
    case .round: .round
    case .sine: .sine
    case .cosine: .cosine
    case .not: .not
    case .isNaN: .isNaN
    }
  }
}
