import Coding
import Graphs
import Tensors

extension SectionReader {
  /// The operator of this kind with the attributes that follow.
  mutating func `operator`(_ kind: Operator.Kind) throws(ModelFormatError) -> Operator {
    switch kind {
    case .convolution: return .convolution(try convolution())
    case .transposedConvolution:
      let window = try self.window()
      let groups = try size(1...Limits.extent, "the number of groups")
      var outputPadding: [Int] = []
      for _ in 0..<window.rank { outputPadding.append(try size(0...Limits.extent, "output padding")) }
      return .transposedConvolution(
        TransposedConvolution(window: window, groups: groups, outputPadding: outputPadding))
    case .dense: return .dense(clamp: try clamp())
    case .matrixProduct: return .matrixProduct
    case .pooling: return .pooling(try pooling())
    case .batchNormalization: return .batchNormalization(epsilon: try finiteFloat("epsilon"))
    case .localResponseNormalization:
      return .localResponseNormalization(
        size: try size(1...Limits.extent, "a number of channels"), alpha: try finiteFloat("alpha"),
        beta: try finiteFloat("beta"), bias: try finiteFloat("bias"))
    case .softmax: return .softmax(axis: try axis(), isLogarithmic: try flag("a flag"))
    case .unary: return .unary(try unary())
    case .binary: return .binary(try number(BinaryFunction.self), clamp: try clamp())
    case .comparison: return .comparison(try number(Comparison.self))
    case .select: return .select
    case .cast: return .cast(try number(ElementType.self))
    case .reduction:
      let (reduction, keepsAxes) = (try number(Reduction.self), try flag("a flag"))
      return .reduction(reduction, axes: try axes(), keepsAxes: keepsAxes)
    case .argument:
      let (axis, flags) = (try axis(), try size(0...7, "flags"))
      return .argument(
        ofMaximum: flags & 1 != 0, axis: axis, keepsAxis: flags & 2 != 0, selectsLast: flags & 4 != 0)
    case .gather: return .gather(axis: try axis())
    case .concatenation: return .concatenation(axis: try axis())
    case .padding: return try padding()
    case .reshape: return .reshape(try dimensions(try rank()))
    case .transpose: return .transpose(try axes())
    case .slice: return .slice(try slices())
    case .expand: return .expand(try dimensions(try rank()))
    case .resize: return .resize(try resize())
    case .quantize:
      let elementType = try number(ElementType.self)
      return .quantize(try affine(), elementType)
    case .dequantize: return .dequantize(try affine())
    case .integerConvolution:
      return .integer(.convolution(try convolution(), zeroPoint: try byte(), try sumResult()))
    case .integerDense: return .integer(.dense(try sumResult()))
    case .integerAveragePooling:
      return .integer(.averagePooling(try pooling(), zeroPoint: try byte(), try requantization()))
    case .integerAddition: return .integer(.addition(try addition()))
    case .integerMultiplication:
      return .integer(
        .multiplication(leftZeroPoint: try byte(), rightZeroPoint: try byte(), try requantization()))
    case .integerLookup: return .integer(.lookup(try lookup()))
    case .integerSoftmax: return .integer(try softmax())
    }
  }

  private mutating func axis() throws(ModelFormatError) -> Int { try size(0...Limits.rank - 1, "an axis") }

  private mutating func rank() throws(ModelFormatError) -> Int { try size(0...Limits.rank, "a rank") }

  private mutating func axes() throws(ModelFormatError) -> [Int] {
    var axes: [Int] = []
    for _ in 0..<(try rank()) { axes.append(try axis()) }
    return axes
  }

  private mutating func convolution() throws(ModelFormatError) -> Convolution {
    Convolution(
      window: try window(), groups: try size(1...Limits.extent, "the number of groups"), clamp: try clamp())
  }

  private mutating func pooling() throws(ModelFormatError) -> Pooling {
    let (kind, window, flags) = (try number(Pooling.Kind.self), try window(), try size(0...3, "flags"))
    return Pooling(kind: kind, window: window, roundsUp: flags & 1 != 0, countsPadding: flags & 2 != 0)
  }

  private mutating func padding() throws(ModelFormatError) -> Operator {
    let mode: PaddingMode =
      switch try number(PaddingKind.self) {
      case .constant: .constant(try anyFloat())
      case .reflect: .reflect
      case .edge: .edge
      case .wrap: .wrap
      }
    let rank = try self.rank()
    var amounts: [Int] = []
    for _ in 0..<2 * rank { amounts.append(try signed("padding")) }
    return .padding(before: Array(amounts[..<rank]), after: Array(amounts[rank...]), mode: mode)
  }

