extension OperatorCase {
  static let layouts: [OperatorCase] =
    cutting + [
      dense("FULLY_CONNECTED on a flattened image", keeps: false),
      dense("FULLY_CONNECTED on the last axis", keeps: true),
      moved("RESHAPE with an open extent", 22, output: [1, 6, 10], [1, -1, 10], optionsType: 17, [:]) { i in
        let place = i[1] * 10 + i[2]
        return [i[0], place / 20, place / 5 % 4, place % 5]
      },
      moved("TRANSPOSE", 39, output: [1, 5, 3, 4], [0, 3, 1, 2], optionsType: 26, [:]) {
        [$0[0], $0[2], $0[3], $0[1]]
      },
      one("TRANSPOSE of items", 39, input: image, output: [4, 1, 5, 3], optionsType: 26, options: [:]) { builder in
        [builder.constant([4], integers: [2, 0, 3, 1])]
      } expected: { x in
        Grid([4, x.shape[0], 5, 3]) { x[[$0[1], $0[3], $0[0], $0[2]]] }
      },
      moved("EXPAND_DIMS", 70, output: [1, 3, 1, 4, 5], [2], scalar: true, optionsType: 52, [:]) {
        [$0[0], $0[1], $0[3], $0[4]]
      },
      one("BROADCAST_TO", 130, input: image, output: [2, 1, 3, 4, 5], optionsType: 104, options: [:]) { builder in
        [builder.constant([5], integers: [2, 1, 3, 4, 5])]
      } expected: { x in
        Grid([2] + x.shape) { x[Array($0.dropFirst())] }
      },
      moved("DEPTH_TO_SPACE", 5, input: [1, 2, 3, 8], output: [1, 4, 6, 2], nil, optionsType: 94, [0: .int32(2)]) { i in
        [i[0], i[1] / 2, i[2] / 2, (i[1] % 2 * 2 + i[2] % 2) * 2 + i[3]]
      },
      moved("SPACE_TO_DEPTH", 26, input: [1, 4, 6, 2], output: [1, 2, 3, 8], nil, optionsType: 19, [0: .int32(2)]) {
        i in
        [i[0], i[1] * 2 + i[3] / 4, i[2] * 2 + i[3] / 2 % 2, i[3] % 2]
      },
      moved("GATHER of channels", 36, output: [1, 3, 4, 2], [4, 1], optionsType: 23, [0: .int32(3)]) {
        [$0[0], $0[1], $0[2], [4, 1][$0[3]]]
      },
      nearest("RESIZE_NEAREST_NEIGHBOR", []) { Int((Float($0) * $1).rounded(.down)) },
      nearest("RESIZE_NEAREST_NEIGHBOR with half pixels", [1]) { Int(((Float($0) + 0.5) * $1).rounded(.down)) },
      bilinear("RESIZE_BILINEAR", []) { Float($0) * $1 },
      bilinear("RESIZE_BILINEAR with half pixels", [3]) { max((Float($0) + 0.5) * $1 - 0.5, 0) },
      bilinear("RESIZE_BILINEAR with aligned corners", [2]) { place, _ in Float(place) },
      OperatorCase("CONCATENATION of channels", input: image) { builder, x in
        let (half, result) = (builder.tensor(image), builder.tensor([1, 3, 4, 10]))
        builder.append(101, [x], [half])
        builder.append(2, [half, x], [result], optionsType: 10, options: [0: .int32(-1)])
        return [result]
      } expected: { x in
        [
          Grid([x.shape[0], 3, 4, 10]) { i in
            let value = x[[i[0], i[1], i[2], i[3] % 5]]
            return i[3] < 5 ? abs(value) : value
          }
        ]
      },
      OperatorCase("SQUEEZE and a one-dimensional convolution", input: [1, 6, 3]) { builder, x in
        let w = Grid.random([2, 1, 3, 3], seed: 8)
        let axis = builder.constant([], integers: [1])
        let (wide, folded) = (builder.tensor([1, 1, 6, 3]), builder.tensor([1, 1, 4, 2]))
        let result = builder.tensor([1, 4, 2])
        let filter = builder.constant(w.shape, w.values)
        builder.append(70, [x, axis], [wide], optionsType: 52, options: [:])
        builder.append(
          3, [wide, filter], [folded], optionsType: 1, options: [0: .int8(1), 1: .int32(1), 2: .int32(1)])
        builder.append(43, [folded], [result], optionsType: 30, options: [0: .int32s([1])])
        return [result]
      } expected: { x in
        let w = Grid.random([2, 1, 3, 3], seed: 8)
        return [
          Grid([x.shape[0], 4, 2]) { i in
            var sum: Float = 0
            for k in 0..<3 { for c in 0..<3 { sum += x[[i[0], i[1] + k, c]] * w[[i[2], 0, k, c]] } }
            return sum
          }
        ]
      },
      OperatorCase("PACK of UNPACK, the other way round", input: [1, 3, 4]) { builder, x in
        let rows = (0..<3).map { _ in builder.tensor([1, 4]) }
        let result = builder.tensor([1, 4, 3])
        builder.append(88, [x], rows, optionsType: 64, options: [0: .int32(3), 1: .int32(1)])
        builder.append(83, rows.reversed(), [result], optionsType: 59, options: [0: .int32(3), 1: .int32(2)])
        return [result]
      } expected: { x in
        [Grid([x.shape[0], 4, 3]) { x[[$0[0], 2 - $0[2], $0[1]]] }]
      },
      OperatorCase("RESHAPE to a shape that the file computes", input: image) { builder, x in
        let shape = builder.tensor([4], type: TFLiteBuilder.int32)
        let items = builder.tensor([], type: TFLiteBuilder.int32)
        let target = builder.tensor([2], type: TFLiteBuilder.int32)
        let result = builder.tensor([1, 60])
        let (zero, one) = (builder.constant([1], integers: [0]), builder.constant([1], integers: [1]))
        let rest = builder.constant([], integers: [60])
        builder.append(77, [x], [shape], optionsType: 55, options: [0: .int8(2)])
        builder.append(45, [shape, zero, one, one], [items], optionsType: 32, options: [4: .int32(1)])
        builder.append(83, [items, rest], [target], optionsType: 59, options: [0: .int32(2)])
        builder.append(22, [x, target], [result], optionsType: 17, options: [:])
        return [result]
      } expected: { x in
        [Grid([x.shape[0], 60], values: x.values)]
      },
      OperatorCase("BATCH_MATMUL with the second transposed", input: [1, 3, 4]) { builder, x in
        let result = builder.tensor([1, 3, 3])
        builder.append(126, [x, x], [result], optionsType: 101, options: [1: .int8(1)])
        return [result]
      } expected: { x in
        [Grid([x.shape[0], 3, 3]) { i in (0..<4).reduce(0) { $0 + x[[i[0], i[1], $1]] * x[[i[0], i[2], $1]] } }]
      },
    ]

