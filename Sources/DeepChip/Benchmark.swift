import Foundation
import Graphs
import Kernels
import Measurements
import ModelFormat
import Planning
import Runtime
import Tensors

/// Times a model on this machine.
public struct Benchmark {
  public var batch = 1
  public var threads = 1
  /// Runs counted; nil for as many as fit in about a second.
  public var iterations: Int?
  public var instructionSet: InstructionSet?
  public var kernelSelection = KernelSelection()
  /// What becomes of coded weights.
  public var decoding = WeightDecoding.load

  public init() {}

  /// A model loaded and warmed up.
  public final class Subject {
    public let url: URL
    public let fileByteCount: Int
    /// Weights that stay coded.
    let codedWeights: [ValueID: CodedWeights]
    public let executor: Executor
    /// From the file's bytes in the cache to a model that can run.
    public let loadNanoseconds: UInt64
    /// What the inputs hold before every run; a run reuses their memory.
    private var inputBytes: [[UInt8]] = []

    init(_ url: URL, _ benchmark: Benchmark) throws {
      // Once to have the file in the cache, then timed.
      Self.readThrough(url)
      let start = Clock.nanoseconds()
      var model = try Model(contentsOf: url, decoding: benchmark.decoding)
      self.url = url
      fileByteCount = model.fileByteCount
      codedWeights = model.codedWeights
      let graph = model.packed.graph
      guard benchmark.batch == 1 || graph.inputs.contains(where: { graph[$0].type.dimensions.contains(.batch(1)) })
      else {
        throw Failure(
          .usage, "\(url.lastPathComponent.escapedForDisplay): the model fixes its batch; leave out --batch.")
      }
      executor = try model.takeExecutor(
        batch: benchmark.batch, threads: benchmark.threads, instructionSet: benchmark.instructionSet,
        kernelSelection: benchmark.kernelSelection)
      loadNanoseconds = Clock.nanoseconds() - start
    }

    /// Reads a file in small pieces.
    private static func readThrough(_ url: URL) {
      guard let file = try? FileHandle(forReadingFrom: url) else { return }
      while let piece = try? file.read(upToCount: 1 << 16), !piece.isEmpty {}
    }

    /// Fills the inputs with random numbers, or with `input`.
    func fillInputs(_ input: AnyTensor?) throws {
      for index in executor.schedule.inputs.indices {
        if let input, index == 0 {
          try fill(index, with: input)
          continue
        }
        var generator = SplitMix64(seed: 3)
        let type = executor.schedule.graph[executor.schedule.graph.inputs[index]].type.elementType
        executor.withInput(index) { bytes in
          if type == .float32 {
            for element in bytes.bindMemory(to: Float.self).indices {
              bytes.bindMemory(to: Float.self)[element] = generator.nextUnit()
            }
          } else if type.byteCount == 1 && type != .bool {
            for element in bytes.indices { bytes[element] = UInt8(truncatingIfNeeded: generator.next()) }
          } else {
            for element in bytes.indices { bytes[element] = 0 }
          }
        }
      }
    }

    /// Keeps what the inputs hold now.
    func keepInputs() {
      inputBytes = executor.schedule.inputs.indices.map { executor.withInput($0) { Array($0) } }
    }

    /// Runs on the inputs that were kept.
    ///
    /// - Returns: nanoseconds of the run alone.
    func run() throws -> UInt64 {
      for (index, bytes) in inputBytes.enumerated() { executor.withInput(index) { $0.copyBytes(from: bytes) } }
      let start = Clock.nanoseconds()
      try executor.run()
      return Clock.nanoseconds() - start
    }

    private func fill(_ index: Int, with tensor: AnyTensor) throws {
      let graph = executor.schedule.graph
      let id = graph.inputs[index]
      let type = graph[id].type.elementType
      guard case .float32(let given) = tensor else {
        throw Failure(.usage, "--input takes float32 values")
      }
      let count = executor.withInput(index) { $0.count } / type.byteCount
      guard given.shape.elementCount == count else {
        throw Failure(.usage, "--input has \(given.shape.elementCount) values; the model takes \(count)")
      }
      let scalars = executor.planarInput(given, index: index)
      let encoding = graph.inputEncoding(id)
      executor.withInput(index) { bytes in
        switch type {
        case .float32: bytes.copyBytes(from: scalars.map { $0.bitPattern }.withUnsafeBytes { Array($0) })
        case .int8, .uint8:
          let (scale, zero) = (encoding?.scales[0] ?? 1, encoding?.zeroPoints[0] ?? 0)
          for (element, value) in scalars.enumerated() {
            let code = (value / scale).rounded(.toNearestOrEven) + Float(zero)
            bytes[element] =
              type == .int8
              ? UInt8(bitPattern: Int8(max(-128, min(127, code)))) : UInt8(max(0, min(255, code)))
          }
        case .int16, .int32, .int64, .bool: break
        }
      }
    }
  }

  public func subject(_ url: URL, input: AnyTensor? = nil) throws -> Subject {
    let subject = try Subject(url, self)
    try subject.fillInputs(input)
    subject.keepInputs()
    do { for _ in 0..<3 { _ = try subject.run() } } catch { throw Failure(error) }
    return subject
  }

