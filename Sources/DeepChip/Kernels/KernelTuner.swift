import Foundation
import Kernels

/// Measures the kernels of weighted sums of codes, and fits the factors that the choice among them goes by.
public struct KernelTuner {
  public var instructionSet: InstructionSet
  /// How often each piece of work is timed; the least time counts.
  public var repetitions = 9

  public init(_ instructionSet: InstructionSet = .best) { self.instructionSet = instructionSet }

  /// One piece of work, and the nanoseconds it took.
  public struct Sample {
    public var work: KernelWork
    public var nanoseconds: Double

    public init(work: KernelWork, nanoseconds: Double) {
      self.work = work
      self.nanoseconds = nanoseconds
    }
  }

  /// Measures every method over shapes of every class.
  ///
  /// All are measured twice, and the least time counts: what came first would otherwise be taken for slow, as wide units
  /// take a while until they run at full speed.
  ///
  /// - Parameter progress: told the share done, 0...1.
  public func measure(progress: (Double) -> Void = { _ in }) -> KernelCosts {
    _ = KernelPeaks.measured()
    var factors: [WeightedSumMethod: [KernelCosts.ShapeClass: KernelCosts.Factors]] = [:]
    var earlier: [WeightedSumMethod: [KernelCosts.ShapeClass: [Sample]]] = [:]
    var done = 0.0
    let total = Double(2 * WeightedSumMethod.allCases.count * KernelCosts.ShapeClass.allCases.count)
    for _ in 0..<2 {
      for method in WeightedSumMethod.allCases {
        for shapeClass in KernelCosts.ShapeClass.allCases {
          let samples = Self.fastest(samples(method, shapeClass), earlier[method]?[shapeClass])
          earlier[method, default: [:]][shapeClass] = samples
          factors[method, default: [:]][shapeClass] = Self.fit(samples)
          done += 1
          progress(done / (total + 1))
        }
      }
    }
    let arrival = arrival(factors[.dense]?[.fewPixels])
    progress(1)
    return KernelCosts(arrival: arrival) { factors[$0]?[$1] ?? .init(step: 1, block: 1, addition: 1) }
  }

  /// Of two measurements of the same work, the shorter times.
  private static func fastest(_ samples: [Sample], _ earlier: [Sample]?) -> [Sample] {
    guard let earlier else { return samples }
    return zip(samples, earlier).map {
      Sample(work: $0.work, nanoseconds: min($0.nanoseconds, $1.nanoseconds))
    }
  }

  /// Times the shapes of a class, without and with another map to add.
  public func samples(_ method: WeightedSumMethod, _ shapeClass: KernelCosts.ShapeClass) -> [Sample] {
    var samples: [Sample] = []
    for operation in Self.operations(method) {
      guard let kernel = kernel(operation) else { continue }
      for shape in Self.shapes(method, shapeClass) {
        let work = KernelCase(operation, shape)
        guard let quantities = work.work else { continue }
        samples.append(Sample(work: quantities, nanoseconds: nanoseconds(work, kernel)))
      }
    }
    return samples
  }

  /// The kernel of an operation that this instruction set uses: of those in the list, the last that fits.
  private func kernel(_ operation: Kernels.Operation) -> Kernel? {
    KernelList.kernel(for: operation, on: instructionSet)
  }

  private static func operations(_ method: WeightedSumMethod) -> [Kernels.Operation] {
    switch method {
    case .dense: [.convolveCodes, .convolveCodesAddingResidual]
    case .gather: [.gatherCodes, .gatherCodesAddingResidual]
    case .packed: [.unpackCodes]
    case .binary: [.countCodes]
    case .add: [.addUpCodes, .addUpCodesAddingResidual]
    }
  }

  private static func shapes(_ method: WeightedSumMethod, _ shapeClass: KernelCosts.ShapeClass) -> [KernelShape] {
    let densities = method.skipsZeros ? [0.5, 0.2, 0.1, 0.05] : [1]
    var shapes: [KernelShape] = []
    func add(_ size: Int, _ channels: Int, _ outputs: Int, _ window: Int) {
      for density in densities {
        shapes.append(
          KernelShape(
            rows: size, columns: size, channels: channels, outputs: outputs, window: window, density: density))
      }
    }
    switch shapeClass {
    case .fewPixels:
      for outputs in [16, 64, 256] { for channels in [128, 512, 1024] { add(1, channels, outputs, 1) } }
    case .sliding: for size in [16, 32] { add(size, 16, 16, 3) }
    case .upTo16: for channels in [4, 8, 32, 64] { for window in [1, 3] { add(16, channels, 16, window) } }
    case .upTo32: for channels in [16, 32, 64] { for window in [1, 3] { add(14, channels, 32, window) } }
    case .more:
      for outputs in [48, 64, 128] {
        for channels in [32, 64, 128] { add(8, channels, outputs, channels == 128 ? 1 : 3) }
      }
    }
    return shapes
  }

  /// The least time of a run over some blocks of them.
  private func nanoseconds(_ work: KernelCase, _ kernel: Kernel) -> Double {
    work.run(kernel)
    var start = Clock.nanoseconds()
    work.run(kernel)
    let once = max(Clock.nanoseconds() - start, 1)
    let count = Int(min(max(60_000 / once, 1), 1000))
    var best = Double.infinity
    for _ in 0..<repetitions {
      start = Clock.nanoseconds()
      for _ in 0..<count { work.run(kernel) }
      best = min(best, Double(Clock.nanoseconds() - start) / Double(count))
    }
    return best
  }

  /// What a byte of weights takes beyond the products that it is in, from dense layers of one pixel.
  private func arrival(_ factors: KernelCosts.Factors?) -> KernelCosts.Arrival {
    guard let kernel = kernel(.convolveCodes) else { return KernelCosts.Arrival(near: 0, shared: 0, memory: 0) }
    func perByte(_ channels: Int, _ outputs: Int) -> Double {
      let shape = KernelShape(rows: 1, columns: 1, channels: channels, outputs: outputs, window: 1)
      let work = KernelCase(.convolveCodes, shape)
      return nanoseconds(work, kernel) / Double(max(work.work?.byteCount ?? 1, 1))
    }
    let near = perByte(1024, 512)
    let shared = max(near, perByte(2048, 2048))
    return KernelCosts.Arrival(near: near, shared: shared, memory: max(shared, perByte(8192, 4096)))
  }
}

extension KernelTuner {
  /// The factors, none negative, whose relative errors over the samples have the least squares.
  public static func fit(_ samples: [Sample]) -> KernelCosts.Factors {
    // A row for each sample, divided by its time: what is to be 1.
    let rows = samples.map { sample in
      let (work, time) = (sample.work, max(sample.nanoseconds, 1e-3))
      let pixels = Double(work.pixels)
      return [work.steps, work.tables, work.blocks, work.addsResidual ? work.blocks : 0].map {
        Double($0) * pixels / time
      }
    }
    var factors = [0.0, 0, 0, 0]
    // One factor at a time, by the rest that the others leave; for sums of squares this comes down to the least.
    for _ in 0..<4000 {
      for index in factors.indices {
        var (numerator, denominator) = (0.0, 0.0)
        for row in rows {
          var rest = 1.0
          for other in factors.indices where other != index { rest -= factors[other] * row[other] }
          numerator += rest * row[index]
          denominator += row[index] * row[index]
        }
        factors[index] = denominator > 0 ? max(numerator / denominator, 0) : 0
      }
    }
    return KernelCosts.Factors(step: factors[0], table: factors[1], block: factors[2], addition: factors[3])
  }
}
