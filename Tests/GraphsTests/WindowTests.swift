import Graphs
import Testing

@Suite struct WindowTests {
  /// The number of windows, by trying every start.
  static func count(extent: Int, _ window: Window, roundsUp: Bool) -> Int? {
    let padded = extent + window.paddingBefore[0] + window.paddingAfter[0]
    let reach = window.dilations[0] * (window.kernel[0] - 1) + 1
    var starts = stride(from: 0, to: padded, by: window.strides[0]).filter { $0 + reach <= padded }
    guard let last = starts.last else { return nil }
    let next = last + window.strides[0]
    // A partly outside window counts if data is left over, and it starts before the padding behind the data.
    if roundsUp && last + reach < padded && next < extent + window.paddingBefore[0] { starts.append(next) }
    return starts.count
  }

  @Test("The output extent counts windows, whole or started", arguments: 1...4, 1...4)
  func outputExtent(kernel: Int, stride: Int) {
    for extent in 0...12 {
      for dilation in 1...2 {
        let reach = dilation * (kernel - 1) + 1
        for (before, after) in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1)] where after < reach {
          let window = Window(
            kernel: [kernel], strides: [stride], dilations: [dilation], paddingBefore: [before], paddingAfter: [after])
          for roundsUp in [false, true] {
            let found = window.outputExtent(extent, axis: 0, roundsUp: roundsUp)
            #expect(
              found == Self.count(extent: extent, window, roundsUp: roundsUp), "\(extent) \(window) \(roundsUp)")
          }
        }
      }
    }
  }

  @Test("A transposed convolution undoes the extents of a convolution", arguments: 1...3, 1...3)
  func transposedExtent(kernel: Int, stride: Int) {
    for extent in kernel...12 {
      let window = Window(kernel: [kernel], strides: [stride])
      guard let small = window.outputExtent(extent, axis: 0) else { continue }
      let transposed = TransposedConvolution(window: window, outputPadding: [(extent - kernel) % stride])
      #expect(transposed.outputExtent(small, axis: 0) == extent)
    }
  }

  @Test("Windows with lists of other lengths or entries out of range are not valid")
  func validity() {
    #expect(Window(kernel: [3, 3]).isValid)
    #expect(!Window(kernel: []).isValid && !Window(kernel: [1, 1, 1, 1]).isValid)
    #expect(!Window(kernel: [0]).isValid && !Window(kernel: [1 << 31]).isValid)
    #expect(!Window(kernel: [3], strides: [0]).isValid && !Window(kernel: [3], strides: [1, 1]).isValid)
    #expect(!Window(kernel: [3], dilations: [0]).isValid)
    #expect(!Window(kernel: [3], paddingBefore: [-1]).isValid && !Window(kernel: [3], paddingAfter: [-1]).isValid)
  }

  @Test(
    "One clamp after another is one clamp",
    arguments: [Clamp.relu, Clamp(lower: -2, upper: 3), Clamp(lower: 4, upper: 9)])
  func clamps(first: Clamp) {
    for second in [Clamp.relu, Clamp(lower: -1, upper: 1), Clamp(lower: 5, upper: .infinity)] {
      for value: Float in [-10, -1.5, 0, 0.5, 2, 3.5, 6, 100] {
        #expect(first.followed(by: second).apply(value) == second.apply(first.apply(value)))
      }
    }
    #expect(Clamp.relu.apply(.nan).isNaN)
  }
}
