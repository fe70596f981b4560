import ArgumentParser
import DeepChip
import Foundation

struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize", abstract: "Packs a trained float model with 8-bit activations and small weights.",
    discussion: """
      No training: activation ranges come from sample inputs of the training split. A .dchip that is packed already keeps \
      its weights, and is written again with other --codes, or with what is given about its inputs. Weights are one of:
      \(WeightQuantizerKind.all.map { "  \($0.name): \($0.help)" }.joined(separator: "\n"))
      """)

  @OptionGroup var model: ModelArgument

  @Option(
    help: ArgumentHelp(
      "Data set to calibrate with: \(DataOptions.usages). Not needed for a model that comes with all of its codes.",
      valueName: "data"))
  var data: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The .dchip file to write.", valueName: "file"), completion: .file())
  var output: String

  @OptionGroup var preprocessing: PreprocessingOptions

  @Option(help: ArgumentHelp("Codes of weights: \(QuantizeCommand.weightKinds).", valueName: "kind"))
  var weights = "int8"

  @Option(
    help: ArgumentHelp(
      "Of ternary weights: zero within this times the largest; 0 keeps every non-zero.", valueName: "t"))
  var ternaryThreshold = WeightQuantizerOptions().ternaryThreshold

  @Option(
    help: ArgumentHelp(
      "Codes of the first and the last layer's weights; 'same' for those of --weights.", valueName: "kind"))
  var endWeights = "int8"

  @Option(
    help: ArgumentHelp("How activation ranges are chosen: \(QuantizeCommand.calibrators).", valueName: "kind"))
  var calibrator = QuantizationOptions().calibrator.name

  @Option(help: ArgumentHelp("Sample inputs to calibrate with.", valueName: "n"))
  var calibrationImages = 512

  @Option(help: "Seed for choosing them.")
  var seed: UInt64 = 1

  @Flag(inversion: .prefixedNo, help: "Even out channel ranges between neighboring layers first.")
  var equalize = QuantizationOptions().equalizes

  @Flag(inversion: .prefixedNo, help: "Correct biases for what the coded weights change in the mean.")
  var correctBias = QuantizationOptions().correctsBias

  @Option(
    help: ArgumentHelp(
      "Treat a layer differently: LAYER=real or LAYER=KIND, by name pattern or number.", valueName: "rule"))
  var layer: [String] = []

  @Option(help: "Threads.")
  var threads = 1

  @Option(
    help: ArgumentHelp(
      "Codes in the file: small, balanced (fast ones for up to 1/128 more bytes) or fast (up to 1/6, only weights).",
      valueName: "kind"))
  var codes = CodePreference.balanced

  @Flag(help: "Leave names of layers out of the file.")
  var noNames = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    guard calibrationImages >= 1 else { throw ValidationError("--calibration-images is at least 1.") }
    guard (0..<1).contains(ternaryThreshold) else {
      throw ValidationError("--ternary-threshold is 0 or more, below 1.")
    }
    guard (1...256).contains(threads) else { throw ValidationError("--threads is 1 to 256, not \(threads).") }
  }

  func run() throws {
    var quantization = Quantization()
    quantization.options = try options()
    let source = try Model(contentsOf: model.url)
    let dataset = try data.map { try DatasetSpecifier($0, kinds: DatasetKind.readable).load(split: .train) }
    if let note = dataset?.note { Console.note("note: \(note)") }
    quantization.calibrationCount = calibrationImages
    quantization.seed = seed
    quantization.threads = threads
    quantization.preprocessing = preprocessing.preprocessing(for: model.url)
    var bar = ProgressBar("Calibrating")
    var packed = try quantization.run(source, calibration: dataset) { bar.update($0) }
    if source.format == .dchip, preprocessing.isGiven {
      // A packed model says itself how its inputs are prepared; only what is given changes.
      packed.preprocessing = preprocessing.preprocessing(for: model.url, over: packed.preprocessing)
    }
    let bytes = try packed.serialized(WritingOptions(includesNames: !noNames, codePreference: codes))
    try AtomicFile.write(bytes, to: output)
    try show(source, packed, byteCount: bytes.count)
  }

  private static var weightKinds: String { WeightQuantizerKind.all.map(\.name).joined(separator: ", ") }
  private static var calibrators: String { CalibratorKind.all.map(\.name).joined(separator: ", ") }

  private func options() throws -> QuantizationOptions {
    guard let weights = WeightQuantizerKind.named(weights) else {
      throw Failure(.usage, "--weights \(weights.escapedForDisplay): one of \(Self.weightKinds).")
    }
    guard let calibrator = CalibratorKind.named(calibrator) else {
      throw Failure(.usage, "--calibrator \(calibrator.escapedForDisplay): one of \(Self.calibrators).")
    }
    let ends = endWeights == "same" ? weights : WeightQuantizerKind.named(endWeights)
    guard let ends else {
      throw Failure(.usage, "--end-weights \(endWeights.escapedForDisplay): 'same' or one of \(Self.weightKinds).")
    }
    return QuantizationOptions(
      weights: weights, weightOptions: WeightQuantizerOptions(ternaryThreshold: ternaryThreshold), endWeights: ends,
      calibrator: calibrator, equalizes: equalize, correctsBias: correctBias,
      overrides: try layer.map { try LayerOverride(parsing: $0) })
  }

  private func show(_ source: Model, _ packed: PackedModel, byteCount: Int) throws {
    let name = URL(fileURLWithPath: output).lastPathComponent
    let report = Inspection.report(packed, name: name, fileByteCount: byteCount)
    if json { return try Console.json(report) }
    Console.print("\(output)")
    Console.print("  parameters   \(report.parameterCount.grouped)")
    Console.print(
      "  bytes        \(byteCount.grouped)  (float32: \(report.float32ByteCount.grouped), "
        + "\(report.compressionRatio.digits(2)) times smaller)")
    Console.print("  non-zero     \(report.weightDensity.percent) of the weights")
  }
}
