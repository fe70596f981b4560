/// How one TFLite operator becomes core operators.
struct TFLiteRule: Sendable {
  /// The number in the schema's `BuiltinOperator`.
  var code: Int
  /// The name in the schema.
  var name: String
  /// Appends nodes for the operator at hand and gives one result per output.
  var lower: @Sendable (inout TFLiteLowering) throws(Fault) -> [TFLiteResult]

  init(
    _ code: Int, _ name: String, _ lower: @escaping @Sendable (inout TFLiteLowering) throws(Fault) -> [TFLiteResult]
  ) {
    self.code = code
    self.name = name
    self.lower = lower
  }

  /// Every TFLite operator that is known.
  static let all: [TFLiteRule] =
    convolutions + products + poolings + functions + binaries + reductions + shapes + joinsAndCuts + resizings + codings

  static let byCode: [Int: TFLiteRule] = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })
}
