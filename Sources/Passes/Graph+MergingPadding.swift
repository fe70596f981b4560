import Graphs

extension Graph {
  /// Padding of spatial axes by the operator's neutral element, moved into the window of the operator behind it:
  /// zeros into convolution and average pooling (where they go on counting), −∞ into maximum pooling.
  public func mergingPadding() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), let padded = node.inputs[0],
        let producer = rewriting.producer(of: padded), let x = producer.inputs[0],
        case .padding(let before, let after, .constant(let filler)) = producer.operator,
        (before + after).allSatisfy({ $0 >= 0 }), (before + after).contains(where: { $0 > 0 }),
        before.prefix(2) + after.prefix(2) == [0, 0, 0, 0], rewriting.hasSameRounding(padded, as: x),
        let merged = node.operator.padded(before: before, after: after, filler: filler)
      else { continue }
      rewriting.replace(index, by: merged, [x] + node.inputs.dropFirst())
    }
    return rewriting.finished()
  }
}

extension Operator {
  /// The same operator on an operand without that padding around it; nil if there is none.
  fileprivate func padded(before: [Int], after: [Int], filler: Float) -> Operator? {
    switch self {
    case .convolution(var convolution) where filler == 0:
      convolution.window.pad(before: before, after: after)
      return .convolution(convolution)
    case .pooling(var pooling) where pooling.kind == .average && filler == 0:
      guard pooling.countsPadding || !pooling.window.isPadded else { return nil }
      pooling.window.pad(before: before, after: after)
      pooling.countsPadding = true
      return .pooling(pooling)
    case .pooling(var pooling) where pooling.kind == .maximum && filler == -.infinity:
      pooling.window.pad(before: before, after: after)
      return .pooling(pooling)
    default: return nil
    }
  }
}

extension Window {
  fileprivate mutating func pad(before: [Int], after: [Int]) {
    paddingBefore = zip(paddingBefore, before.dropFirst(2)).map { $0 + $1 }
    paddingAfter = zip(paddingAfter, after.dropFirst(2)).map { $0 + $1 }
  }
}
