import ArgumentParser
import DeepChip
import Foundation

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a model on inputs from files and writes its outputs.",
    discussion: """
      Inputs are NPY files, ONNX tensors (.pb) or pictures (.png, .jpg), in the model's order or as name=FILE. \
      An input that the model initializes may be left out. A picture goes through the pre-processing. \
      -o Y.npy takes a single output; an existing folder gets output_0.npy, output_1.npy, ...
      """)

  @OptionGroup var model: ModelArgument

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Input files.", valueName: "files"), completion: .file())
  var input: [String] = []

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("File or existing folder.", valueName: "place"), completion: .file())
  var output: String

  @OptionGroup var preprocessing: PreprocessingOptions

  @Option(help: "Run with kernels (runtime) or by the slow definitions (reference).")
  var backend = Evaluator.Backend.runtime

  @OptionGroup var kernels: KernelOptions
  @OptionGroup var decoding: DecodingOptions

  @Option(help: "Threads.")
  var threads = 1

  func validate() throws {
    guard (1...256).contains(threads) else { throw ValidationError("--threads is 1 to 256, not \(threads).") }
  }

  func run() throws {
    var runner = ModelRunner(
      url: model.url, backend: backend, threads: threads,
      preprocessing: preprocessing.isGiven ? preprocessing.preprocessing(for: model.url) : nil)
    runner.kernelSelection = try kernels.selection()
    runner.decoding = backend == .runtime ? decoding.decoding : .load
    let outputs = try runner.run(input)
    try write(outputs)
  }

  private func write(_ outputs: [AnyTensor]) throws {
    let place = URL(fileURLWithPath: output)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder), isFolder.boolValue {
      for (index, tensor) in outputs.enumerated() {
        try AtomicFile.write(Array(NPY.encoded(tensor)), to: place.appendingPathComponent("output_\(index).npy").path)
      }
      return
    }
    guard outputs.count == 1, let tensor = outputs.first else {
      throw Failure(.usage, "the model has \(outputs.count) outputs: give an existing folder with -o")
    }
    try AtomicFile.write(Array(NPY.encoded(tensor)), to: output)
  }
}
