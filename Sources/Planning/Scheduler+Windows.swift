import Graphs
import Tensors

/// A window over rows and columns: one spatial axis counts as columns.
struct MapWindow {
  var kernel: (rows: Int, columns: Int)
  var strides: (rows: Int, columns: Int)
  var dilations: (rows: Int, columns: Int)
  var paddingBefore: (rows: Int, columns: Int)
  var border: Border

  /// - Parameters:
  ///   - input: `[N, C, spatial...]`.
  ///   - output: the result's shape; windows of a rounded-up pooling may reach past the padding.
  /// - Returns: nil for three spatial axes.
  init?(_ window: Window, input: Shape, output: Shape) {
    guard window.rank <= 2 else { return nil }
    func pair(_ list: [Int], _ missing: Int) -> (rows: Int, columns: Int) {
      list.count == 2 ? (list[0], list[1]) : (missing, list[0])
    }
    kernel = pair(window.kernel, 1)
    strides = pair(window.strides, 1)
    dilations = pair(window.dilations, 1)
    paddingBefore = pair(window.paddingBefore, 0)
    func after(_ axis: Int) -> Int {
      let end = (output[axis + 2] - 1) * window.strides[axis] + window.reach(axis)
      return max(0, end - input[axis + 2] - window.paddingBefore[axis])
    }
    let columns = window.rank - 1
    border = Border(
      top: paddingBefore.rows, left: paddingBefore.columns, bottom: window.rank == 2 ? after(0) : 0,
      right: after(columns))
  }
}

extension Scheduler {
  /// What every value's consumers want around it; those that want another fill than the first get a copy later.
  static func surrounds(_ graph: Graph, _ shapes: [Shape]) -> [Surround] {
    var surrounds = [Surround](repeating: Surround(), count: graph.values.count)
    for node in graph.nodes {
      guard let input = node.inputs.first ?? nil, let want = surround(node, graph, shapes), want.border != .none
      else { continue }
      let have = surrounds[input.index]
      if have.fill == nil || have.fill == want.fill {
        surrounds[input.index] = Surround(border: have.border.union(want.border), fill: want.fill)
      }
    }
    return surrounds
  }

  /// What `node` wants around its first operand.
  static func surround(_ node: Node, _ graph: Graph, _ shapes: [Shape]) -> Surround? {
    guard let input = node.inputs.first ?? nil else { return nil }
    func border(_ window: Window) -> Border? {
      MapWindow(window, input: shapes[input.index], output: shapes[node.output.index])?.border
    }
    switch node.operator {
    case .convolution(let convolution):
      return border(convolution.window).map { Surround(border: $0, fill: .real(0)) }
    case .integer(.convolution(let convolution, let zeroPoint, _)):
      return border(convolution.window).map { Surround(border: $0, fill: .code(zeroPoint)) }
    case .integer(.averagePooling(let pooling, let zeroPoint, _)):
      return border(pooling.window).map { Surround(border: $0, fill: .code(zeroPoint)) }
    case .pooling(let pooling):
      let isInteger = graph[input].type.elementType == .uint8
      let lowest: Fill = isInteger ? .code(0) : .real(-.infinity)
      return border(pooling.window).map { Surround(border: $0, fill: pooling.kind == .maximum ? lowest : .real(0)) }
    default:
      return nil
    }
  }
}