  private static let cutting: [OperatorCase] = [
    one("PAD", 34, input: image, output: [1, 6, 4, 6], optionsType: 22, options: [:]) { builder in
      [builder.constant([4, 2], integers: [0, 0, 1, 2, 0, 0, 0, 1])]
    } expected: { x in
      Grid([x.shape[0], 6, 4, 6]) { x.at([$0[0], $0[1] - 1, $0[2], $0[3]]) ?? 0 }
    },
    one("PADV2", 60, input: image, output: [1, 3, 7, 5], optionsType: 43, options: [:]) { builder in
      [builder.constant([4, 2], integers: [0, 0, 0, 0, 2, 1, 0, 0]), builder.constant([], [-3])]
    } expected: { x in
      Grid([x.shape[0], 3, 7, 5]) { x.at([$0[0], $0[1], $0[2] - 2, $0[3]]) ?? -3 }
    },
    one("MIRROR_PAD", 100, input: image, output: [1, 5, 4, 5], optionsType: 77, options: [0: .int8(0)]) { builder in
      [builder.constant([4, 2], integers: [0, 0, 2, 0, 0, 0, 0, 0])]
    } expected: { x in
      Grid([x.shape[0], 5, 4, 5]) { x[[$0[0], abs($0[1] - 2), $0[2], $0[3]]] }
    },
    one("SLICE", 65, input: image, output: [1, 2, 4, 3], optionsType: 48, options: [:]) { builder in
      [builder.constant([4], integers: [0, 1, 0, 1]), builder.constant([4], integers: [1, -1, 4, 3])]
    } expected: { x in
      Grid([x.shape[0], 2, 4, 3]) { x[[$0[0], $0[1] + 1, $0[2], $0[3] + 1]] }
    },
    one(
      "STRIDED_SLICE backwards, dropping an axis", 45, input: image, output: [1, 4, 3], optionsType: 32,
      options: [0: .int32(1), 1: .int32(0b1001), 4: .int32(2)]
    ) { builder in
      [[9, -1, 0, -1], [9, 0, 4, 0], [1, 1, 1, -2]].map { builder.constant([4], integers: $0) }
    } expected: { x in
      Grid([x.shape[0], 4, 3]) { x[[$0[0], 2, $0[1], 4 - 2 * $0[2]]] }
    },
    OperatorCase("SPLIT of columns", input: image) { builder, x in
      let parts = (0..<2).map { _ in builder.tensor([1, 3, 2, 5]) }
      let axis = builder.constant([], integers: [2])
      builder.append(49, [axis, x], parts, optionsType: 35, options: [0: .int32(2)])
      return parts
    } expected: { x in
      (0..<2).map { part in Grid([x.shape[0], 3, 2, 5]) { x[[$0[0], $0[1], $0[2] + 2 * part, $0[3]]] } }
    },
    OperatorCase("SPLIT_V of channels", input: image) { builder, x in
      let parts = [builder.tensor([1, 3, 4, 2]), builder.tensor([1, 3, 4, 3])]
      let (sizes, axis) = (builder.constant([2], integers: [2, -1]), builder.constant([], integers: [-1]))
      builder.append(102, [x, sizes, axis], parts, optionsType: 79, options: [0: .int32(2)])
      return parts
    } expected: { x in
      [(0, 2), (2, 3)].map { start, count in
        Grid([x.shape[0], 3, 4, count]) { x[[$0[0], $0[1], $0[2], $0[3] + start]] }
      }
    },
  ]

