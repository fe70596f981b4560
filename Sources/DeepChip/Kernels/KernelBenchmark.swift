import Foundation
import Kernels

/// Times kernels of the list over typical shapes, beside what this machine can do at most.
public struct KernelBenchmark {
  /// How often each piece of work is timed; the median counts.
  public var repetitions = 15

  public init() {}

  /// What one kernel did on one shape.
  public struct Row: Codable, Hashable, Sendable {
    public var kernel: String
    /// `rows x columns x channels`, and for products the window and the outputs.
    public var shape: String
    /// Share of weights that are not zero; nil for kernels without weights of codes.
    public var density: Double?
    public var medianNanoseconds: Double
    /// Products with accumulation a nanosecond, those with zeros included; nil for kernels without.
    public var gigaMacsPerSecond: Double?
    /// Products with weights that are not zero a nanosecond; nil for kernels that know no zeros.
    public var gigaNonzerosPerSecond: Double?
    /// Bytes of maps and weights a nanosecond, each counted once.
    public var gigabytesPerSecond: Double
    /// Share of the machine's peak: of products for kernels that have them (more than 1 where zeros are skipped), of
    /// bytes otherwise; nil where the peak is not known.
    public var shareOfPeak: Double?
  }

  /// All that was measured.
  public struct Report: Codable, Hashable, Sendable {
    public var schemaVersion = 1
    public var processor: String
    /// Products of codes, of values, and bytes copied in the nearest cache; 10^9 a second on one thread.
    public var peaks: KernelPeaks
    public var kernels: [Row]
  }

  /// The kernels whose names contain one of `names`, all for none; only those that run here.
  public static func kernels(named names: [String]) -> [Kernel] {
    KernelList.all.filter { kernel in
      kernel.runsHere && (names.isEmpty || names.contains { kernel.name.contains($0) })
    }
  }

  /// - Parameters:
  ///   - kernels: those that run here are measured.
  ///   - progress: told the share done, 0...1.
  public func measure(_ kernels: [Kernel], progress: (Double) -> Void = { _ in }) -> Report {
    var report = Report(processor: Machine.processorName, peaks: .measured(), kernels: [])
    for (index, kernel) in kernels.enumerated() {
      for shape in Self.shapes(kernel.operation) {
        report.kernels.append(row(kernel, shape, report.peaks))
      }
      progress(Double(index + 1) / Double(kernels.count))
    }
    return report
  }

  private func row(_ kernel: Kernel, _ shape: KernelShape, _ peaks: KernelPeaks) -> Row {
    let work = KernelCase(kernel.operation, shape)
    let time = median(work, kernel)
    let macs = work.macCount == 0 ? nil : Double(work.macCount) / time
    let bytes = Double(work.byteCount) / time
    let usesWeights = work.macCount > 0 && kernel.types.hasPrefix("u8")
    let peak = work.macCount == 0 ? peaks.gigabytesPerSecond : usesWeights ? peaks.codeProducts : peaks.valueProducts
    return Row(
      kernel: kernel.name, shape: Self.text(shape, hasProducts: work.macCount > 0),
      density: usesWeights ? shape.density : nil, medianNanoseconds: time, gigaMacsPerSecond: macs,
      gigaNonzerosPerSecond: usesWeights ? Double(work.nonzeroCount) / time : nil, gigabytesPerSecond: bytes,
      shareOfPeak: peak.map { (macs ?? bytes) / $0 })
  }

  private static func text(_ shape: KernelShape, hasProducts: Bool) -> String {
    let map = "\(shape.rows)x\(shape.columns)x\(shape.channels)"
    return hasProducts ? "\(map), \(shape.window)x\(shape.window), \(shape.outputs)" : map
  }

  /// Nanoseconds of a run, the median over blocks of them.
  private func median(_ work: KernelCase, _ kernel: Kernel) -> Double {
    work.run(kernel)
    var start = Clock.nanoseconds()
    work.run(kernel)
    let count = Int(min(max(50_000 / max(Clock.nanoseconds() - start, 1), 1), 1000))
    var times: [Double] = []
    for _ in 0..<repetitions {
      start = Clock.nanoseconds()
      for _ in 0..<count { work.run(kernel) }
      times.append(Double(Clock.nanoseconds() - start) / Double(count))
    }
    return max(times.sorted()[times.count / 2], 1e-3)
  }

