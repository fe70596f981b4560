import Emission
import Graphs
import Measurements
import ModelFormat
import Quantizers
import Targets

/// Says whether a model fits into a chip, before it is flashed and even before it is trained.
///
///     var fitting = Fitting()
///     fitting.target = .rp2040
///     fitting.flashLimit = 256 << 10
///     let report = try fitting.report(Model(contentsOf: file))
///
/// The sizes of constants and arena are those of the program emitted for the target, byte for byte: it is the same plan.
public struct Fitting: Sendable {
  public var target: Target?
  /// In bytes; nil for what the target has.
  public var flashLimit: Int?
  public var ramLimit: Int?
  /// How the weights of a float model are coded for planning.
  public var plannedWeights = WeightQuantizerKind.int8
  /// Numbers of patches to choose from for the first layers; empty to compute them whole.
  public var patchCounts: [Int] = []
  /// How the program lies in memory. The core is the target's if there is one.
  public var options = CEmitter.Options()
  /// Code and stack as a compiler made them; nil for estimates.
  public var measure: (@Sendable (CEmitter) throws -> CodeMeasurement)?

  public init() {}

  private var flashBound: Int? { flashLimit ?? target?.flashByteCount }
  private var ramBound: Int? { ramLimit ?? target?.ramByteCount }
  /// What code and work are estimated for.
  private var core: Core { target?.core ?? .cortexM4 }

  private var programOptions: CEmitter.Options {
    var options = options
    if let target { options.core = CoreKind(target.core) }
    return options
  }

  /// - Throws: `Failure` naming all layers that have no integer form.
  public func report(_ model: Model) throws -> FitReport {
    let (whole, planned) = try emitter(model)
    let (emitter, patching) = try inPatches(whole)
    let code = try measure?(emitter)
    var report = report(emitter, code, name: model.url.lastPathComponent)
    report.patches = patching.map { .init(count: $0.count, lastLayer: $0.lastLayer) }
    report.plannedWeights = planned ? plannedWeights.name : nil
    guard !report.fits else { return report }
    report.changes = changes(emitter, code, report)
    report.fittingTarget =
      Target.all.filter { $0.core.isMicrocontroller }.sorted { ($0.ramByteCount ?? 0) < ($1.ramByteCount ?? 0) }.first {
        fits(emitter, on: $0)
      }?.name
    return report
  }

  /// The program with the best patches, if any are asked for and help.
  private func inPatches(_ whole: CEmitter) throws -> (CEmitter, Patching?) {
    do {
      guard let patching = try Patching.best(whole.schedule.graph, options: whole.options, counts: patchCounts) else {
        return (whole, nil)
      }
      return (try CEmitter(patching.graph, options: whole.options), patching)
    } catch { throw Failure(error) }
  }

  /// Whether the network of `emitter` fits another target, by estimates of its code.
  private func fits(_ emitter: CEmitter, on target: Target) -> Bool {
    var other = Fitting()
    (other.target, other.options) = (target, emitter.options)
    guard let program = try? CEmitter(emitter.schedule.graph, options: other.programOptions) else { return false }
    return other.report(program, nil, name: "").fits
  }

  /// The program of a model, planned if the model has real weights.
  private func emitter(_ model: Model) throws -> (CEmitter, isPlanned: Bool) {
    do {
      return (try CEmitter(model.packed, options: programOptions), false)
    } catch {
      guard model.format != .dchip else { throw Failure(error) }
      do {
        var options = programOptions
        // Untrained weights may have few levels that the trained ones will not have.
        if plannedWeights.bitsPerWeight == 8 { options.packsWeights = false }
        return (try CEmitter(model.graph.planned(weights: plannedWeights), options: options), true)
      } catch { throw Failure(error) }
    }
  }

