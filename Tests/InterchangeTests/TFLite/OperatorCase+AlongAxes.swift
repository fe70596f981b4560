import Foundation

extension OperatorCase {
  static let alongAxes: [OperatorCase] = [
    reduction("MEAN over rows and columns", 40, [1, 2], keeps: false) { $0.reduce(0, +) / Float($0.count) },
    reduction("MEAN over rows and columns, kept", 40, [1, 2], keeps: true) { $0.reduce(0, +) / Float($0.count) },
    reduction("MEAN over columns and channels", 40, [2, -1], keeps: false) { $0.reduce(0, +) / Float($0.count) },
    reduction("SUM over rows", 74, [1], keeps: false) { $0.reduce(0, +) },
    reduction("SUM over channels, kept", 74, [3], keeps: true) { $0.reduce(0, +) },
    reduction("REDUCE_MAX over columns", 82, [2], keeps: false) { $0.max() ?? 0 },
    reduction("REDUCE_MIN over all but items", 89, [1, 2, 3], keeps: false) { $0.min() ?? 0 },
    reduction("MEAN over items", 40, [0], keeps: true, isForOneItem: true) { $0.reduce(0, +) / Float($0.count) },
    one("SOFTMAX, beta 0.5", 25, input: image, output: image, optionsType: 9, options: [0: .float(0.5)]) { x in
      Grid(x.shape) { i in exp(x[i] / 2) / (0..<5).reduce(0) { $0 + exp(x[[i[0], i[1], i[2], $1]] / 2) } }
    },
    one("LOG_SOFTMAX", 50, input: image, output: image, optionsType: 36, options: [:]) { x in
      Grid(x.shape) { i in x[i] - log((0..<5).reduce(0) { $0 + exp(x[[i[0], i[1], i[2], $1]]) }) }
    },
    one("L2_NORMALIZATION", 11, input: image, output: image, optionsType: 12, options: [:]) { x in
      Grid(x.shape) { i in
        x[i] / (0..<5).reduce(0) { $0 + x[[i[0], i[1], i[2], $1]] * x[[i[0], i[1], i[2], $1]] }.squareRoot()
      }
    },
    argument("ARG_MAX over channels", 56, axis: -1, optionsType: 40) { $0.firstIndex(of: $0.max() ?? 0) ?? 0 },
    argument("ARG_MIN over rows", 79, axis: 1, optionsType: 57) { $0.firstIndex(of: $0.min() ?? 0) ?? 0 },
  ]

  private static func reduction(
    _ name: String, _ code: Int, _ axes: [Int], keeps: Bool, isForOneItem: Bool = false,
    _ summary: @escaping @Sendable ([Float]) -> Float
  ) -> OperatorCase {
    let resolved = axes.map { $0 < 0 ? $0 + 4 : $0 }
    let kept = image.indices.filter { !resolved.contains($0) }
    let output = keeps ? image.indices.map { resolved.contains($0) ? 1 : image[$0] } : kept.map { image[$0] }
    return one(
      name, code, input: image, output: output, optionsType: 27, options: [0: .int8(keeps ? 1 : 0)],
      isForOneItem: isForOneItem
    ) { builder in
      [builder.constant([axes.count], integers: axes)]
    } expected: { x in
      var groups: [[Int]: [Float]] = [:]
      _ = Grid(x.shape) { i in
        let key = keeps ? i.indices.map { resolved.contains($0) ? 0 : i[$0] } : kept.map { i[$0] }
        groups[key, default: []].append(x[i])
        return 0
      }
      let shape = isForOneItem ? output : [x.shape[0]] + output.dropFirst()
      return Grid(shape) { summary(groups[$0] ?? []) }
    }
  }

  private static func argument(
    _ name: String, _ code: Int, axis: Int, optionsType: Int, _ place: @escaping @Sendable ([Float]) -> Int
  ) -> OperatorCase {
    let resolved = axis < 0 ? axis + 4 : axis
    let output = image.indices.filter { $0 != resolved }.map { image[$0] }
    return one(
      name, code, input: image, output: output, type: TFLiteBuilder.int32, optionsType: optionsType,
      options: [0: .int8(2)]
    ) { builder in
      [builder.constant([], integers: [axis])]
    } expected: { x in
      Grid([x.shape[0]] + output.dropFirst()) { i in
        Float(
          place(
            (0..<image[resolved]).map { step in
              var index = i
              index.insert(step, at: resolved)
              return x[index]
            }))
      }
    }
  }
}
