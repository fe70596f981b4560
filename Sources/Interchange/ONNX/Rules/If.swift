extension ONNXRule {
  /// A known condition: the importer writes out the branch that it takes, and never asks this rule.
  static let `if` = ONNXRule("If", 1...28) { (_) throws(ONNXFailure) in
    throw .unsupported("its condition has to be constant; if it follows from inputs, give their values")
  }
}
