/// What the products of convolutions are made of; sums are float32 always.
public enum TrainingPrecision: String, Sendable, CaseIterable {
  case float32
  /// Factors rounded to bfloat16: twice as fast where the processor multiplies them, slower elsewhere.
  case bfloat16
}
