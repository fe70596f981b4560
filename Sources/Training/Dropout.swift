/// Values that layers read as 0 at random while the network trains; the others are divided by the share that is kept.
///
///     recipe.dropout = Dropout(share: 0.5, layers: ["conv6"])
///
/// Evaluation, freezing and packing see the values as they are.
///
/// - Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, *Dropout: A Simple Way to Prevent Neural Networks from
///   Overfitting*, JMLR 15, 2014.
public struct Dropout: Sendable, Hashable {
  /// Of the values, in `0..<1`.
  public var share: Float
  /// Names of the convolutions and dense layers that are concerned.
  public var layers: [String]

  public init(share: Float, layers: [String]) {
    self.share = share
    self.layers = layers
  }

  var isUsable: Bool { (0..<1).contains(share) && Set(layers).count == layers.count }
}
