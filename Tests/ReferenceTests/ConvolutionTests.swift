import Graphs
import Reference
import Tensors
import Testing

/// A convolution to try, in two spatial axes.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  var channels: (Int, Int)
  var groups: Int
  var window: Window
  var testDescription: String { "\(channels) channels, \(groups) groups, \(window)" }

  static let all = [
    ConvolutionCase(channels: (1, 1), groups: 1, window: Window(kernel: [1, 1])),
    ConvolutionCase(
      channels: (2, 3), groups: 1,
      window: Window(kernel: [3, 3], paddingBefore: [1, 1], paddingAfter: [1, 1])),
    ConvolutionCase(
      channels: (4, 6), groups: 2,
      window: Window(kernel: [3, 2], strides: [2, 1], paddingBefore: [0, 2], paddingAfter: [1, 0])),
    ConvolutionCase(
      channels: (1, 2), groups: 1,
      window: Window(kernel: [3, 3], strides: [2, 3], paddingBefore: [1, 1], paddingAfter: [1, 0])),
    ConvolutionCase(
      channels: (4, 4), groups: 4,
      window: Window(
        kernel: [2, 3], strides: [1, 2], dilations: [3, 2], paddingBefore: [2, 4], paddingAfter: [3, 4])),
  ]
}

@Suite struct ConvolutionTests {
  @Test("Each result is the sum of weight times input over its window", arguments: ConvolutionCase.all, UInt64(0)..<3)
  func sumsOverTheWindow(instance: ConvolutionCase, seed: UInt64) throws {
    let (window, groups) = (instance.window, instance.groups)
    let (c, m) = instance.channels
    let x = wholeNumbers([2, c, 7, 6], seed: seed)
    let weights = wholeNumbers([m, c / groups, window.kernel[0], window.kernel[1]], seed: seed + 100)
    let bias = wholeNumbers([m], seed: seed + 200)
    let (rows, columns) = (try #require(window.outputExtent(7, axis: 0)), try #require(window.outputExtent(6, axis: 1)))

    var expected: [Float] = []
    for n in 0..<2 {
      for o in 0..<m {
        for r in 0..<rows {
          for s in 0..<columns {
            var sum = bias.scalars[o]
            for i in 0..<c / groups {
              for kr in 0..<window.kernel[0] {
                for ks in 0..<window.kernel[1] {
                  let row = r * window.strides[0] + kr * window.dilations[0] - window.paddingBefore[0]
                  let column = s * window.strides[1] + ks * window.dilations[1] - window.paddingBefore[1]
                  guard (0..<7).contains(row), (0..<6).contains(column) else { continue }
                  let channel = o / (m / groups) * (c / groups) + i
                  let weight = weights.scalars[((o * (c / groups) + i) * window.kernel[0] + kr) * window.kernel[1] + ks]
                  sum += weight * x.scalars[((n * c + channel) * 7 + row) * 6 + column]
                }
              }
            }
            expected.append(max(sum, 0))
          }
        }
      }
    }
    let found = try evaluated(
      .convolution(Convolution(window: window, groups: groups, clamp: .relu)), .tensor(.float32(x)),
      .tensor(.float32(weights)), .tensor(.float32(bias)))
    #expect(found == expected)
  }

  @Test("A transposed convolution is the adjoint: ⟨conv(x), y⟩ = ⟨x, transposed(y)⟩", arguments: ConvolutionCase.all)
  func transposedIsTheAdjoint(instance: ConvolutionCase) throws {
    let (window, groups) = (instance.window, instance.groups)
    let (c, m) = instance.channels
    let x = wholeNumbers([2, c, 7, 6], seed: 1)
    // [M, C / groups, ...] serves both: the transposed operator reads it as [its C, its M / groups, ...].
    let weights = Constant.tensor(.float32(wholeNumbers([m, c / groups] + window.kernel, seed: 2)))
    let forward = Operator.convolution(Convolution(window: window, groups: groups))
    let sums = try Reference.evaluate(forward, [.tensor(.float32(x)), weights])
    let y = wholeNumbers(sums.shape, seed: 3)
    // What the strides leave over at the end comes back as output padding.
    let missing = zip([7, 6], 0...).map { extent, axis in
      (extent + window.paddingBefore[axis] + window.paddingAfter[axis] - window.reach(axis)) % window.strides[axis]
    }
    let backward = TransposedConvolution(window: window, groups: groups, outputPadding: missing)
    let gradient = try evaluated(.transposedConvolution(backward), .tensor(.float32(y)), weights)

    let left = zip(sums.doubles, y.scalars).reduce(0) { $0 + $1.0 * Double($1.1) }
    let right = zip(x.scalars, gradient).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    #expect(gradient.count == x.scalars.count)
    #expect(left == right)
  }

  @Test("One and three spatial axes give what two give with extents of 1", arguments: [1, 3])
  func otherRanks(rank: Int) throws {
    let extents = rank == 1 ? [9] : [1, 9, 1]
    let kernel = rank == 1 ? [3] : [1, 3, 1]
    let strides = rank == 1 ? [2] : [1, 2, 1]
    let (x, weights) = (wholeNumbers([1, 2, 9], seed: 4), wholeNumbers([3, 2, 3], seed: 5))
    let plane = try evaluated(
      .convolution(Convolution(window: Window(kernel: [3, 1], strides: [2, 1]))),
      .tensor(.float32(x.reshaped([1, 2, 9, 1]))), .tensor(.float32(weights.reshaped([3, 2, 3, 1]))))
    let other = try evaluated(
      .convolution(Convolution(window: Window(kernel: kernel, strides: strides))),
      .tensor(.float32(x.reshaped(Shape([1, 2] + extents)))),
      .tensor(.float32(weights.reshaped(Shape([3, 2] + kernel)))))
    #expect(plane == other)
  }

  @Test func sumsAreRoundedOnce() throws {
    // 2^24 + 1 + 1: in float32 each 1 would be lost.
    let x = floats([1, 3], [16_777_216, 1, 1])
    #expect(try evaluated(.dense(clamp: nil), x, floats([1, 3], [1, 1, 1])) == [16_777_218])
  }
}

extension Shape {
  static func + (shape: Shape, extents: [Int]) -> Shape { Shape(shape.dimensions + extents) }
}
