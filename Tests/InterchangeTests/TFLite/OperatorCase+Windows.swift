extension OperatorCase {
  static let windows: [OperatorCase] = [
    convolution(
      "CONV_2D, SAME, strides 2 and 1, ReLU6", filter: [4, 3, 2, 3], padding: 0, strides: [2, 1], activation: 3),
    convolution(
      "CONV_2D, SAME, stride 3, no bias", filter: [2, 3, 5, 3], padding: 0, strides: [3, 3], hasBias: false),
    convolution("CONV_2D, VALID, dilation 2", filter: [3, 2, 3, 3], padding: 1, dilations: [1, 2]),
    convolution("CONV_2D, SAME, dilation 2", filter: [3, 3, 3, 3], padding: 0, dilations: [2, 2], activation: 1),
    convolution("CONV_2D in groups", input: [1, 5, 4, 6], filter: [4, 2, 2, 3], padding: 1),
    depthwise("DEPTHWISE_CONV_2D, SAME, stride 2", filter: [1, 3, 3, 3], padding: 0, strides: [2, 2]),
    depthwise("DEPTHWISE_CONV_2D, VALID, multiplier 2", filter: [1, 2, 3, 6], padding: 1, strides: [1, 1]),
    transposed(
      "TRANSPOSE_CONV, SAME, stride 2", output: [1, 9, 8, 2], filter: [2, 3, 3, 3], padding: 0, strides: [2, 2]),
    transposed(
      "TRANSPOSE_CONV, VALID, stride 2", output: [1, 11, 10, 2], filter: [2, 3, 4, 3], padding: 1, strides: [2, 2]),
    transposed(
      "TRANSPOSE_CONV, stride over kernel", output: [1, 14, 11, 2], filter: [2, 2, 2, 3], padding: 0, strides: [3, 3]),
    pooling("AVERAGE_POOL_2D, SAME", 1, padding: 0, kernel: [3, 2], strides: [2, 1]) {
      $0.reduce(0, +) / Float($0.count)
    },
    pooling("MAX_POOL_2D, VALID", 17, padding: 1, kernel: [2, 3], strides: [2, 1]) { $0.max() ?? 0 },
    pooling("MAX_POOL_2D, SAME", 17, padding: 0, kernel: [3, 3], strides: [2, 2]) { $0.max() ?? 0 },
  ]

  private static func clamp(_ value: Float, _ activation: Int) -> Float {
    switch activation {
    case 1: max(value, 0)
    case 2: min(max(value, -1), 1)
    case 3: min(max(value, 0), 6)
    default: value
    }
  }

  private static func place(
    _ input: [Int], _ kernel: [Int], _ padding: Int, _ strides: [Int], _ dilations: [Int] = [1, 1]
  ) -> (count: [Int], before: [Int]) {
    var (counts, before): ([Int], [Int]) = ([], [])
    for axis in 0..<2 {
      let extent = input[axis + 1]
      let reach = (kernel[axis] - 1) * dilations[axis] + 1
      let count = padding == 0 ? (extent + strides[axis] - 1) / strides[axis] : (extent - reach) / strides[axis] + 1
      counts.append(count)
      before.append(padding == 0 ? max((count - 1) * strides[axis] + reach - extent, 0) / 2 : 0)
    }
    return (counts, before)
  }

  private static func convolution(
    _ name: String, input: [Int] = [1, 7, 5, 3], filter: [Int], padding: Int, strides: [Int] = [1, 1],
    dilations: [Int] = [1, 1], activation: Int = 0, hasBias: Bool = true
  ) -> OperatorCase {
    let (count, before) = place(input, [filter[1], filter[2]], padding, strides, dilations)
    let (w, b) = (Grid.random(filter, seed: 1), Grid.random([filter[0]], seed: 2))
    return one(
      name, 3, input: input, output: [1] + count + [filter[0]], optionsType: 1,
      options: [
        0: .int8(padding), 1: .int32(strides[1]), 2: .int32(strides[0]), 3: .int8(activation),
        4: .int32(dilations[1]), 5: .int32(dilations[0]),
      ]
    ) { builder in
      [builder.constant(w.shape, w.values)] + (hasBias ? [builder.constant(b.shape, b.values)] : [])
    } expected: { x in
      let (depth, group) = (filter[3], filter[0] / (input[3] / filter[3]))
      return Grid([x.shape[0]] + count + [filter[0]]) { i in
        var sum = hasBias ? b[[i[3]]] : 0
        for ky in 0..<filter[1] {
          for kx in 0..<filter[2] {
            let (y, z) = (
              i[1] * strides[0] + ky * dilations[0] - before[0], i[2] * strides[1] + kx * dilations[1] - before[1]
            )
            for c in 0..<depth {
              sum += (x.at([i[0], y, z, i[3] / group * depth + c]) ?? 0) * w[[i[3], ky, kx, c]]
            }
          }
        }
        return clamp(sum, activation)
      }
    }
  }

  private static func depthwise(_ name: String, filter: [Int], padding: Int, strides: [Int]) -> OperatorCase {
    let input = [1, 6, 7, 3]
    let (count, before) = place(input, [filter[1], filter[2]], padding, strides)
    let (w, b) = (Grid.random(filter, seed: 3), Grid.random([filter[3]], seed: 4))
    return one(
      name, 4, input: input, output: [1] + count + [filter[3]], optionsType: 2,
      options: [0: .int8(padding), 1: .int32(strides[1]), 2: .int32(strides[0]), 3: .int32(filter[3] / 3), 4: .int8(2)]
    ) { builder in
      [builder.constant(w.shape, w.values), builder.constant(b.shape, b.values)]
    } expected: { x in
      Grid([x.shape[0]] + count + [filter[3]]) { i in
        var sum = b[[i[3]]]
        for ky in 0..<filter[1] {
          for kx in 0..<filter[2] {
            let (y, z) = (i[1] * strides[0] + ky - before[0], i[2] * strides[1] + kx - before[1])
            sum += (x.at([i[0], y, z, i[3] / (filter[3] / 3)]) ?? 0) * w[[0, ky, kx, i[3]]]
          }
        }
        return clamp(sum, 2)
      }
    }
  }

  /// Every input element adds its filter to the result, at its stride less the padding of the forward convolution.
  private static func transposed(
    _ name: String, output: [Int], filter: [Int], padding: Int, strides: [Int]
  ) -> OperatorCase {
    let (count, before) = place(output, [filter[1], filter[2]], padding, strides)
    let w = Grid.random(filter, seed: 5)
    let input = [1] + count + [3]
    return OperatorCase(name, input: input) { builder, x in
      let operands = [builder.constant([4], integers: output), builder.constant(w.shape, w.values), x]
      let result = builder.tensor(output)
      builder.append(
        67, operands, [result], optionsType: 49,
        options: [0: .int8(padding), 1: .int32(strides[1]), 2: .int32(strides[0])])
      return [result]
    } expected: { x in
      var sums: [[Int]: Float] = [:]
      _ = Grid(x.shape) { i in
        for ky in 0..<filter[1] {
          for kx in 0..<filter[2] {
            for m in 0..<filter[0] {
              let place = [i[0], i[1] * strides[0] + ky - before[0], i[2] * strides[1] + kx - before[1], m]
              sums[place, default: 0] += x[i] * w[[m, ky, kx, i[3]]]
            }
          }
        }
        return 0
      }
      return [Grid([x.shape[0]] + output.dropFirst()) { sums[$0] ?? 0 }]
    }
  }

  private static func pooling(
    _ name: String, _ code: Int, padding: Int, kernel: [Int], strides: [Int],
    _ summary: @escaping @Sendable ([Float]) -> Float
  ) -> OperatorCase {
    let input = [1, 7, 5, 2]
    let (count, before) = place(input, kernel, padding, strides)
    return one(
      name, code, input: input, output: [1] + count + [2], optionsType: 5,
      options: [
        0: .int8(padding), 1: .int32(strides[1]), 2: .int32(strides[0]), 3: .int32(kernel[1]), 4: .int32(kernel[0]),
      ]
    ) { x in
      Grid([x.shape[0]] + count + [2]) { i in
        var inside: [Float] = []
        for ky in 0..<kernel[0] {
          for kx in 0..<kernel[1] {
            let place = [i[0], i[1] * strides[0] + ky - before[0], i[2] * strides[1] + kx - before[1], i[3]]
            if let value = x.at(place) { inside.append(value) }
          }
        }
        return summary(inside)
      }
    }
  }
}
