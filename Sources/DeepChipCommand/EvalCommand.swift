import ArgumentParser
import DeepChip
import Foundation

struct EvalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Top-1, top-5 and loss of a model on a data set.")

  @OptionGroup var model: ModelArgument
  @OptionGroup var data: DataOptions
  @OptionGroup var preprocessing: PreprocessingOptions
  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var kernels: KernelOptions
  @OptionGroup var decoding: DecodingOptions

  @Option(help: "Part of the data set: train or test.")
  var split = Split.test

  @Option(help: "Run with kernels (runtime) or by the slow definitions (reference).")
  var backend = Evaluator.Backend.runtime

  @Option(
    help: ArgumentHelp("Write the predicted classes here, one byte each (two above 256 classes).", valueName: "file"),
    completion: .file())
  var predictions: String?

  @Option(help: ArgumentHelp("Exit with code 6 if top-1 is below this, 0...1.", valueName: "fraction"))
  var minimumTop1: Double?

  @Option(help: ArgumentHelp("Output of class 0; 1 for models that begin with a background class.", valueName: "n"))
  var firstClass = 0

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    if let minimumTop1, !(0...1).contains(minimumTop1) {
      throw ValidationError("--minimum-top1 is a fraction, 0 to 1, not \(minimumTop1).")
    }
  }

  func run() throws {
    let model = try Model.load(
      self.model.url, preprocessing, decoding: backend == .runtime ? decoding.decoding : .load)
    let dataset = try data.dataset(split)
    var evaluator = Evaluator(model)
    evaluator.preprocessing = preprocessing.preprocessing(for: model.url)
    evaluator.backend = backend
    evaluator.threads = execution.threads
    evaluator.kernelSelection = try kernels.selection()
    evaluator.firstClass = firstClass
    if let batch = execution.batch { evaluator.batch = batch }
    let indices = data.indices(dataset)
    var bar = ProgressBar("Evaluating")
    let outcome = try evaluator.evaluate(dataset, indices: indices) { bar.update(Double($0) / Double(indices.count)) }
    if let predictions { try write(outcome.predictions, to: URL(fileURLWithPath: predictions)) }
    try show(outcome.evaluation)
    if let minimumTop1, (outcome.evaluation.top1 ?? 0) < minimumTop1 {
      throw Failure(.accuracyMissed, "top-1 is \((outcome.evaluation.top1 ?? 0).percent), below \(minimumTop1.percent)")
    }
  }

  private func write(_ predictions: [Int], to url: URL) throws {
    let isWide = predictions.contains { $0 > 255 }
    var bytes: [UInt8] = []
    for prediction in predictions {
      bytes.append(UInt8(truncatingIfNeeded: prediction))
      if isWide { bytes.append(UInt8(truncatingIfNeeded: prediction >> 8)) }
    }
    try AtomicFile.write(bytes, to: url.path)
  }

  private func show(_ evaluation: Evaluation) throws {
    if json { return try Console.json(evaluation) }
    Console.print("items   \(evaluation.images.grouped)")
    if let top1 = evaluation.top1, let count = evaluation.top1Count, let top5 = evaluation.top5,
      let loss = evaluation.loss
    {
      Console.print("top-1   \(top1.percent)  (\(count.grouped) right)")
      Console.print("top-5   \(top5.percent)")
      Console.print("loss    \(loss.digits(4))")
    }
    if let error = evaluation.meanSquaredError { Console.print("mean squared error  \(error.digits(6))") }
  }
}

extension Model {
  /// The model, with the pre-processing that was given on the command line.
  static func load(
    _ url: URL, _ options: PreprocessingOptions, decoding: WeightDecoding = .load
  ) throws -> Model {
    let isPacked = url.pathExtension.lowercased() == "dchip"
    guard options.isGiven || !isPacked else { return try Model(contentsOf: url, decoding: decoding) }
    let stored = isPacked ? try PackedModel(contentsOf: url).preprocessing : nil
    return try Model(
      contentsOf: url, preprocessing: options.preprocessing(for: url, over: stored), decoding: decoding)
  }
}