  private func report(_ emitter: CEmitter, _ code: CodeMeasurement?, name: String) -> FitReport {
    let sizes = emitter.sizes
    let estimate = emitter.codeEstimate(core)
    let isMeasured = code != nil
    let flash = [
      FitReport.Section(name: "weights", byteCount: sizes.weightByteCount, isExact: true),
      .init(name: "tables", byteCount: sizes.tableByteCount, isExact: true),
      .init(name: "constants", byteCount: sizes.valueByteCount, isExact: true),
      .init(name: "code", byteCount: code?.codeByteCount ?? estimate.byteCount, isExact: isMeasured),
    ]
    let ram = [
      FitReport.Section(name: "arena", byteCount: sizes.arenaByteCount, isExact: true),
      .init(name: "input", byteCount: sizes.inputByteCount - sizes.placedInputByteCount, isExact: true),
      .init(name: "output", byteCount: sizes.outputByteCount, isExact: true),
      .init(name: "stack", byteCount: code?.stackByteCount ?? estimate.stackByteCount, isExact: isMeasured),
    ]
    return FitReport(
      model: name, target: target?.name, plannedWeights: nil, flash: .init(limit: flashBound, sections: flash),
      ram: .init(limit: ramBound, sections: ram), peak: emitter.peak.map(FitReport.Peak.init), work: work(emitter))
  }

  private func work(_ emitter: CEmitter) -> FitReport.Work {
    let steps = emitter.work(on: core)
    let mix = steps.reduce(InstructionMix()) { $0 + $1.instructions }
    let cycles = target?.cycles?.cycles(mix)
    return FitReport.Work(
      macCount: steps.reduce(0) { $0 + $1.macCount }, instructionCount: mix.count.rounded(),
      cycleCount: cycles?.rounded(),
      milliseconds: cycles.flatMap { target?.seconds(cycles: $0) }.map { $0 * 1000 },
      microjoules: cycles.flatMap { target?.picojoules(mix, cycles: $0) }.map { $0 / 1e6 })
  }

  // MARK: Changes

  /// What would help most, carried out: one of each kind, best first, three at most.
  private func changes(_ emitter: CEmitter, _ code: CodeMeasurement?, _ report: FitReport) -> [FitReport.Change] {
    var best: [FitChange.Kind: (change: FitReport.Change, excess: Double)] = [:]
    let before = excess(report)
    var options = programOptions
    options.packsWeights = true
    // A network that is in patches already is not cut again.
    let graph = emitter.schedule.graph
    let patching = patchCounts.isEmpty ? try? Patching.best(graph, options: options) : nil
    for candidate in FitChange.candidates(graph, patching) {
      guard let changed = try? CEmitter(candidate.graph, options: options) else { continue }
      let result = self.report(changed, nil, name: report.model)
      // Estimates are compared with estimates, and the difference taken off what was measured.
      let reference = self.report(emitter, nil, name: report.model)
      let saved = (
        flash: reference.flash.byteCount - result.flash.byteCount, ram: reference.ram.byteCount - result.ram.byteCount
      )
      let after = excess(report, flashSaved: saved.flash, ramSaved: saved.ram)
      guard after < before, after < best[candidate.kind]?.excess ?? .infinity else { continue }
      best[candidate.kind] = (
        FitReport.Change(
          description: candidate.description, flashByteCountSaved: saved.flash, ramByteCountSaved: saved.ram,
          fits: after == 0), after
      )
    }
    let order = FitChange.Kind.allCases.compactMap { best[$0] }
    return order.enumerated().sorted { ($0.element.excess, $0.offset) < ($1.element.excess, $1.offset) }.prefix(3)
      .map(\.element.change)
  }

  /// How far both memories are exceeded, in parts of what there is; 0 if it fits.
  private func excess(_ report: FitReport, flashSaved: Int = 0, ramSaved: Int = 0) -> Double {
    func excess(_ byteCount: Int, _ limit: Int?) -> Double {
      guard let limit, limit > 0 else { return limit == 0 ? Double(byteCount) : 0 }
      return max(0, Double(byteCount - limit) / Double(limit))
    }
    return excess(report.flash.byteCount - flashSaved, flashBound) + excess(report.ram.byteCount - ramSaved, ramBound)
  }
}

extension FitReport.Peak {
  init(_ peak: MemoryPeak) {
    self.init(
      step: peak.step, layer: peak.layer, operator: peak.kind.description,
      tensors: peak.blocks.map { Tensor(name: $0.name, byteCount: $0.byteCount, offset: $0.offset) },
      sharedByteCount: peak.sharedByteCount, gapByteCount: peak.gapByteCount)
  }
}
