import Testing

/// A network of an operator or a few, and its meaning written out in the file's own order of axes.
struct OperatorCase: Sendable, CustomTestStringConvertible {
  var name: String
  /// Shape of the input with a leading 1 for the batch.
  var input: [Int]
  /// True if the operators cannot take several items at once.
  var isForOneItem = false
  /// Appends operators to input tensor 0 and gives the outputs.
  var build: @Sendable (inout TFLiteBuilder, Int) -> [Int]
  var expected: @Sendable (Grid) -> [Grid]

  var testDescription: String { name }

  init(
    _ name: String, input: [Int], isForOneItem: Bool = false,
    build: @escaping @Sendable (inout TFLiteBuilder, Int) -> [Int], expected: @escaping @Sendable (Grid) -> [Grid]
  ) {
    (self.name, self.input, self.isForOneItem, self.build, self.expected) = (name, input, isForOneItem, build, expected)
  }

  /// One operator with operand 0 as its first input, constants as the others, and one result.
  static func one(
    _ name: String, _ code: Int, input: [Int], output: [Int], type: Int = TFLiteBuilder.float32, optionsType: Int = 0,
    options: [Int: FlatField]? = nil, isForOneItem: Bool = false,
    constants: @escaping @Sendable (inout TFLiteBuilder) -> [Int] = { _ in [] },
    expected: @escaping @Sendable (Grid) -> Grid
  ) -> OperatorCase {
    OperatorCase(name, input: input, isForOneItem: isForOneItem) { builder, x in
      let operands = [x] + constants(&builder)
      let result = builder.tensor(output, type: type)
      builder.append(code, operands, [result], optionsType: optionsType, options: options)
      return [result]
    } expected: {
      [expected($0)]
    }
  }

  static let all = windows + elementwise + alongAxes + layouts
}
