/// A way to compute a convolution or dense layer of codes; the integers are the same.
public enum WeightedSumMethod: String, CaseIterable, Sendable {
  /// Products with all weights.
  case dense
  /// Products with the weights that are not zero, picked from tables of codes.
  case gather
  /// Products with all weights, which stay packed in 4 or 2 bits until they are in registers.
  case packed
  /// Counts of the bits of codes that meet the higher of two levels of weights.
  case binary
  /// Sums of the codes at the places of two levels of weights, with a product for each level.
  case add

  /// Whether weights that are zero take no time.
  public var skipsZeros: Bool {
    switch self {
    case .gather, .add: true
    case .dense, .packed, .binary: false
    }
  }
}

/// What a kernel has to do for a layer, in the quantities that its time depends on.
public struct KernelWork: Hashable, Sendable {
  public var method: WeightedSumMethod
  /// Output pixels of a run, all images.
  public var pixels: Int
  public var outputs: Int
  /// For each pixel: steps of four codes by 16 outputs; rounds of 64 places of `gather`; of `binary` words of 64 codes by
  /// 16 outputs, for each bit of the codes; of `add` codes that are added up.
  public var steps: Int
  /// For each pixel: tables that are loaded, once for 16 outputs, of `gather`; words that are made of a bit of 64 codes, of
  /// `binary`; times 16 channels that are turned to planes, of `add`; 0 for others.
  public var tables: Int
  /// Bytes of weights as the kernel reads them.
  public var byteCount: Int
  /// Whether another map is added to the result.
  public var addsResidual: Bool
  /// Whether rows of windows are three pixels of 16 codes, and the next window begins a pixel later.
  public var slides: Bool

  /// Blocks of 16 outputs.
  public var blocks: Int { (outputs + 15) / 16 }

  public init(
    method: WeightedSumMethod, pixels: Int, outputs: Int, steps: Int, tables: Int = 0, byteCount: Int,
    addsResidual: Bool = false, slides: Bool = false
  ) {
    self.method = method
    self.pixels = pixels
    self.outputs = outputs
    self.steps = steps
    self.tables = tables
    self.byteCount = byteCount
    self.addsResidual = addsResidual
    self.slides = slides
  }
}

/// How long the kernels of weighted sums take on a machine: what the choice among them goes by.
///
/// A layer takes the longer of two times. Its pixels each take a time that is linear in what is done for them, with
/// factors by method and class of shape; and its weights have to arrive, each byte once a run.
///
///     let costs = KernelCosts.shipped(for: .avx512VBMI)
///     costs.nanoseconds(KernelWork(method: .dense, pixels: 64, outputs: 64, steps: 576, byteCount: 36_864))
public struct KernelCosts: Hashable, Sendable {
  /// Shapes whose factors differ: kernels take tiles by the number of outputs, and a pixel or two cannot share weights.
  public enum ShapeClass: String, CaseIterable, Sendable {
    /// At most 2 output pixels.
    case fewPixels
    /// At most 16 outputs.
    case upTo16
    /// At most 16 outputs of windows that slide over maps of 16 channels: a kernel may load what windows share once.
    case sliding
    /// 17 to 32 outputs.
    case upTo32
    /// More outputs.
    case more

    public init(pixels: Int, outputs: Int, slides: Bool = false) {
      let narrow: ShapeClass = slides ? .sliding : .upTo16
      self = pixels <= 2 ? .fewPixels : outputs <= 16 ? narrow : outputs <= 32 ? .upTo32 : .more
    }
  }

  /// Nanoseconds of one output pixel for each of the quantities.
  public struct Factors: Hashable, Sendable {
    /// For each of `KernelWork.steps`.
    public var step: Double
    /// For each of `KernelWork.tables`.
    public var table: Double
    /// For each block of 16 outputs: its requantization and stores.
    public var block: Double
    /// On top of that for each block to which another map is added.
    public var addition: Double

    public init(step: Double, table: Double = 0, block: Double, addition: Double) {
      self.step = step
      self.table = table
      self.block = block
      self.addition = addition
    }
  }

  /// Nanoseconds for a byte of weights to arrive, by how many there are: below 1 MiB, below 16 MiB, more.
  public struct Arrival: Hashable, Sendable {
    public var near: Double
    public var shared: Double
    public var memory: Double

    public init(near: Double, shared: Double, memory: Double) {
      self.near = near
      self.shared = shared
      self.memory = memory
    }
  }

  private var factors: [WeightedSumMethod: [ShapeClass: Factors]]
  public var arrival: Arrival

  /// - Parameters:
  ///   - factors: for every method and class.
  ///   - arrival: of weights that are not in the caches.
  public init(arrival: Arrival, factors: (WeightedSumMethod, ShapeClass) -> Factors) {
    self.arrival = arrival
    self.factors = [:]
    for method in WeightedSumMethod.allCases {
      for shape in ShapeClass.allCases { self.factors[method, default: [:]][shape] = factors(method, shape) }
    }
  }

  public subscript(method: WeightedSumMethod, shape: ShapeClass) -> Factors {
    factors[method]?[shape] ?? Factors(step: 1, block: 1, addition: 1)
  }

  /// The estimated time of a layer's run on one thread, in nanoseconds.
  public func nanoseconds(_ work: KernelWork) -> Double {
    let factors = self[work.method, ShapeClass(pixels: work.pixels, outputs: work.outputs, slides: work.slides)]
    let perBlock = factors.block + (work.addsResidual ? factors.addition : 0)
    let perPixel =
      Double(work.steps) * factors.step + Double(work.tables) * factors.table + Double(work.blocks) * perBlock
    return max(Double(work.pixels) * perPixel, arrivalNanoseconds(work.byteCount))
  }

  /// How long weights take from the cache that holds them, or from memory, in nanoseconds.
  public func arrivalNanoseconds(_ byteCount: Int) -> Double {
    let perByte = byteCount < 1 << 20 ? arrival.near : byteCount < 1 << 24 ? arrival.shared : arrival.memory
    return Double(byteCount) * perByte
  }
}
