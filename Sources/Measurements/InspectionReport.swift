/// What `deepchip inspect` says of a model.
public struct InspectionReport: Codable, Hashable, Sendable {
  /// One operator of the model.
  public struct Layer: Codable, Hashable, Sendable {
    public var name: String
    public var `operator`: String
    /// Extents of the result, `N` for the batch.
    public var shape: [String]
    public var elementType: String
    public var parameterCount: Int
    public var macCount: Int
    /// Bytes of weights and integers as stored.
    public var byteCount: Int
    /// Share of weights that are not zero; nil without weights.
    public var density: Double?
    /// Bits of one stored weight; nil without weights.
    public var bitsPerWeight: Double?
    /// How a packed file stores the weights (`raw`, `rans`, ...); nil for other files and for weights that are no codes.
    public var weightCode: String?
    /// Bits of one weight by the frequencies of the codes alone, the zero-order entropy; nil where there is no code.
    public var entropyBitsPerWeight: Double?
    /// Weights stored as codes, and the bytes they take in the file; nil where there is no code.
    public var codedWeightCount: Int?
    public var codedByteCount: Int?
    /// The kernel that would run here at a batch of one, and why; nil where there is one only.
    public var choice: KernelChoiceReport?

    public init(
      name: String, operator: String, shape: [String], elementType: String, parameterCount: Int, macCount: Int,
      byteCount: Int, density: Double?, bitsPerWeight: Double?
    ) {
      self.name = name
      self.operator = `operator`
      self.shape = shape
      self.elementType = elementType
      self.parameterCount = parameterCount
      self.macCount = macCount
      self.byteCount = byteCount
      self.density = density
      self.bitsPerWeight = bitsPerWeight
    }
  }

  /// A foreign operator that cannot be imported.
  public struct Unsupported: Codable, Hashable, Sendable {
    public var name: String
    public var `operator`: String
    public var reason: String

    public init(name: String, operator: String, reason: String) {
      self.name = name
      self.operator = `operator`
      self.reason = reason
    }
  }

  /// All weights that a packed file stores in one way.
  public struct WeightCode: Codable, Hashable, Sendable {
    public var name: String
    public var layerCount: Int
    public var weightCount: Int
    public var byteCount: Int
    /// Of these weights, at the entropy of each layer.
    public var entropyByteCount: Double

    public init(name: String, layerCount: Int, weightCount: Int, byteCount: Int, entropyByteCount: Double) {
      self.name = name
      self.layerCount = layerCount
      self.weightCount = weightCount
      self.byteCount = byteCount
      self.entropyByteCount = entropyByteCount
    }
  }

  /// A part of a packed file.
  public struct Section: Codable, Hashable, Sendable {
    public var name: String
    public var byteCount: Int

    public init(name: String, byteCount: Int) {
      self.name = name
      self.byteCount = byteCount
    }
  }

  public var schemaVersion = 1
  public var model: String
  public var layers: [Layer] = []
  /// Weights, biases, scales and offsets of the float model that the file stands for.
  public var parameterCount = 0
  public var macCount = 0
  /// Bytes of the file.
  public var byteCount = 0
  /// 4 bytes per parameter.
  public var float32ByteCount = 0
  /// `float32ByteCount / byteCount`.
  public var compressionRatio = 0.0
  /// Share of stored weights that are not zero.
  public var weightDensity = 0.0
  /// Bytes of activations for a batch of one, on this machine's memory plan.
  public var arenaByteCount = 0
  public var unsupported: [Unsupported] = []
  /// Where the bytes of a packed file lie, largest first, header and padding included; nil for other files.
  public var sections: [Section]?
  /// How a packed file stores its weights, most bytes first; nil for other files.
  public var weightCodes: [WeightCode]?

  public init(model: String) { self.model = model }
}
