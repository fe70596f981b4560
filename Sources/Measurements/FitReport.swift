/// What `deepchip fits` says: the memory that a model takes on a chip, why, and what would make it less.
public struct FitReport: Codable, Hashable, Sendable {
  /// A part of a memory.
  public struct Section: Codable, Hashable, Sendable {
    public var name: String
    public var byteCount: Int
    /// Whether the emitted program takes exactly this much; else it is an estimate.
    public var isExact: Bool

    public init(name: String, byteCount: Int, isExact: Bool) {
      self.name = name
      self.byteCount = byteCount
      self.isExact = isExact
    }
  }

  /// Flash or RAM.
  public struct Memory: Codable, Hashable, Sendable {
    /// What there is; nil if it was not said.
    public var limit: Int?
    public var sections: [Section]
    /// The sections' sum.
    public var byteCount: Int
    public var fits: Bool

    public init(limit: Int?, sections: [Section]) {
      self.limit = limit
      self.sections = sections
      byteCount = sections.reduce(0) { $0 + $1.byteCount }
      fits = limit.map { $0 >= sections.reduce(0) { $0 + $1.byteCount } } ?? true
    }
  }

  /// Why the arena is as large as it is.
  public struct Peak: Codable, Hashable, Sendable {
    public struct Tensor: Codable, Hashable, Sendable {
      public var name: String
      public var byteCount: Int
      public var offset: Int

      public init(name: String, byteCount: Int, offset: Int) {
        self.name = name
        self.byteCount = byteCount
        self.offset = offset
      }
    }

    /// The step, counted from 0, and its layer.
    public var step: Int
    public var layer: String
    public var `operator`: String
    /// What is in memory at that step, largest first.
    public var tensors: [Tensor]
    /// Bytes that lie in two of them: results cover what has been read already.
    public var sharedByteCount: Int
    /// Bytes of gaps between them.
    public var gapByteCount: Int

    public init(
      step: Int, layer: String, operator: String, tensors: [Tensor], sharedByteCount: Int, gapByteCount: Int
    ) {
      self.step = step
      self.layer = layer
      self.operator = `operator`
      self.tensors = tensors
      self.sharedByteCount = sharedByteCount
      self.gapByteCount = gapByteCount
    }
  }

  /// Estimates for one inference.
  public struct Work: Codable, Hashable, Sendable {
    public var macCount: Int
    public var instructionCount: Double
    /// nil if nothing is known of the target's clock cycles, of its clock, of its energy.
    public var cycleCount: Double?
    public var milliseconds: Double?
    public var microjoules: Double?

    public init(
      macCount: Int, instructionCount: Double, cycleCount: Double?, milliseconds: Double?, microjoules: Double?
    ) {
      self.macCount = macCount
      self.instructionCount = instructionCount
      self.cycleCount = cycleCount
      self.milliseconds = milliseconds
      self.microjoules = microjoules
    }
  }

  /// Something that would make it smaller, carried out and measured.
  public struct Change: Codable, Hashable, Sendable {
    /// What to do.
    public var description: String
    public var flashByteCountSaved: Int
    public var ramByteCountSaved: Int
    /// Whether it fits with this change alone.
    public var fits: Bool

    public init(description: String, flashByteCountSaved: Int, ramByteCountSaved: Int, fits: Bool) {
      self.description = description
      self.flashByteCountSaved = flashByteCountSaved
      self.ramByteCountSaved = ramByteCountSaved
      self.fits = fits
    }
  }

  /// Patches of rows in which the first layers are computed.
  public struct Patches: Codable, Hashable, Sendable {
    public var count: Int
    public var lastLayer: String

    public init(count: Int, lastLayer: String) {
      self.count = count
      self.lastLayer = lastLayer
    }
  }

  public var schemaVersion = 1
  public var model: String
  /// Name of the target; nil if none was given.
  public var target: String?
  /// How weights were coded for planning; nil if the model comes with its codes.
  public var plannedWeights: String?
  /// How the first layers are computed; nil if whole.
  public var patches: Patches?
  public var fits: Bool
  public var flash: Memory
  public var ram: Memory
  /// nil without an arena.
  public var peak: Peak?
  public var work: Work
  /// What would help most, best first; empty if it fits.
  public var changes: [Change] = []
  /// The smallest target of the list on which it fits as it is; nil if it fits or if there is none.
  public var fittingTarget: String?

  public init(
    model: String, target: String?, plannedWeights: String?, flash: Memory, ram: Memory, peak: Peak?, work: Work
  ) {
    self.model = model
    self.target = target
    self.plannedWeights = plannedWeights
    fits = flash.fits && ram.fits
    self.flash = flash
    self.ram = ram
    self.peak = peak
    self.work = work
  }
}
