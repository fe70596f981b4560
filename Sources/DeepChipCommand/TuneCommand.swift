import ArgumentParser
import DeepChip
import Foundation
import Kernels

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Measures this machine's kernels for the choice per layer.",
    discussion: """
      Writes what dense, sparse and packed kernels cost, as a JSON document, into the user's cache folder, where bench, \
      run, eval and inspect find it. Results of networks stay the same, bit for bit: only the choice of kernels may change.
      """)

  @OptionGroup var instructionSet: InstructionSetOption

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Write this file instead; for --costs.", valueName: "file"), completion: .file())
  var output: String?

  @Flag(help: "Print the document as well.")
  var json = false

  func run() throws {
    let set = try instructionSet.set() ?? .best
    var bar = ProgressBar("Measuring")
    let costs = KernelTuner(set).measure { bar.update($0) }
    let file = CostFile(costs, processor: Machine.processorName, instructionSet: set)
    let place = output.map { URL(fileURLWithPath: $0) } ?? CostFile.location(set)
    if output == nil {
      do {
        try FileManager.default.createDirectory(
          at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      } catch { throw Failure(error) }
    }
    try AtomicFile.write(try file.encoded(), to: place.path)
    if json { return try Console.json(file) }
    show(costs)
    Console.print("")
    Console.print("\(set.name), \(Machine.processorName); written to \(place.path.escapedForDisplay)")
  }

  private func show(_ costs: KernelCosts) {
    var table = Table([
      ("method", .left), ("shapes", .left), ("step", .right), ("table", .right), ("block", .right),
      ("addition", .right),
    ])
    for method in WeightedSumMethod.allCases {
      for shape in KernelCosts.ShapeClass.allCases {
        let factors = costs[method, shape]
        table.add(
          [method.rawValue, shape.rawValue]
            + [factors.step, factors.table, factors.block, factors.addition].map { $0.digits(3) })
      }
    }
    Console.print(table.text)
    Console.print("")
    Console.print(
      "nanoseconds a pixel: step 4 codes x 16 outputs or a sparse round, table load, 16 outputs stored, added")
    let arrival = costs.arrival
    Console.print(
      "nanoseconds a byte of weights: \(arrival.near.digits(4)) below 1 MiB, \(arrival.shared.digits(4)) below 16 MiB, "
        + "\(arrival.memory.digits(4)) above")
  }
}

/// The instruction set whose kernels are used.
struct InstructionSetOption: ParsableArguments {
  @Option(help: ArgumentHelp("Instruction set: \(InstructionSetOption.names).", valueName: "name"))
  var isa: String?

  static var names: String { InstructionSet.allCases.map { "\($0.name)" }.joined(separator: ", ") }

  /// nil when none was given.
  func set() throws -> InstructionSet? {
    guard let isa else { return nil }
    guard let set = InstructionSet.allCases.first(where: { "\($0.name)" == isa }) else {
      throw Failure(.usage, "--isa \(isa.escapedForDisplay): one of \(Self.names).")
    }
    guard set.isAvailable else { throw Failure(.usage, "--isa \(isa): this processor does not have it.") }
    return set
  }
}

/// Which kernels compute layers.
struct KernelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Kernel costs from 'deepchip tune -o FILE'; by default those in the cache folder.", valueName: "file"),
    completion: .file())
  var costs: String?

  @Option(
    help: ArgumentHelp(
      "How layers are computed: fastest, dense, gather, packed, binary or add; LAYER=METHOD for one, may be repeated.",
      valueName: "method"))
  var kernel: [KernelRule] = []

  /// `dense`, or `conv1=dense`.
  struct KernelRule: ExpressibleByArgument {
    var layer: String?
    var preference: WeightedSumPreference

    init?(argument: String) {
      let separator = argument.lastIndex(of: "=")
      let method = separator.map { String(argument[argument.index(after: $0)...]) } ?? argument
      guard let preference = WeightedSumPreference(rawValue: method) else { return nil }
      self.preference = preference
      layer = separator.map { String(argument[..<$0]) }
    }
  }

  /// - Parameter set: whose kernels run; nil for the best.
  func selection(_ set: InstructionSet? = nil) throws -> KernelSelection {
    var selection = KernelSelection(
      costs: try CostFile.costs(self.costs.map { URL(fileURLWithPath: $0) }, set ?? .best))
    for rule in kernel {
      if let layer = rule.layer {
        selection.overrides[layer] = rule.preference
      } else {
        selection.preference = rule.preference
      }
    }
    return selection
  }
}
