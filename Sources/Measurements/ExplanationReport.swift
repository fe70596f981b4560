/// What `deepchip explain` says of a packed model beside its float original.
public struct ExplanationReport: Codable, Hashable, Sendable {
  /// One result inside the network.
  public struct Layer: Codable, Hashable, Sendable {
    public var name: String
    public var `operator`: String
    /// Power of the float values by power of the difference, in decibels; 99 for a copy.
    public var signalToNoiseDecibels: Double
    /// Share of the float values that lie outside the range of codes.
    public var clippedFraction: Double
    /// Bytes of weights as stored.
    public var byteCount: Int
    public var medianMicroseconds: Double
    public var kernel: String
    /// What would help, for the worst layers.
    public var remedy: String?

    public init(
      name: String, operator: String, signalToNoiseDecibels: Double, clippedFraction: Double, byteCount: Int,
      medianMicroseconds: Double, kernel: String, remedy: String? = nil
    ) {
      self.name = name
      self.operator = `operator`
      self.signalToNoiseDecibels = signalToNoiseDecibels
      self.clippedFraction = clippedFraction
      self.byteCount = byteCount
      self.medianMicroseconds = medianMicroseconds
      self.kernel = kernel
      self.remedy = remedy
    }
  }

  public var schemaVersion = 1
  public var model: String
  public var reference: String
  public var images: Int
  /// Share of items on which both give the same class; nil without classes.
  public var agreement: Double?
  public var layers: [Layer]
  /// Names of the layers that lose most, worst first; at most three.
  public var worst: [String]

  public init(
    model: String, reference: String, images: Int, agreement: Double?, layers: [Layer], worst: [String]
  ) {
    self.model = model
    self.reference = reference
    self.images = images
    self.agreement = agreement
    self.layers = layers
    self.worst = worst
  }
}
