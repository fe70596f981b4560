/// What `deepchip bench` measured on one model.
public struct BenchReport: Codable, Hashable, Sendable {
  /// One step of the schedule.
  public struct Layer: Codable, Hashable, Sendable {
    public var name: String
    public var `operator`: String
    /// The kernel's operation, or `reference` where there is none.
    public var kernel: String
    public var medianMicroseconds: Double
    public var macCount: Int
    /// Bytes of weights as stored.
    public var byteCount: Int
    /// Share of weights that are not zero; 1 for layers without weights.
    public var density: Double
    /// Why this kernel; nil where there is one only.
    public var choice: KernelChoiceReport?

    public init(
      name: String, operator: String, kernel: String, medianMicroseconds: Double, macCount: Int, byteCount: Int,
      density: Double, choice: KernelChoiceReport? = nil
    ) {
      self.name = name
      self.operator = `operator`
      self.kernel = kernel
      self.medianMicroseconds = medianMicroseconds
      self.macCount = macCount
      self.byteCount = byteCount
      self.density = density
      self.choice = choice
    }
  }

  public var schemaVersion = 1
  public var model: String
  public var medianMicroseconds: Double
  public var p95Microseconds: Double
  public var minimumMicroseconds: Double
  public var iterations: Int
  public var threads: Int
  public var batch: Int
  public var instructionSet: String
  public var loadMicroseconds: Double
  public var layers: [Layer]
  public var arenaBytes: Int
  public var fileBytes: Int
  /// Weights and tables in memory, packed or coded, with the buffers of those that are decoded in every run.
  public var modelBytes = 0
  public var macCount: Int
  /// Medians over interleaved rounds of this model's time by the other's, when there was one to compare with.
  public var ratioToOther: Double?

  public init(
    model: String, latency: Latency, threads: Int, batch: Int, instructionSet: String, loadMicroseconds: Double,
    layers: [Layer], arenaBytes: Int, fileBytes: Int, macCount: Int
  ) {
    self.model = model
    medianMicroseconds = latency.medianMicroseconds
    p95Microseconds = latency.p95Microseconds
    minimumMicroseconds = latency.minimumMicroseconds
    iterations = latency.iterations
    self.threads = threads
    self.batch = batch
    self.instructionSet = instructionSet
    self.loadMicroseconds = loadMicroseconds
    self.layers = layers
    self.arenaBytes = arenaBytes
    self.fileBytes = fileBytes
    self.macCount = macCount
  }
}

/// The one line that benchmark harnesses read from `deepchip bench --peer`.
public struct PeerReport: Codable, Hashable, Sendable {
  public var medianMicroseconds: Double
  public var loadMicroseconds: Double
  public var baseResidentKilobytes: Int
  public var peakResidentKilobytes: Int
  public var fileBytes: Int
  /// The first values of the last item's first output.
  public var output: [Float]

  public init(
    medianMicroseconds: Double, loadMicroseconds: Double, baseResidentKilobytes: Int, peakResidentKilobytes: Int,
    fileBytes: Int, output: [Float]
  ) {
    self.medianMicroseconds = medianMicroseconds
    self.loadMicroseconds = loadMicroseconds
    self.baseResidentKilobytes = baseResidentKilobytes
    self.peakResidentKilobytes = peakResidentKilobytes
    self.fileBytes = fileBytes
    self.output = output
  }

  private enum CodingKeys: String, CodingKey {
    case medianMicroseconds = "median_us"
    case loadMicroseconds = "load_us"
    case baseResidentKilobytes = "base_rss_kb"
    case peakResidentKilobytes = "peak_rss_kb"
    case fileBytes = "file_bytes"
    case output
  }
}
