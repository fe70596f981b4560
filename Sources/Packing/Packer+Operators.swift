import CKernels
import Graphs
import Reference
import Tensors

extension Packer {
  /// Packs `node` as an operator on codes if it has such a form here.
  ///
  /// - Returns: false if it has to compute with reals.
  mutating func packWithCodes(_ node: Node) throws(PackingError) -> Bool {
    switch node.operator {
    case .convolution(let convolution): try packConvolution(node, convolution)
    case .dense(let clamp): try packDense(node, clamp)
    case .pooling(let pooling): try packPooling(node, pooling)
    case .binary(.add, let clamp): try packAddition(node, clamp)
    case .binary(.multiply, let clamp): try packMultiplication(node, clamp)
    case .unary: try packLookup(node)
    case .softmax(let axis, false): try packSoftmax(node, axis: axis)
    case .concatenation, .reshape, .transpose, .slice, .expand, .padding: try packMovement(node)
    case .resize(let resize):
      if case .nearest = resize.interpolation { try packMovement(node) } else { false }
    case .dequantize(let encoding): try packEntry(node, encoding)
    case .quantize(let encoding, let elementType): try packExit(node, encoding, elementType)
    case .transposedConvolution, .matrixProduct, .batchNormalization, .localResponseNormalization, .softmax, .binary,
      .comparison, .select, .cast, .reduction, .argument, .gather, .integer:
      false
    }
  }

  // MARK: Weighted sums

  private mutating func packConvolution(_ node: Node, _ convolution: Convolution) throws(PackingError) -> Bool {
    guard let sum = try weightedSum(node, clamp: convolution.clamp) else { return false }
    var geometry = convolution
    geometry.clamp = nil
    let integer = IntegerOperator.convolution(geometry, zeroPoint: sum.zeroPoint, sum.result)
    try finish(node, .integer(integer), sum, clamp: convolution.clamp)
    return true
  }

  private mutating func packDense(_ node: Node, _ clamp: Clamp?) throws(PackingError) -> Bool {
    guard let sum = try weightedSum(node, clamp: clamp) else { return false }
    try finish(node, .integer(.dense(sum.result)), sum, clamp: clamp)
    return true
  }

  private struct WeightedSum {
    var codes: ValueID
    var weights: ValueID
    var zeroPoint: UInt8
    var result: SumResult
  }

