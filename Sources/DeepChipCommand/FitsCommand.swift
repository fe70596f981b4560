import ArgumentParser
import DeepChip
import Foundation

struct FitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fits",
    abstract: "Flash, RAM, cycles and energy of a model on a chip, before it is flashed or even trained.",
    discussion: """
      A float model is planned as if its activations had 8 bits and its weights were coded as --weights says; a softmax \
      at its end is left to the caller. Constants, \
      arena, input and output are those of 'deepchip emit', byte for byte; code, stack, cycles and energy are estimates \
      unless --measure is given. Exit code 5 if it does not fit. Targets:
      \(Target.all.map { "  \($0.name): \($0.title), \($0.core.title)" }.joined(separator: "\n"))
      """)

  @OptionGroup var model: ModelArgument

  @Option(help: ArgumentHelp("Flash there is, such as 256K; the target's unless given.", valueName: "bytes"))
  var flash: ByteCount?

  @Option(help: ArgumentHelp("RAM there is, such as 64K; the target's unless given.", valueName: "bytes"))
  var ram: ByteCount?

  @Option(help: ArgumentHelp("The chip.", valueName: "name"))
  var target: String?

  @Option(help: ArgumentHelp("Codes that the weights of a float model will have.", valueName: "kind"))
  var weights = "int8"

  @Option(help: PatchesArgument.help)
  var patches: PatchesArgument?

  @Flag(help: "Compile the program with the target's cross compiler, for exact code and a bound on the stack.")
  var measure = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    var fitting = Fitting()
    fitting.target = try target.map(Target.init(argument:))
    fitting.flashLimit = flash?.value
    fitting.ramLimit = ram?.value
    guard let kind = WeightQuantizerKind.named(weights) else {
      let names = WeightQuantizerKind.all.map(\.name).joined(separator: ", ")
      throw Failure(.usage, "--weights \(weights.escapedForDisplay): one of \(names).")
    }
    fitting.plannedWeights = kind
    fitting.patchCounts = patches?.counts ?? []
    if measure {
      let core = fitting.target?.core ?? .cortexM4
      fitting.measure = { try CodeMeasurement($0, core: core) }
    }
    let report = try fitting.report(Model(contentsOf: model.url))
    if json { try Console.json(report) } else { show(report) }
    if !report.fits { throw ExitCode(Failure.Code.doesNotFit.rawValue) }
  }

  private func show(_ report: FitReport) {
    Console.print(Console.bold(report.model.escapedForDisplay) + (report.target.map { " on " + $0 } ?? ""))
    if let weights = report.plannedWeights {
      Console.print("planned: activations of 8 bits, weights \(weights)")
    }
    if let patches = report.patches {
      Console.print("patches \(patches.count), through layer '\(patches.lastLayer.escapedForDisplay)'")
    } else if patches != nil {
      Console.print("patches none need less RAM")
    }
    show("flash", report.flash)
    show("RAM", report.ram)
    if let peak = report.peak {
      Console.print("peak    \(peak.operator) '\(peak.layer.escapedForDisplay)' (step \(peak.step)) needs at once")
      for tensor in peak.tensors {
        Console.print("          \(padded(tensor.byteCount.grouped)) \(tensor.name.escapedForDisplay)")
      }
      if peak.sharedByteCount > 0 {
        Console.print("          \(padded("-" + peak.sharedByteCount.grouped)) in two of them")
      }
      if peak.gapByteCount > 0 { Console.print("          \(padded(peak.gapByteCount.grouped)) gaps") }
    }
    show(report.work)
    show(report.changes)
    if let target = report.fittingTarget { Console.print("or take \(target): it fits there as it is") }
  }

  private func padded(_ text: String) -> String { String(repeating: " ", count: max(0, 9 - text.count)) + text }

  private func show(_ name: String, _ memory: FitReport.Memory) {
    let limit = memory.limit.map { " of \($0.grouped)" + (memory.fits ? "" : ": DOES NOT FIT") } ?? ""
    Console.print(
      name + String(repeating: " ", count: 8 - name.count) + padded(memory.byteCount.grouped) + " bytes" + limit)
    for section in memory.sections where section.byteCount > 0 {
      Console.print(
        "          \(padded(section.byteCount.grouped)) \(section.name)" + (section.isExact ? "" : " (estimate)"))
    }
  }

  private func show(_ work: FitReport.Work) {
    var line = "work    \(work.macCount.grouped) MAC, about \(Int(work.instructionCount).grouped) instructions"
    if let cycles = work.cycleCount { line += ", \(Int(cycles).grouped) cycles" }
    if let milliseconds = work.milliseconds { line += ", \((milliseconds * 1000).microseconds)" }
    if let energy = work.microjoules { line += ", \(energy.digits(1)) µJ" }
    Console.print(line)
  }

  private func show(_ changes: [FitReport.Change]) {
    guard !changes.isEmpty else { return }
    Console.print("what would help most:")
    for change in changes {
      let sizes = [(change.flashByteCountSaved, "flash"), (change.ramByteCountSaved, "RAM")]
      let saved = sizes.filter { $0.0 > 0 }.map { "\($0.0.grouped) bytes of \($0.1)" }.joined(separator: ", ")
      let spent = sizes.filter { $0.0 < 0 }.map { "\((-$0.0).grouped) bytes of \($0.1)" }.joined(separator: ", ")
      let text = [("saves ", saved), ("costs ", spent)].filter { !$0.1.isEmpty }.map { $0.0 + $0.1 }
      Console.print(
        "  \(change.description): \(text.joined(separator: ", "))" + (change.fits ? "; fits" : "; not enough alone"))
    }
  }
}

/// A number of bytes: `65536`, `64K` or `1M`, in units of 1024.
struct ByteCount: ExpressibleByArgument {
  var value: Int

  init?(argument: String) {
    let units: [(suffix: String, shift: Int)] = [
      ("KiB", 10), ("MiB", 20), ("KB", 10), ("MB", 20), ("K", 10), ("M", 20),
    ]
    let unit = units.first { argument.lowercased().hasSuffix($0.suffix.lowercased()) }
    let digits = argument.dropLast(unit?.suffix.count ?? 0)
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits),
      number < 1 << 40
    else { return nil }
    value = number << (unit?.shift ?? 0)
  }
}

extension Target {
  /// - Throws: `Failure` that lists the names.
  init(argument: String) throws {
    guard let target = Target.named(argument) else {
      throw Failure(
        .usage, "--target \(argument.escapedForDisplay): one of \(Target.all.map(\.name).joined(separator: ", ")).")
    }
    self = target
  }
}
