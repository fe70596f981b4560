import Compression
import Datasets
import Foundation
import Graphs
import ModelFormat
import Packing
import Passes
import Quantizers
import Runtime
import Tensors

/// Post-training quantization from a float model and sample data to a packed model.
public struct Quantization {
  public var options = QuantizationOptions()
  /// Items of the data set to calibrate with.
  public var calibrationCount = 512
  public var seed: UInt64 = 1
  public var batch = 16
  public var threads = 1
  public var preprocessing = Preprocessing()
  public var classNames: [String] = []

  public init() {}

  /// - Parameters:
  ///   - model: with real weights, or with codes; a packed one stays as it is, and takes neither inputs nor options.
  ///   - dataset: the training split, or other inputs that are typical; nil will do for a model that comes with all of
  ///     its codes.
  ///   - progress: told the share done, 0...1.
  /// - Throws: `Failure`.
  public func run(
    _ model: Model, calibration dataset: Dataset?, progress: @escaping (Double) -> Void = { _ in }
  ) throws -> PackedModel {
    let name = model.url.lastPathComponent.escapedForDisplay
    if model.format == .dchip { return try alreadyPacked(model, name, dataset) }
    do {
      let quantizer = PostTrainingQuantizer(options)
      let prepared = quantizer.prepared(model.graph.simplified())
      let passes = try quantizer.passCount(prepared)
      guard dataset != nil || passes == 0 else {
        throw Failure(.usage, "\(name): holds values that are not coded yet; give sample inputs with --data.")
      }
      let encoded = try quantizer.encoded(
        prepared, calibration: source(dataset, passCount: max(passes, 1), progress: progress))
      progress(1)
      return try Packer.pack(
        encoded, preprocessing: preprocessing, classNames: classNames.isEmpty ? dataset?.classNames ?? [] : classNames,
        // A model that comes with all of its codes is to give the results it was published with.
        precision: passes == 0 ? .exact : .brief)
    } catch {
      throw Failure(error)
    }
  }

  /// The same model, to be written with other codes.
  ///
  /// - Throws: `Failure` when it holds real weights, or is to be quantized in a way.
  private func alreadyPacked(_ model: Model, _ name: String, _ dataset: Dataset?) throws -> PackedModel {
    let packed = model.packed
    let isCoded = packed.graph.constants.values.contains { if case .coded = $0 { true } else { false } }
    guard isCoded, dataset == nil, options.isDefault else {
      throw Failure(
        .usage,
        isCoded
          ? "\(name): already packed; without --data and options of weights it is written again with other --codes. "
            + "To quantize anew, take the .onnx or .tflite it came from."
          : "\(name): holds real weights of a training run; quantize the .onnx or .tflite, or train it on.")
    }
    return packed
  }

  /// Runs graphs over the calibration items with the float kernels.
  func source(
    _ dataset: Dataset?, passCount: Int, progress: @escaping (Double) -> Void = { _ in }
  ) -> ActivationSource {
    var done = 0.0
    return ActivationSource { graph, values, observe in
      guard let dataset else { return }
      let indices = dataset.sample(calibrationCount, seed: seed)
      var tapped = graph
      tapped.outputs = values
      let feeder = try InputFeeder(graph, preprocessing)
      let size = feeder.fixedBatch ?? batch
      var executor: Executor?
      for start in stride(from: 0, to: indices.count, by: size) {
        let chunk = Array(indices[start..<min(start + size, indices.count)])
        if feeder.fixedBatch != nil && chunk.count < size { break }
        let input = try feeder.input(dataset, chunk)
        if executor == nil || executor?.schedule.batch != chunk.count {
          executor = try Executor(tapped, batch: feeder.fixedBatch == nil ? chunk.count : 1, threads: threads)
        }
        for (id, tensor) in zip(values, try executor?.run([input]) ?? []) {
          if let reals = tensor.asFloat32 { try observe(id, reals) }
        }
        done += Double(chunk.count) / Double(indices.count) / Double(passCount)
        progress(min(done, 1))
      }
    }
  }
}