  /// The operands and the result rule of a convolution or dense node, if its input and its weights are codes.
  private mutating func weightedSum(_ node: Node, clamp: Clamp?) throws(PackingError) -> WeightedSum? {
    guard let input = node.inputs[0], let weights = node.inputs[1],
      case .coded(let stored)? = source.constants[weights], forms[input.index].encoding != nil
    else { return nil }
    var bias: [Float] = []
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard case .tensor(.float32(let tensor))? = source.constants[id] else { return nil }
      bias = tensor.scalars
    }
    let output = forms[node.output.index].encoding
    guard let coded = stored.symmetric, let (codes, encoding) = try codes(input) else { return nil }
    let rows = WeightRows(coded, bias: bias, inputScale: encoding.scale, inputZeroPoint: encoding.zeroPoint)
    if let channel = rows.channelThatOverflows {
      throw .accumulatorOverflow(node: node.name, channel: channel)
    }
    let id = packed.addConstant(source[weights].name, .coded(coded.withoutScales))
    guard let result = output.map({ rows.codes($0, clamp: clamp, precision: precision) }) ?? rows.reals else {
      throw .requantization(node: node.name)
    }
    return WeightedSum(codes: codes, weights: id, zeroPoint: encoding.zeroPoint, result: result)
  }

  /// Codes are clamped by the requantization; a real result by a step of its own.
  private mutating func finish(
    _ node: Node, _ operator: Operator, _ sum: WeightedSum, clamp: Clamp?
  ) throws(PackingError) {
    var result = try append(`operator`, [sum.codes, sum.weights], node.name)
    if sum.result.elementType == .uint8 {
      setCodes(node.output, result)
    } else {
      if let clamp { result = try append(.unary(.clip(clamp)), [result], node.name) }
      forms[node.output.index].plain = result
    }
  }

  private mutating func packPooling(_ node: Node, _ pooling: Pooling) throws(PackingError) -> Bool {
    guard let input = node.inputs[0], let output = forms[node.output.index].encoding,
      let (codes, encoding) = try codes(input)
    else { return false }
    switch pooling.kind {
    case .maximum:
      // The largest code is the code of the largest value; then a change of encoding if there is one.
      var result = try append(.pooling(pooling), [codes], node.name)
      if encoding != output {
        let table = LookupTable(results: encoding.allReals.map(output.code))
        result = try append(.integer(.lookup(table)), [result], node.name)
      }
      setCodes(node.output, result)
      return true
    case .average:
      let isUniform = !output.isSign && !pooling.roundsUp && (!pooling.window.isPadded || pooling.countsPadding)
      guard isUniform else { return false }
      let count = pooling.window.kernel.reduce(1, *)
      let requantization = Requantization(
        scales: [Double(encoding.scale) / Double(output.scale) / Double(count)], offsets: [Double(output.zeroPoint)],
        zeroSums: [Int64(encoding.zeroPoint) * Int64(count)], codeRange: output.range)
      guard let requantization, count < 1 << 22 else { throw .requantization(node: node.name) }
      let integer = IntegerOperator.averagePooling(pooling, zeroPoint: encoding.zeroPoint, requantization)
      try finish(node, .integer(integer), [codes])
      return true
    }
  }

  // MARK: Elementwise

  private mutating func packAddition(_ node: Node, _ clamp: Clamp?) throws(PackingError) -> Bool {
    guard let left = node.inputs[0], let right = node.inputs[1],
      source[left].type == source[right].type, let output = forms[node.output.index].encoding, !output.isSign,
      forms[right.index].encoding != nil, let (a, first) = try codes(left), let (b, second) = try codes(right)
    else { return false }
    let leftScale = Double(first.scale) / Double(output.scale)
    let rightScale = Double(second.scale) / Double(output.scale)
    let offset = Double(output.zeroPoint) - leftScale * Double(first.zeroPoint) - rightScale * Double(second.zeroPoint)
    guard
      let rule = AdditionRequantization(
        leftScale: leftScale, rightScale: rightScale, offset: offset, codeRange: output.range(within: clamp),
        precision: precision)
    else { throw .requantization(node: node.name) }
    try finish(node, .integer(.addition(rule)), [a, b])
    return true
  }

  private mutating func packMultiplication(_ node: Node, _ clamp: Clamp?) throws(PackingError) -> Bool {
    guard let left = node.inputs[0], let right = node.inputs[1], let output = forms[node.output.index].encoding,
      !output.isSign, forms[right.index].encoding != nil, let (a, first) = try codes(left),
      let (b, second) = try codes(right)
    else { return false }
    let scale = Double(first.scale) * Double(second.scale) / Double(output.scale)
    guard
      let rule = Requantization(
        scales: [scale], offsets: [Double(output.zeroPoint)], codeRange: output.range(within: clamp))
    else { throw .requantization(node: node.name) }
    let integer = IntegerOperator.multiplication(
      leftZeroPoint: first.zeroPoint, rightZeroPoint: second.zeroPoint, rule)
    try finish(node, .integer(integer), [a, b])
    return true
  }

  /// A function of one element is a table of 256 results.
  private mutating func packLookup(_ node: Node) throws(PackingError) -> Bool {
    guard let input = node.inputs[0], source[node.output].type.elementType == .float32,
      let output = forms[node.output.index].encoding, let (codes, encoding) = try codes(input)
    else { return false }
    let reals = Tensor(shape: [256], scalars: encoding.allReals)
    guard
      case .float32(let results)? = try? Reference.evaluate(node.operator, [.tensor(.float32(reals))])
    else { return false }
    let table = LookupTable(results: results.scalars.map(output.code))
    try finish(node, .integer(.lookup(table)), [codes])
    return true
  }

  private mutating func packSoftmax(_ node: Node, axis: Int) throws(PackingError) -> Bool {
    guard let input = node.inputs[0], let output = forms[node.output.index].encoding, output.zeroPoint == 0,
      let range = UInt32(exactly: (1 / output.scale).rounded()), (1...256).contains(range),
      let (codes, encoding) = try codes(input)
    else { return false }
    let exponentials = (0...255).map { distance in
      UInt32((0x1p24 * dc_exp(-Double(encoding.scale) * Double(distance))).rounded())
    }
    let softmax = IntegerSoftmax(exponentials: exponentials, range: range)
    try finish(node, .integer(.softmax(axis: axis, softmax)), [codes])
    return true
  }

  // MARK: Layout

  /// Operators that only move elements move codes, if all operands can be had in the result's encoding.
  private mutating func packMovement(_ node: Node) throws(PackingError) -> Bool {
    var moved = node.operator
    // Without an encoding of its own, a result keeps its only operand's.
    if forms[node.output.index].encoding == nil {
      guard node.inputs.count == 1, let input = node.inputs[0], forms[input.index].codes != nil else { return false }
      forms[node.output.index].encoding = forms[input.index].encoding
    }
    guard let output = forms[node.output.index].encoding else { return false }
    if case .padding(let before, let after, .constant(let value)) = moved {
      // Between the codes of a sign lies that of 0.
      let code = output.isSign && value == 0 ? output.zeroPoint : output.code(value)
      moved = .padding(before: before, after: after, mode: .constant(Float(code)))
    }
    var operands: [ValueID?] = []
    for case let id? in node.inputs {
      guard let codes = try codes(id, in: output) else { return false }
      operands.append(codes)
    }
    try finish(node, moved, operands)
    return true
  }

  // MARK: Borders

  /// A dequantization of 8-bit codes that come from outside: the codes themselves, made unsigned.
  private mutating func packEntry(_ node: Node, _ affine: AffineEncoding) throws(PackingError) -> Bool {
    guard let input = node.inputs[0], source.constants[input] == nil, let encoding = CodeEncoding(affine),
      !encoding.isSign,
      source[input].type.elementType == (affine.isSigned ? .int8 : .uint8)
    else { return false }
    let given = try plain(input)
    packed[given].encoding = .affine(affine)
    forms[node.output.index].encoding = encoding
    setCodes(
      node.output,
      affine.isSigned
        ? try append(.integer(.lookup(.changingSign(from: .int8, to: .uint8))), [given], node.name) : given)
    return true
  }

  /// A quantization to 8-bit codes that leave: the codes themselves, made signed if asked.
  private mutating func packExit(
    _ node: Node, _ affine: AffineEncoding, _ elementType: ElementType
  ) throws(PackingError) -> Bool {
    guard let input = node.inputs[0], let encoding = CodeEncoding(affine), !encoding.isSign,
      forms[input.index].codes != nil,
      elementType == (affine.isSigned ? .int8 : .uint8), let codes = try codes(input, in: encoding)
    else { return false }
    let result =
      affine.isSigned
      ? try append(.integer(.lookup(.changingSign(from: .uint8, to: .int8))), [codes], node.name) : codes
    packed[result].encoding = .affine(affine)
    forms[node.output.index].plain = result
    return true
  }

  private mutating func finish(
    _ node: Node, _ operator: Operator, _ operands: [ValueID?]
  ) throws(PackingError) {
    setCodes(node.output, try append(`operator`, operands, node.name))
  }
}

extension LookupTable {
  /// Codes c and c + 128 for each other: the same bits with the highest one turned.
  static func changingSign(from input: ElementType, to output: ElementType) -> LookupTable {
    LookupTable(results: (0...255).map { UInt8($0) ^ 0x80 }, input: input, output: output)
  }
}