  /// An operator that only moves elements; `source` gives where each comes from.
  private static func moved(
    _ name: String, _ code: Int, input: [Int] = image, output: [Int], _ operand: [Int]?, scalar: Bool = false,
    optionsType: Int = 0, _ options: [Int: FlatField]? = nil, _ source: @escaping @Sendable ([Int]) -> [Int]
  ) -> OperatorCase {
    one(name, code, input: input, output: output, optionsType: optionsType, options: options) { builder in
      operand.map { [builder.constant(scalar ? [] : [$0.count], integers: $0)] } ?? []
    } expected: { x in
      Grid([x.shape[0]] + output.dropFirst()) { x[source($0)] }
    }
  }

  private static func dense(_ name: String, keeps: Bool) -> OperatorCase {
    let depth = keeps ? 5 : 60
    let (w, b) = (Grid.random([2, depth], seed: 9), Grid.random([2], seed: 10))
    return one(
      name, 9, input: image, output: keeps ? [1, 3, 4, 2] : [1, 2], optionsType: 8,
      options: [0: .int8(1), 2: .int8(keeps ? 1 : 0)]
    ) { builder in
      [builder.constant(w.shape, w.values), builder.constant(b.shape, b.values)]
    } expected: { x in
      let rows = x.values.count / depth
      let sums = Grid([rows, 2]) { i in
        max((0..<depth).reduce(b[[i[1]]]) { $0 + x.values[i[0] * depth + $1] * w[[i[1], $1]] }, 0)
      }
      return Grid(keeps ? [x.shape[0], 3, 4, 2] : [x.shape[0], 2], values: sums.values)
    }
  }

  private static func nearest(
    _ name: String, _ flags: [Int], _ source: @escaping @Sendable (Int, Float) -> Int
  ) -> OperatorCase {
    one(
      name, 97, input: image, output: [1, 7, 6, 5], optionsType: 74,
      options: Dictionary(uniqueKeysWithValues: flags.map { ($0, .int8(1)) })
    ) { builder in
      [builder.constant([2], integers: [7, 6])]
    } expected: { x in
      Grid([x.shape[0], 7, 6, 5]) { x[[$0[0], min(source($0[1], 3 / 7), 2), min(source($0[2], 4 / 6), 3), $0[3]]] }
    }
  }

  /// With aligned corners the result is 5 x 7, whose positions are halves.
  private static func bilinear(
    _ name: String, _ flags: [Int], _ source: @escaping @Sendable (Int, Float) -> Float
  ) -> OperatorCase {
    let isAligned = flags == [2]
    let (rows, columns) = (isAligned ? 5 : 7, isAligned ? 7 : 6)
    return one(
      name, 23, input: image, output: [1, rows, columns, 5], optionsType: 15,
      options: Dictionary(uniqueKeysWithValues: flags.map { ($0, .int8(1)) })
    ) { builder in
      [builder.constant([2], integers: [rows, columns])]
    } expected: { x in
      Grid([x.shape[0], rows, columns, 5]) { i in
        let y = isAligned ? Float(i[1]) / 2 : source(i[1], 3 / Float(rows))
        let z = isAligned ? Float(i[2]) / 2 : source(i[2], 4 / Float(columns))
        let (top, left) = (min(Int(y), 2), min(Int(z), 3))
        let (down, right) = (y - Float(top), z - Float(left))
        func pixel(_ row: Int, _ column: Int) -> Float { x[[i[0], min(row, 2), min(column, 3), i[3]]] }
        return (pixel(top, left) * (1 - right) + pixel(top, left + 1) * right) * (1 - down)
          + (pixel(top + 1, left) * (1 - right) + pixel(top + 1, left + 1) * right) * down
      }
    }
  }
}
