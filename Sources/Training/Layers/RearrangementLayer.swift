/// Anything that only moves elements inside an item: reshape, transpose, slice, padding, concatenation.
///
/// `places[i]` says for element `i` of an output item (in the trainer's layout) from which input and element it comes;
/// -1 is `fill`.
final class RearrangementLayer: Layer {
  private let sources: [Int32]
  private let places: [Int32]
  private let fill: Float

  init(name: String, inputs: [Int], output: Int, sources: [Int32], places: [Int32], fill: Float) {
    self.sources = sources
    self.places = places
    self.fill = fill
    super.init(name: name, inputs: inputs, output: output)
  }

  private func isFrom(_ input: Int) -> (Int) -> Bool {
    { [sources, places] in places[$0] >= 0 && sources[$0] == Int32(input) }
  }

  override func forward(_ context: Context) {
    let size = context.layout(output).itemCount
    let from = inputs.map { (context.value($0), context.layout($0).itemCount) }
    context.workers.overBatch(context.count) { _, range in
      for item in range {
        let y = context.value(output) + item * size
        for index in 0..<size {
          let (values, count) = from[Int(sources[index])]
          y[index] = places[index] < 0 ? fill : values[item * count + Int(places[index])]
        }
      }
    }
  }

  override func backward(_ context: Context) {
    let size = context.layout(output).itemCount
    for (input, value) in inputs.enumerated() {
      guard let accumulates = accumulates[input] else { continue }
      let count = context.layout(value).itemCount
      let elements = (0..<size).filter(isFrom(input)).map { (to: Int(places[$0]), from: $0) }
      context.workers.overBatch(context.count) { _, range in
        for item in range {
          let (dx, g) = (context.gradient(value) + item * count, context.gradient(output) + item * size)
          if !accumulates { dx.update(repeating: 0, count: count) }
          for element in elements { dx[element.to] += g[element.from] }
        }
      }
    }
  }
}
