import DeepChip
import Foundation
import Testing

/// Published networks as integers: definitions and kernels give the same bytes, on random and on real inputs.
@Suite(.enabled(if: SharedData.has("data/README.md"))) struct BitExactnessTests {
  private static let imageNet = Preprocessing(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])

  private func cifar(_ split: Split) throws -> Dataset {
    try .cifar10(SharedData.data("cifar-10-batches-bin"), split: split)
  }

  /// A random input, and the first two items.
  private func inputs(_ graph: Graph, _ data: Dataset, _ preprocessing: Preprocessing) throws -> [AnyTensor] {
    let feeder = try InputFeeder(graph, preprocessing)
    return try [.randomInput(graph, seed: 7)] + (0..<2).map { try feeder.input(data, [$0]) }
  }

  @Test(
    "CIFAR-10 networks, quantized with 32 pictures",
    arguments: [
      ("resnet20.onnx", imageNet), ("resnet44.onnx", imageNet),
      ("mlperf-tiny/resnet8.onnx", Preprocessing(scale: 1)),
    ])
  func quantized(file: String, preprocessing: Preprocessing) throws {
    var quantization = Quantization()
    quantization.preprocessing = preprocessing
    quantization.calibrationCount = 32
    let packed = try quantization.run(
      Model(contentsOf: SharedData.model(file)), calibration: cifar(.train))
    try expectEqualToTheReference(packed, inputs(packed.graph, cifar(.test), preprocessing), file)
  }

  @Test("ResNet-8 as it comes in int8", arguments: ["pretrainedResnet_quant.tflite", "resnet8_int8_qdq_nhwc.onnx"])
  func codedResNet(file: String) throws {
    let settings = Preprocessing(scale: 1, layout: .interleaved)
    let model = try Model(contentsOf: SharedData.model("mlperf-tiny/\(file)"))
    try expectEqualToTheReference(model.packed, inputs(model.packed.graph, cifar(.test), settings), file)
  }

  @Test("The keyword network as it comes in int8")
  func codedKeywords() throws {
    let model = try Model(contentsOf: SharedData.model("mlperf-tiny/kws_ref_model.tflite"))
    let words = try Dataset.keywordFeatures(SharedData.data("kws01"), split: .test)
    try expectEqualToTheReference(model.packed, inputs(model.packed.graph, words, Preprocessing()), "kws")
  }

  @Test("The auto-encoder as it comes in int8")
  func codedAutoEncoder() throws {
    let model = try Model(contentsOf: SharedData.model("mlperf-tiny/ad01_int8.tflite"))
    let frames = try Dataset(name: "frames", inputs: .float32(AnomalyFrames.windows(2)))
    try expectEqualToTheReference(model.packed, inputs(model.packed.graph, frames, Preprocessing()), "ad")
  }

  @Test(
    "A model that comes with its codes is packed without sample inputs, and packs to what it was",
    arguments: [
      "mlperf-tiny/pretrainedResnet_quant.tflite", "mlperf-tiny/resnet8_int8_qdq_nhwc.onnx",
      "mlperf-tiny/kws_ref_model.tflite", "mlperf-tiny/ad01_int8.tflite",
    ])
  func packsWithoutSamples(file: String) throws {
    let model = try Model(contentsOf: SharedData.model(file))
    let packed = try Quantization().run(model, calibration: nil)
    let input = try AnyTensor.randomInput(packed.graph, seed: 3)
    #expect(try Executor(packed).run([input]) == Executor(model.packed).run([input]))
    let folder = try TemporaryFolder()
    let run = try deepchip("quantize", SharedData.model(file).path, "-o", folder["m.dchip"].path)
    #expect(run.code == 0, "\(run.standardError)")
    #expect(try Model(contentsOf: folder["m.dchip"]).executor().run([input]) == Executor(packed).run([input]))
  }

  @Test("A float model without sample inputs: a matter of usage, and --data in the message")
  func needsSamples() throws {
    let folder = try TemporaryFolder()
    let run = try deepchip("quantize", SharedData.model("resnet20.onnx").path, "-o", folder["m.dchip"].path)
    #expect(run.code == 2)
    #expect(run.standardError.contains("--data"))
    #expect(try folder.names == [])
  }
}

/// Inputs of the anomaly networks: five frames of a sound, one after the other.
enum AnomalyFrames {
  static func windows(_ count: Int) throws -> Tensor<Float> {
    let frames = try SharedData.floats("models/mlperf-tiny/ad01_sample_normal_id_01_00000000.bin")
    return Tensor(shape: [count, 640], scalars: (0..<count).flatMap { frames[$0 * 128..<$0 * 128 + 640] })
  }
}