  /// What an operation meets in the networks that are measured: narrow layers of large maps to wide ones of small maps.
  static func shapes(_ operation: Kernels.Operation) -> [KernelShape] {
    let layers = [(32, 16, 16), (16, 32, 32), (8, 64, 64), (14, 192, 192)].map { size, channels, outputs in
      KernelShape(rows: size, columns: size, channels: channels, outputs: outputs, window: 3)
    }
    let pointwise = KernelShape(rows: 16, columns: 16, channels: 64, outputs: 128, window: 1)
    let dense = KernelShape(rows: 1, columns: 1, channels: 1024, outputs: 512, window: 1)
    func pruned(_ shapes: [KernelShape]) -> [KernelShape] {
      shapes.flatMap { shape in
        [0.2, 0.1, 0.05].map { density in
          var sparse = shape
          sparse.density = density
          return sparse
        }
      }
    }
    switch operation {
    case .gatherCodes, .gatherCodesAddingResidual, .gatherCodesToValues: return pruned(layers + [pointwise, dense])
    case .addUpCodes, .addUpCodesAddingResidual: return pruned(layers.dropLast() + [pointwise])
    case .convolveCodes, .convolveCodesAddingResidual, .convolveCodesToSums, .convolveCodesToValues, .unpackCodes,
      .unpackCodesToValues, .countCodes, .countCodesToValues, .convolveValues, .convolvePairs:
      return layers + [pointwise, dense]
    case .accumulateFilterGradient, .accumulateFilterGradientOfPairs: return Array(layers.prefix(3))
    case .depthwiseConvolveCodes, .depthwiseConvolveValues:
      return [(25, 64), (16, 128), (32, 16)].map {
        KernelShape(rows: $0, columns: $0, channels: $1, outputs: $1, window: 3)
      }
    case .poolGreatestCodes, .poolMeanCodes, .poolGreatestValues, .poolMeanValues:
      return [(16, 64, 2), (1, 64, 8)].map {
        KernelShape(rows: $0, columns: $0, channels: $1, outputs: $1, window: $2)
      }
    case .interleaveValues, .interleaveCodes, .interleaveQuantizing, .deinterleaveValues, .deinterleaveCodes,
      .deinterleaveDequantizing:
      return [(32, 3), (16, 32)].map { KernelShape(rows: $0, columns: $0, channels: $1, outputs: $1, window: 1) }
    case .addCodes, .lookUpCodes, .quantize, .dequantize, .addValues, .multiplyValues, .clampValues, .narrow,
      .sumMoments, .normalize, .sumGradients, .normalizeGradient, .normalizeToGrid, .findRanges, .passGradientOfGrid:
      return [(32, 16), (8, 64)].map { KernelShape(rows: $0, columns: $0, channels: $1, outputs: $1, window: 1) }
    }
  }
}

/// What one thread of this machine can do at most, measured in registers and in the nearest cache; 10^9 a second.
public struct KernelPeaks: Codable, Hashable, Sendable {
  /// Products of u8 and s8 with accumulation; nil where no instructions for them are known.
  public var codeProducts: Double?
  /// Products of f32 with accumulation.
  public var valueProducts: Double?
  /// Bytes read and written when 16 KiB are copied.
  public var gigabytesPerSecond: Double?

  /// Takes about a tenth of a second.
  public static func measured() -> KernelPeaks {
    func best(_ body: () -> Double) -> Double? {
      var rate = 0.0
      // Units that slept take a while until they do all they can.
      let end = Clock.nanoseconds() + 30_000_000
      while Clock.nanoseconds() < end {
        let start = Clock.nanoseconds()
        let amount = body()
        rate = max(rate, amount / Double(max(Clock.nanoseconds() - start, 1)))
      }
      return rate > 0 ? rate : nil
    }
    let size = 1 << 14
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 2 * size, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 1, count: 2 * size)
    return KernelPeaks(
      codeProducts: best { Double(dc_do_products_u8s8(500_000)) },
      valueProducts: best { Double(dc_do_products_f32(500_000)) },
      gigabytesPerSecond: best {
        for i in 0..<200 {
          let (from, to) = i % 2 == 0 ? (0, size) : (size, 0)
          (memory + to).copyMemory(from: memory + from, byteCount: size)
        }
        return Double(200 * 2 * size)
      })
  }
}