  /// Times both models in turns and the steps of each.
  ///
  /// - Parameters:
  ///   - subjects: models made ready, one or more.
  ///   - progress: told the share done, 0...1.
  /// - Returns: a report per subject, in their order.
  public func measure(_ subjects: [Subject], progress: (Double) -> Void = { _ in }) throws -> [BenchReport] {
    do {
      let rounds = 10
      var times = [[UInt64]](repeating: [], count: subjects.count)
      var medians = [[Double]](repeating: [], count: subjects.count)
      let counts = try subjects.map { try iterations(of: $0) }
      for round in 0..<rounds {
        for (index, subject) in subjects.enumerated() {
          let block = try run(subject, count: max(1, counts[index] / rounds))
          times[index] += block
          medians[index].append(Latency(nanoseconds: block).medianMicroseconds)
        }
        progress(Double(round + 1) / Double(rounds + 1))
      }
      var reports = try subjects.enumerated().map { try report($1, times[$0]) }
      if subjects.count == 2 {
        let ratios = zip(medians[0], medians[1]).map { $0 / $1 }.sorted()
        reports[0].ratioToOther = ratios[ratios.count / 2]
        reports[1].ratioToOther = 1 / ratios[ratios.count / 2]
      }
      progress(1)
      return reports
    } catch { throw Failure(error) }
  }

  /// The line for `bench --peer`.
  public func peerReport(_ url: URL, input: AnyTensor?) throws -> PeerReport {
    let base = Memory.residentKilobytes()
    let subject = try self.subject(url, input: input)
    do {
      let count = iterations ?? 100
      _ = try run(subject, count: max(1, count / 5))
      let times = try run(subject, count: count)
      return PeerReport(
        medianMicroseconds: Latency(nanoseconds: times).medianMicroseconds,
        loadMicroseconds: Double(subject.loadNanoseconds) / 1000, baseResidentKilobytes: base,
        peakResidentKilobytes: Memory.peakResidentKilobytes(), fileBytes: subject.fileByteCount,
        output: subject.firstOutputs(batch: batch))
    } catch { throw Failure(error) }
  }

  private func iterations(of subject: Subject) throws -> Int {
    if let iterations { return iterations }
    let once = max(try subject.run(), 1)
    return Int(min(max(1_000_000_000 / once, 20), 20_000))
  }

  private func run(_ subject: Subject, count: Int) throws -> [UInt64] {
    var times: [UInt64] = []
    times.reserveCapacity(count)
    for _ in 0..<count { times.append(try subject.run()) }
    return times
  }

  private func report(_ subject: Subject, _ times: [UInt64]) throws -> BenchReport {
    let schedule = subject.executor.schedule
    var report = BenchReport(
      model: subject.url.lastPathComponent, latency: Latency(nanoseconds: times), threads: threads, batch: batch,
      instructionSet: "\(subject.executor.instructionSet.name)",
      loadMicroseconds: Double(subject.loadNanoseconds) / 1000,
      layers: [], arenaBytes: subject.executor.arenaByteCount, fileBytes: subject.fileByteCount,
      macCount: schedule.graph.macCount)
    report.layers = try layers(subject)
    report.modelBytes = subject.executor.byteCount - subject.executor.arenaByteCount
    return report
  }

  /// Medians by step, each step timed inside whole runs.
  func layers(_ subject: Subject) throws -> [BenchReport.Layer] {
    let schedule = subject.executor.schedule
    let rounds = min(max((try iterations(of: subject)) / 4, 5), 200)
    var times = [[UInt64]](repeating: [], count: schedule.steps.count)
    for _ in 0..<rounds {
      for step in schedule.steps.indices {
        let start = Clock.nanoseconds()
        try subject.executor.run(step: step)
        times[step].append(Clock.nanoseconds() - start)
      }
    }
    return schedule.steps.enumerated().map { index, step in
      let node = schedule.graph.nodes[step.node]
      let weights = subject.executor.weightSummary(step: index)
      let coded = step.weights.flatMap { subject.codedWeights[$0] }
      let choice = subject.executor.kernelChoice(step: index)
      return BenchReport.Layer(
        name: node.name, operator: step.summary(node),
        kernel: step.kernelName(schedule, choice) + (subject.executor.isStreamed(step: index) ? " streamed" : ""),
        medianMicroseconds: Latency(nanoseconds: times[index]).medianMicroseconds,
        macCount: step.weights == nil ? 0 : step.macCount(schedule),
        byteCount: coded?.payload.count ?? weights?.byteCount ?? 0,
        density: coded.flatMap { try? $0.density() } ?? weights?.density ?? 1,
        choice: choice.map { KernelChoiceReport($0) })
    }
  }
}

extension Benchmark.Subject {
  /// The first 64 values of the last item's first output, as reals.
  func firstOutputs(batch: Int) -> [Float] {
    guard let id = executor.schedule.graph.outputs.first else { return [] }
    let encoding = executor.schedule.graph.outputEncoding(id)
    let values = executor.output(0).doubles
    let item = values.suffix(values.count / max(batch, 1))
    return item.prefix(64).map { value in
      guard let encoding else { return Float(value) }
      return (Float(value) - Float(encoding.zeroPoints[0])) * encoding.scales[0]
    }
  }
}

extension Executor {
  /// `tensor`, given `[N, C, H, W]`, in the order of an input that keeps channels last.
  func planarInput(_ tensor: Tensor<Float>, index: Int) -> [Float] {
    guard let wanted = try? schedule.graph[schedule.graph.inputs[index]].type.shape(batch: schedule.batch),
      tensor.shape.rank == 4, wanted.rank == 4, wanted != tensor.shape,
      wanted == Shape([tensor.shape[0], tensor.shape[2], tensor.shape[3], tensor.shape[1]])
    else { return tensor.scalars }
    let (count, channels, plane) = (tensor.shape[0], tensor.shape[1], tensor.shape[2] * tensor.shape[3])
    var result: [Float] = []
    for item in 0..<count {
      for pixel in 0..<plane {
        for channel in 0..<channels { result.append(tensor.scalars[(item * channels + channel) * plane + pixel]) }
      }
    }
    return result
  }
}
