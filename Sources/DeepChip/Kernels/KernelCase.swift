import Kernels
import Tensors

/// Extents of the work that a kernel is measured on.
public struct KernelShape: Hashable, Sendable {
  /// Of the result.
  public var rows: Int
  public var columns: Int
  public var channels: Int
  public var outputs: Int
  /// Rows and columns of the window.
  public var window: Int
  /// Share of weights that are not zero.
  public var density: Double

  public init(rows: Int, columns: Int, channels: Int, outputs: Int, window: Int, density: Double = 1) {
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.outputs = outputs
    self.window = window
    self.density = density
  }

  public var pixels: Int { rows * columns }
}

/// A piece of work for a kernel, over numbers that are the same for the same shape: what is measured.
///
///     let work = KernelCase(kernel.operation, shape)
///     work.run(kernel)
public final class KernelCase {
  public let operation: Kernels.Operation
  public let shape: KernelShape
  /// Products with accumulation, those with zeros included; 0 for kernels that have none.
  public internal(set) var macCount = 0
  /// Products with weights that are not zero.
  public internal(set) var nonzeroCount = 0
  /// Bytes that have to come and go once: maps, weights and results.
  public internal(set) var byteCount = 0
  /// What the estimate of a weighted sum of codes depends on; nil for other kernels.
  public internal(set) var work: KernelWork?

  var generator = SplitMix64(seed: 7)
  private var blocks: [UnsafeMutableRawPointer] = []
  private var description = UnsafeRawPointer(bitPattern: 64)

  /// Makes the work of `operation`; quantities that do not concern it are ignored.
  public init(_ operation: Kernels.Operation, _ shape: KernelShape) {
    self.operation = operation
    self.shape = shape
    switch operation {
    case .convolveCodes, .convolveCodesAddingResidual, .convolveCodesToSums, .convolveCodesToValues, .gatherCodes,
      .gatherCodesAddingResidual, .gatherCodesToValues, .unpackCodes, .unpackCodesToValues, .countCodes,
      .countCodesToValues, .addUpCodes, .addUpCodesAddingResidual, .convolveValues, .convolvePairs,
      .depthwiseConvolveCodes, .depthwiseConvolveValues:
      description = keep(convolution())
    case .poolGreatestCodes, .poolMeanCodes, .poolGreatestValues, .poolMeanValues: description = keep(pooling())
    case .addCodes, .lookUpCodes, .quantize, .dequantize, .addValues, .multiplyValues, .clampValues:
      description = keep(map())
    case .interleaveValues, .interleaveCodes, .interleaveQuantizing, .deinterleaveValues, .deinterleaveCodes,
      .deinterleaveDequantizing:
      description = keep(reordering())
    case .accumulateFilterGradient, .accumulateFilterGradientOfPairs: description = keep(filterGradient())
    case .narrow: description = keep(narrowing())
    case .sumMoments, .normalize, .sumGradients, .normalizeGradient, .normalizeToGrid, .findRanges,
      .passGradientOfGrid:
      description = keep(channelwise())
    }
  }

  deinit { for block in blocks { block.deallocate() } }

  /// Does the work once.
  ///
  /// - Precondition: the kernel computes `operation` and runs here.
  public func run(_ kernel: Kernel) {
    precondition(kernel.operation == operation, "The kernel computes what the work is for")
    if let description { kernel.run(unchecked: description) }
  }
}

// MARK: Memory

extension KernelCase {
  /// Zeros, with room behind them for kernels that read a tail.
  func bytes(_ count: Int) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: count + 64, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: count + 64)
    blocks.append(block)
    return block
  }

  func keep<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafePointer<Element> {
    let block = bytes(values.count * MemoryLayout<Element>.stride)
    values.withUnsafeBytes { block.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(block), byteCount: $0.count) }
    return UnsafePointer(block.bindMemory(to: Element.self, capacity: values.count))
  }

  private func keep<Description: BitwiseCopyable>(_ description: Description) -> UnsafeRawPointer {
    UnsafeRawPointer(keep([description]))
  }

  func codes(_ count: Int) -> UnsafeMutableRawPointer {
    let block = bytes(count)
    for i in 0..<count {
      block.storeBytes(of: UInt8(truncatingIfNeeded: generator.next()), toByteOffset: i, as: UInt8.self)
    }
    return block
  }

  /// Values of -1...1.
  func values(_ count: Int) -> UnsafeMutableRawPointer {
    let block = bytes(count * 4)
    for i in 0..<count { block.storeBytes(of: generator.nextUnit() * 2 - 1, toByteOffset: 4 * i, as: Float.self) }
    return block
  }

  /// Words of two bf16 values of -1...1.
  func pairs(_ count: Int) -> UnsafeMutableRawPointer {
    let block = bytes(count * 4)
    for i in 0..<count {
      let (low, high) = ((generator.nextUnit() * 2 - 1).bitPattern >> 16, (generator.nextUnit() * 2 - 1).bitPattern)
      block.storeBytes(of: low | high & 0xffff_0000, toByteOffset: 4 * i, as: UInt32.self)
    }
    return block
  }

  /// Levels of ternary weights, a share of them 0.
  func levels(_ count: Int) -> UnsafeMutableRawPointer {
    let block = bytes(count)
    let limit = UInt64(shape.density * Double(UInt32.max))
    for i in 0..<count {
      let number = generator.next()
      let level: Int8 = number >> 32 >= limit ? 0 : number & 1 == 0 ? 100 : -127
      block.storeBytes(of: level, toByteOffset: i, as: Int8.self)
      nonzeroCount += level == 0 ? 0 : 1
    }
    return block
  }

  /// A rule in few bits, as `quantize` makes them.
  func requantization(_ channels: Int) -> Kernels.Requantization {
    let block = Kernels.MapLayout.channelBlock * 4
    let count = (channels + block - 1) / block * block
    let multipliers = (0..<count).map { _ in Int32(16_000 + generator.next() % 1000) << 6 }
    var rule = Kernels.Requantization()
    rule.multipliers = keep(multipliers)
    rule.offsets = keep([Int64](repeating: 100 << 33, count: count))
    rule.shift = 33
    rule.realMultipliers = keep(multipliers.map { Float($0) * 0x1p-33 })
    rule.realOffsets = keep([Float](repeating: 100, count: count))
    rule.lowest = 0
    rule.highest = 255
    return rule
  }

  var sumRule: SumRule {
    var rule = SumRule()
    rule.offset = 1 << 29
    (rule.multiplierA, rule.multiplierB) = (18_000 << 15, 15_000 << 15)
    rule.shift = 30
    rule.highest = 255
    return rule
  }
}
