import ArgumentParser
import DeepChip
import Foundation

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a network on labeled data and packs it.",
    discussion: """
      The run has a folder (--run; by default that of the output file, ending in .run) with config.json, a line per \
      epoch in metrics.jsonl, curves in report.html, and checkpoints. A run that was stopped or killed goes on with \
      --resume FOLDER, to the same bits. SIGINT and SIGTERM finish the step, save, and exit with 130 and 143.
      """)

  @Argument(
    help: ArgumentHelp(
      "A network's name (see --list), a file to start from (.onnx, .tflite, or a run's trained.dchip), or the folder of a run that is done: its weights, and the scales of the same quantizers.",
      valueName: "network"),
    completion: .file())
  var network: String?

  @Option(help: ArgumentHelp("Data set: \(DataOptions.usages).", valueName: "data"))
  var data: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The .dchip file to write.", valueName: "file"), completion: .file())
  var output: String?

  @Option(
    name: .customLong("run"), help: ArgumentHelp("Folder of the run.", valueName: "folder"), completion: .directory)
  var runFolder: String?

  @Option(help: ArgumentHelp("Go on with the run in this folder.", valueName: "folder"), completion: .directory)
  var resume: String?

  @Option(
    help: ArgumentHelp(
      "Settings: one of \(TrainingRecipe.builtInNames.joined(separator: ", ")), or a file.",
      valueName: "recipe"), completion: .file())
  var recipe: String?

  @OptionGroup var preprocessing: PreprocessingOptions

  @Option(
    help: ArgumentHelp("Codes of weights; real ones if neither this nor --activations is given.", valueName: "kind"))
  var weights: String?

  @Option(help: ArgumentHelp("Codes of the first and the last layer's weights, or 'float'.", valueName: "kind"))
  var endWeights: String?

  @Option(help: ArgumentHelp("Codes of activations.", valueName: "kind"))
  var activations: String?

  @Option(help: ArgumentHelp("Share of inner layers' weights that are not zero at the end, 0 to 1.", valueName: "x"))
  var density: Fraction?

  @Option(
    help: ArgumentHelp(
      "Thin inner layers until the packed file has at most this many bytes, and about as many.", valueName: "n"))
  var targetBytes: Int?

  @Option(
    help: ArgumentHelp(
      "A network to learn from: .onnx, .tflite or .dchip. It sees pictures in its own size and with its own means, if its file says so. Given more than once: from all together.",
      valueName: "model"), completion: .file())
  var teacher: [String] = []

  @Option(help: ArgumentHelp("Times that every item is seen.", valueName: "n"))
  var epochs: Int?

  @Option(
    help: ArgumentHelp(
      "Measure by N training items that are not trained with, instead of the test split: to choose settings.",
      valueName: "n"))
  var heldBack: Int?

  @Option(help: ArgumentHelp("The first N items of each split only.", valueName: "n"))
  var limit: Int?

  @Option(help: "Seed of all that is drawn at random.")
  var seed: UInt64?

  @Option(help: ArgumentHelp("Stop after this time, such as 45m or 2h; resumable, exit code 0.", valueName: "time"))
  var timeBudget: TimeSpan?

  @Option(help: ArgumentHelp("Time between checkpoints inside an epoch; 0s for every step.", valueName: "time"))
  var saveEvery = TimeSpan(duration: .seconds(300))

  @Option(help: "Threads; they do not change the result.")
  var threads = 1

  @Flag(help: "List the networks that have a name, and the kinds of codes.")
  var list = false

  @Flag(help: "Print a line of JSON per epoch, and one with the fields of 'eval' at the end.")
  var json = false

  func validate() throws {
    guard (1...256).contains(threads) else { throw ValidationError("--threads is 1 to 256, not \(threads).") }
    if let epochs, !(1...1_000_000).contains(epochs) {
      throw ValidationError("--epochs is 1 to 1000000, not \(epochs).")
    }
    if let limit, limit < 1 { throw ValidationError("--limit is at least 1, not \(limit).") }
    if let density, !(0...1).contains(density.value) {
      throw ValidationError("--density is a share, 0 to 1, not \(density.value).")
    }
    if let heldBack, !(0...1 << 40).contains(heldBack) {
      throw ValidationError("--held-back is at least 0, not \(heldBack).")
    }
    if let targetBytes, !(1...1 << 40).contains(targetBytes) {
      throw ValidationError("--target-bytes is at least 1, not \(targetBytes).")
    }
    if targetBytes != nil && density != nil { throw ValidationError("--density and --target-bytes: give one of them.") }
    if list { return }
    if resume != nil {
      if runFolder != nil { throw ValidationError("--run and --resume: give the folder once.") }
      return
    }
    if recipe == nil {
      guard network != nil else { throw ValidationError("Missing expected argument '<network>'.") }
      guard data != nil else { throw ValidationError("Missing expected argument '--data <data>'.") }
    }
    guard output != nil else { throw ValidationError("Missing expected argument '-o <file>'.") }
  }

  func run() throws {
    if list { return showList() }
    let start = ContinuousClock.now
    let folder = try self.folder()
    let run = try TrainingRun(configuration(folder), in: folder, threads: threads)
    run.saveInterval = saveEvery.duration
    for note in run.notes { Console.note("note: \(note)") }
    StopSignals.postpone()
    let ending = try train(run, since: start)
    if let signal = StopSignals.endPostponing() { return try stop(run, .signal(signal)) }
    switch ending {
    case .finished: try finish(run)
    case .stopped(let reason): try stop(run, reason)
    }
  }

  private func showList() {
    Console.print(Console.bold("networks"))
    for kind in NetworkKind.all {
      Console.print("  \(kind.usage)\n      \(kind.help)")
    }
    Console.print(Console.bold("recipes"))
    for name in TrainingRecipe.builtInNames {
      Console.print("  \(name): \((try? TrainingRecipe.named(name))?.summary ?? "")")
    }
    Console.print(Console.bold("weights"))
    for kind in TrainableWeightQuantizerKind.all { Console.print("  \(kind.name): \(kind.help)") }
    Console.print(Console.bold("activations"))
    for kind in TrainableActivationQuantizerKind.all { Console.print("  \(kind.name): \(kind.help)") }
  }

  // MARK: What to do

  private func folder() throws -> URL {
    if let resume {
      return URL(fileURLWithPath: resume)
    }
    let place = runFolder ?? (output.map { URL(fileURLWithPath: $0).deletingPathExtension().path + ".run" }) ?? "."
    let folder = URL(fileURLWithPath: place)
    if RunFolder.holdsRun(folder) {
      throw Failure(
        .usage, "\(place.escapedForDisplay): holds a run already. Go on with it by --resume, or give another --run.")
    }
    return folder
  }

  /// What was asked for; for a run that goes on, its own, with which what was asked for must agree.
  private func configuration(_ folder: URL) throws -> TrainingConfiguration {
    let stored = resume == nil ? nil : try RunFolder.configuration(folder)
    var asked = try stored ?? beginning()
    try apply(to: &asked)
    guard let stored else { return asked }
    let differences = stored.differences(from: asked)
    guard differences.isEmpty else {
      throw Failure(
        .usage,
        "\(folder.path.escapedForDisplay): that run has \(differences.joined(separator: "; ")). "
          + "Leave these options out, or begin another run.")
    }
    if let output { asked.output = output }
    return asked
  }

  /// What the recipe says, or settings that do for a small network.
  private func beginning() throws -> TrainingConfiguration {
    var recipe: TrainingRecipe
    if let file = self.recipe {
      recipe = try TrainingRecipe.load(file)
    } else {
      recipe = TrainingRecipe(
        network: network ?? "", data: "", epochs: 20, batchSize: 64,
        learningRate: .init(peak: 0.05, schedule: .oneCycle(rise: 0.3)))
      recipe.weightDecay.rate = 5e-4
      recipe.largestGradientNorm = 5
    }
    return TrainingConfiguration(
      network: recipe.network.weights ?? recipe.network.name, data: recipe.data, output: output ?? "", recipe: recipe)
  }

  /// Lets the options that were given overrule.
  private func apply(to asked: inout TrainingConfiguration) throws {
    if let network { asked.network = network }
    if let data {
      asked.data = data
      asked.recipe.data = try DatasetSpecifier(data, kinds: DatasetKind.readable).kind.name
    }
    if let epochs { asked.recipe.epochs = epochs }
    if let seed { asked.recipe.seed = seed }
    if let heldBack { asked.recipe.heldBackCount = heldBack }
    if let limit { asked.limit = limit }
    if let density {
      var schedule = asked.recipe.density ?? .init(target: 1)
      schedule.target = Double("\(density.value)") ?? Double(density.value)
      schedule.byteCount = nil
      asked.recipe.density = schedule
    }
    if let targetBytes {
      var schedule = asked.recipe.density ?? .init(target: 1)
      (schedule.target, schedule.byteCount) = (1, targetBytes)
      asked.recipe.density = schedule
    }
    if !teacher.isEmpty {
      var distillation = asked.recipe.distillation ?? .init()
      distillation.teachers = teacher
      asked.recipe.distillation = distillation
    }
    if weights != nil || activations != nil || endWeights != nil {
      var quantization = asked.recipe.quantization ?? .init()
      quantization.weights = weights ?? quantization.weights
      quantization.activations = activations ?? quantization.activations
      quantization.firstLayer = endWeights ?? quantization.firstLayer
      quantization.lastLayer = endWeights ?? quantization.lastLayer
      asked.recipe.quantization = quantization
    }
    if preprocessing.isGiven {
      let result = preprocessing.preprocessing(
        for: URL(fileURLWithPath: asked.network), over: asked.preprocessing.preprocessing)
      asked.recipe.normalization = .init(
        scale: Double(result.scale), mean: result.mean.map { Double($0) }, std: result.std.map { Double($0) })
      asked.preprocessing = StoredPreprocessing(result)
    }
  }

  // MARK: Doing it

  private func train(_ run: TrainingRun, since start: ContinuousClock.Instant) throws -> TrainingRun.Ending {
    let doneBefore = Double(run.trainer.step) / Double(run.trainer.stepCount)
    var bar = ProgressBar("Training", from: doneBefore)
    return try run.train(
      until: {
        if let signal = StopSignals.postponed { return .signal(signal) }
        guard let timeBudget, ContinuousClock.now - start >= timeBudget.duration else { return nil }
        return .timeBudget
      },
      onStep: { position in
        bar.update(
          Double(position.step) / Double(position.stepCount + 1),
          note: "epoch \(position.epoch)  \(Int(position.imagesPerSecond)) images/s")
      },
      onEpoch: { report in
        Console.finishProgress()
        if json { try Console.jsonLine(report) } else { Console.print(line(report, of: run)) }
      })
  }

  private func line(_ report: EpochReport, of run: TrainingRun) -> String {
    let count = "\(run.configuration.recipe.epochs)"
    let number = String(repeating: " ", count: max(0, count.count - "\(report.epoch)".count)) + "\(report.epoch)"
    var line =
      "epoch \(number)/\(count)  loss \(report.trainingLoss.digits(4))  training \(report.trainingTop1.percent)"
    let items = run.configuration.recipe.heldBackCount > 0 ? "held back" : "test"
    if let top1 = report.evaluation.top1 { line += "  \(items) \(top1.percent)" }
    if let loss = report.evaluation.loss { line += "  \(items) loss \(loss.digits(4))" }
    if let count = report.fileByteCount { line += "  \(count.grouped) bytes" }
    return line + "  rate \(String(format: "%.2g", report.learningRate))  \(Int(report.imagesPerSecond)) images/s"
  }

  private func stop(_ run: TrainingRun, _ reason: TrainingRun.StopReason) throws {
    Console.finishProgress()
    let place = "step \(run.trainer.step) of \(run.trainer.stepCount)"
    let advice = "Go on with: deepchip train --resume \(run.folder.url.relativePath)"
    switch reason {
    case .signal(let signal):
      Console.note("stopped at \(place), saved. \(advice)")
      throw ExitCode(128 + signal)
    case .timeBudget:
      Console.note("the time is used up at \(place), saved. \(advice)")
    }
  }

  private func finish(_ run: TrainingRun) throws {
    let output = run.configuration.output
    try AtomicFile.write(run.packed().serialized(), to: output)
    let model = try Model(contentsOf: URL(fileURLWithPath: output))
    var bar = ProgressBar("Evaluating")
    let outcome = try run.verified(model) { bar.update($0) }
    if json { return try Console.jsonLine(outcome.evaluation) }
    Console.print("\(output)")
    Console.print("  bytes        \(model.fileByteCount.grouped)")
    if let top1 = outcome.evaluation.top1, let count = outcome.evaluation.top1Count {
      Console.print("  top-1        \(top1.percent)  (\(count.grouped) of \(outcome.evaluation.images.grouped) right)")
    }
    Console.print("  run          \(run.folder.url.relativePath)")
  }
}

/// A length of time: `90s`, `45m`, `2h`, `1.5h`.
struct TimeSpan: ExpressibleByArgument {
  var duration: Duration

  init(duration: Duration) { self.duration = duration }

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    guard let last = argument.last, let unit = units[last], let count = Double(argument.dropLast()), count >= 0,
      count * unit <= 1e8
    else { return nil }
    duration = .milliseconds(Int(count * unit * 1000))
  }

  var defaultValueDescription: String { "\(duration.components.seconds)s" }
}