  private mutating func slices() throws(ModelFormatError) -> [AxisSlice] {
    var slices: [AxisSlice] = []
    for _ in 0..<(try rank()) {
      slices.append(
        AxisSlice(
          axis: try axis(), start: try size(0...Limits.extent, "a start"), step: try signed("a step"),
          count: try size(0...Limits.extent, "a count")))
    }
    return slices
  }

  private mutating func resize() throws(ModelFormatError) -> Resize {
    let interpolation: Resize.Interpolation =
      switch try number(InterpolationKind.self) {
      case .nearest: .nearest(try number(Resize.Rounding.self))
      case .linear: .linear
      case .cubic: .cubic(coefficient: try finiteFloat("the cubic coefficient"))
      }
    let (coordinates, flags) = (try number(Resize.Coordinates.self), try size(0...3, "flags"))
    let rank = try self.rank()
    return Resize(
      interpolation: interpolation, coordinates: coordinates, extents: try dimensions(rank),
      scales: try finiteFloats(rank, "a scale"), excludesOutside: flags & 1 != 0, antialiases: flags & 2 != 0)
  }

  private mutating func addition() throws(ModelFormatError) -> AdditionRequantization {
    let offsetOfNumbers = position
    let (left, right, offset) = (try signedVarint(), try signedVarint(), try signedVarint())
    guard let left = Int32(exactly: left), let right = Int32(exactly: right), Requantization.isValidOffset(offset)
    else { throw error(.invalid("a multiplier or an offset is too large"), at: offsetOfNumbers) }
    let shift = try self.shift()
    return AdditionRequantization(
      leftMultiplier: left, rightMultiplier: right, offset: offset, shift: shift, codeRange: try codeRange())
  }

  private mutating func lookup() throws(ModelFormatError) -> LookupTable {
    let offset = position
    let (input, output) = (try number(ElementType.self), try number(ElementType.self))
    guard input.byteCount == 1, output.byteCount == 1, output != .bool else {
      throw error(.invalid("a table maps codes of one byte to codes of one byte"), at: offset)
    }
    return LookupTable(results: Array(try take(256)), input: input, output: output)
  }

  private mutating func softmax() throws(ModelFormatError) -> IntegerOperator {
    let axis = try self.axis()
    let range = UInt32(try size(1...256, "the range of a softmax"))
    let offset = position
    let exponentials = try integers(256, UInt32.self, "an exponential")
    guard exponentials[0] > 0, exponentials.allSatisfy({ $0 <= 1 << 24 }) else {
      throw error(.invalid("exponentials lie in 0...2^24, the first is positive"), at: offset)
    }
    return .softmax(axis: axis, IntegerSoftmax(exponentials: exponentials, range: range))
  }

  private mutating func unary() throws(ModelFormatError) -> UnaryFunction {
    switch try number(UnaryKind.self) {
    case .relu: return .relu
    case .clip: return .clip(try limits())
    case .leakyRelu: return .leakyRelu(slope: try finiteFloat("a slope"))
    case .sigmoid: return .sigmoid
    case .hardSigmoid:
      return .hardSigmoid(slope: try finiteFloat("a slope"), offset: try finiteFloat("an offset"))
    case .hardSwish: return .hardSwish
    case .tanh: return .tanh
    case .elu: return .elu(alpha: try finiteFloat("alpha"))
    case .selu: return .selu(alpha: try finiteFloat("alpha"), gamma: try finiteFloat("gamma"))
    case .celu: return .celu(alpha: try finiteFloat("alpha"))
    case .gelu: return .gelu(approximatesWithTanh: try flag("a flag"))
    case .softplus: return .softplus
    case .softsign: return .softsign
    case .swish: return .swish(alpha: try finiteFloat("alpha"))
    case .mish: return .mish
    case .thresholdedRelu: return .thresholdedRelu(alpha: try finiteFloat("alpha"))
    case .absolute: return .absolute
    case .negate: return .negate
    case .sign: return .sign
    case .reciprocal: return .reciprocal
    case .squareRoot: return .squareRoot
    case .exponential: return .exponential
    case .logarithm: return .logarithm
    case .error: return .error
    case .floor: return .floor
    case .ceiling: return .ceiling
    case .round: return .round
    case .sine: return .sine
    case .cosine: return .cosine
    case .not: return .not
    case .isNaN: return .isNaN
    }
  }
}
