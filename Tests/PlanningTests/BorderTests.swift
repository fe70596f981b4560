import Graphs
import Planning
import Tensors
import Testing

@Suite struct BorderTests {
  /// Padded 3x3 convolutions one after the other, of stride 2 where the number of channels changes.
  private func chain(_ channels: [Int], side: Int) throws -> Graph {
    var graph = Graph()
    var value = graph.addInput("input", TensorType(.float32, [.batch(1), 3, .fixed(side), .fixed(side)]))
    var before = 3
    for (layer, count) in channels.enumerated() {
      let weights = graph.addConstant(
        "weights \(layer)", .float32(Tensor(repeating: 0, shape: Shape(count, before, 3, 3))))
      let stride = layer > 0 && count != before ? 2 : 1
      let window = Window(kernel: [3, 3], strides: [stride, stride], paddingBefore: [1, 1], paddingAfter: [1, 1])
      value = try graph.append(
        .convolution(Convolution(window: window)), [value, weights, nil], name: "layer \(layer)")
      before = count
    }
    graph.outputs = [value]
    return graph
  }

  @Test(
    "Windows find a border around every map that they read, though most borders are written once",
    arguments: [[8, 8, 8, 8, 8, 8], [4, 4, 4, 8, 8, 8], [8, 8, 4, 4, 4, 8, 8, 8], [5]])
  func bordersAreThere(channels: [Int]) throws {
    let schedule = try Schedule(chain(channels, side: 12), batch: 2)
    // What each byte holds: the border of this layout, or something else.
    var memory = [MapLayout?](repeating: nil, count: schedule.arena.byteCount)
    var fills = 0
    for step in schedule.steps {
      for id in step.reads {
        guard case .map(let map) = schedule.buffers[id.index].layout else { continue }
        for byte in borderBytes(map) { #expect(memory[schedule.arena.offsets[id.index] + byte] == map) }
      }
      let start = schedule.arena.offsets[step.writes.index]
      let layout = schedule.buffers[step.writes.index].layout
      switch (step.action, layout) {
      case (.fillBorder, .map(let map)):
        fills += 1
        for byte in borderBytes(map) { memory[start + byte] = map }
      case (_, .map(let map)):
        let border = Set(borderBytes(map))
        for byte in 0..<map.byteCount where !border.contains(byte) { memory[start + byte] = nil }
      case (_, .planar):
        for byte in 0..<layout.byteCount { memory[start + byte] = nil }
      }
    }
    // Maps of one size take turns at two places, after the input's.
    #expect(Set(channels).count > 1 || fills <= 3)
  }

  /// Offsets of the bytes around the images of a map.
  private func borderBytes(_ map: MapLayout) -> [Int] {
    var bytes: [Int] = []
    for image in 0..<map.images {
      for row in 0..<map.rows + map.border.top + map.border.bottom {
        for column in 0..<map.columns + map.border.left + map.border.right {
          let isInside =
            (map.border.top..<map.border.top + map.rows).contains(row)
            && (map.border.left..<map.border.left + map.columns).contains(column)
          guard !isInside else { continue }
          let start = image * map.imageByteCount + row * map.rowByteCount + column * map.pixelByteCount
          bytes += start..<start + map.pixelByteCount
        }
      }
    }
    return bytes
  }
}
