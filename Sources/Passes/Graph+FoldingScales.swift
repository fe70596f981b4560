import Graphs

extension Graph {
  /// Multiplications and divisions by a constant per channel folded into the weights before them.
  public func foldingScales() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), case .binary(let function, let clamp) = node.operator,
        function == .multiply || function == .divide
      else { continue }
      for (operand, constant) in rewriting.pairs(node).prefix(function == .multiply ? 2 : 1) {
        guard let producer = rewriting.fusibleProducer(of: operand),
          let sum = WeightedSum(producer, in: rewriting), sum.clamp == nil,
          let factors = rewriting.channelVector(constant, channels: sum.channels, rank: self[node.output].type.rank)
        else { continue }
        let scales = function == .multiply ? factors : factors.map { 1 / $0 }
        let offsets = [Double](repeating: 0, count: sum.channels)
        if sum.replace(index, scales: scales, offsets: offsets, clamp: clamp, in: &rewriting) { break }
      }
    }
    return rewriting.finished()
  }
}
