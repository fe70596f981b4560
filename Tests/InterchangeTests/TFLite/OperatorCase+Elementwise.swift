import Foundation

extension OperatorCase {
  static let image = [1, 3, 4, 5]

  static let elementwise: [OperatorCase] = [
    unary("RELU", 19) { max($0, 0) }, unary("RELU6", 21) { min(max($0, 0), 6) },
    unary("RELU_N1_TO_1", 20) { min(max($0, -1), 1) }, unary("RELU_0_TO_1", 152) { min(max($0, 0), 1) },
    unary("LOGISTIC", 14) { 1 / (1 + exp(-$0)) }, unary("TANH", 28) { tanh($0) },
    unary("HARD_SWISH", 117) { $0 * min(max($0 + 3, 0), 6) / 6 }, unary("ELU", 111) { $0 > 0 ? $0 : exp($0) - 1 },
    unary("LEAKY_RELU", 98, optionsType: 75, [0: .float(0.25)]) { $0 > 0 ? $0 : 0.25 * $0 },
    unary("ABS", 101) { abs($0) }, unary("NEG", 59) { -$0 }, unary("EXP", 47) { exp($0) },
    unary("SQUARE", 92) { $0 * $0 }, unary("FLOOR", 8) { $0.rounded(.down) }, unary("CEIL", 104) { $0.rounded(.up) },
    unary("ROUND", 116) { $0.rounded(.toNearestOrEven) }, unary("SIN", 66) { sin($0) }, unary("COS", 108) { cos($0) },
    unary("GELU", 150, optionsType: 116, [:]) { 0.5 * $0 * (1 + erf($0 / Float(2).squareRoot())) },
    binary("ADD of channels, ReLU", 0, [5], optionsType: 11, [0: .int8(1)]) { max($0 + $1, 0) },
    binary("SUB of a row", 41, [4, 1], optionsType: 28, [:]) { $0 - $1 },
    binary("MUL by one number", 18, [], optionsType: 21, [:]) { $0 * $1 },
    binary("DIV by an image", 42, [1, 3, 4, 5], optionsType: 29, [:]) { $0 / $1 },
    binary("MAXIMUM", 55, [1, 1, 1, 5], optionsType: 39, [:]) { max($0, $1) },
    binary("MINIMUM", 57, [3, 1, 1], optionsType: 39, [:]) { min($0, $1) },
    binary("SQUARED_DIFFERENCE", 99, [5], optionsType: 76, [:]) { ($0 - $1) * ($0 - $1) },
    binary("PRELU by channel", 54, [1, 1, 5]) { $0 >= 0 ? $0 : $0 * $1 },
    OperatorCase("RSQRT of SQUARE, LOG", input: image) { builder, x in
      let (square, root, result) = (builder.tensor(image), builder.tensor(image), builder.tensor(image))
      builder.append(92, [x], [square])
      builder.append(76, [square], [root])
      builder.append(73, [root], [result])
      return [result]
    } expected: {
      [$0.map { -log(abs($0)) }]
    },
    OperatorCase("LESS chooses in SELECT_V2", input: image) { builder, x in
      let (limit, other) = (builder.constant([5], [-1, 0, 0.5, 1, 0]), builder.constant([], [7]))
      let (condition, result) = (builder.tensor(image, type: TFLiteBuilder.bool), builder.tensor(image))
      builder.append(58, [x, limit], [condition])
      builder.append(123, [condition, x, other], [result])
      return [result]
    } expected: { x in
      [Grid(x.shape) { x[$0] < [-1, 0, 0.5, 1, 0][$0[3]] ? x[$0] : 7 }]
    },
  ]

  private static func unary(
    _ name: String, _ code: Int, optionsType: Int = 0, _ options: [Int: FlatField]? = nil,
    _ function: @escaping @Sendable (Float) -> Float
  ) -> OperatorCase {
    one(name, code, input: image, output: image, optionsType: optionsType, options: options) { $0.map(function) }
  }

  private static func binary(
    _ name: String, _ code: Int, _ shape: [Int], optionsType: Int = 0, _ options: [Int: FlatField]? = nil,
    _ function: @escaping @Sendable (Float, Float) -> Float
  ) -> OperatorCase {
    let b = Grid.random(shape, seed: 6)
    return one(name, code, input: image, output: image, optionsType: optionsType, options: options) { builder in
      [builder.constant(b.shape, b.values)]
    } expected: { x in
      Grid(x.shape) { i in
        let place = i.suffix(shape.count).enumerated().map { shape[$0.offset] == 1 ? 0 : $0.element }
        return function(x[i], b[place])
      }
    }
  }
}
