import Graphs
import Tensors

extension TensorType {
  /// Why this type is outside what a packed file may hold; nil if it is not.
  ///
  /// Extents below 2^31 leave room for every sum and product that shape inference makes.
  var formProblem: String? {
    guard rank <= Limits.rank else { return "rank " + String(rank) + " is above " + String(Limits.rank) }
    var elements: UInt64 = 1
    for dimension in dimensions {
      let extent = dimension.extent(batch: 1)
      guard extent >= 0, extent <= Limits.extent else { return "an extent of " + String(extent) }
      let (product, overflow) = elements.multipliedReportingOverflow(by: UInt64(max(extent, 1)))
      guard !overflow, product <= Limits.elements else { return description + " has more than 2^40 elements" }
      elements = product
    }
    return nil
  }
}
