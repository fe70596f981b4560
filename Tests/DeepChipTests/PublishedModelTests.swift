import DeepChip
import Foundation
import Testing

/// Published networks through the kernels, against their stored outputs and accuracies.
@Suite(.enabled(if: SharedData.has("data/README.md"))) struct PublishedModelTests {
  private static let imageNet = Preprocessing(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])

  private func data(_ name: String) throws -> Dataset {
    switch name {
    case "cifar10": try .cifar10(SharedData.data("cifar-10-batches-bin"), split: .test)
    case "mnist": try .mnist(SharedData.data("mnist"), split: .test)
    default: try .keywordFeatures(SharedData.data("kws01"), split: .test)
    }
  }

  /// The outputs for the first items, one after the other.
  private func outputs(
    _ file: String, _ dataset: Dataset, _ count: Int, _ preprocessing: Preprocessing
  ) throws -> AnyTensor {
    let model = try Model(contentsOf: SharedData.model(file), preprocessing: preprocessing)
    let feeder = try InputFeeder(model.packed.graph, preprocessing)
    guard feeder.fixedBatch == nil else {
      let executor = try model.executor()
      var scalars: [Float] = []
      for item in 0..<count {
        scalars += try #require(executor.run([feeder.input(dataset, [item])])[0].asFloat32).scalars
      }
      return .float32(Tensor(shape: [count, scalars.count / count], scalars: scalars))
    }
    return try model.executor(batch: count, threads: 2).run([feeder.input(dataset, Array(0..<count))])[0]
  }

  @Test(
    "The first hundred outputs are the published ones",
    arguments: [
      ("resnet20.onnx", "resnet20", "cifar10", imageNet), ("resnet32.onnx", "resnet32", "cifar10", imageNet),
      ("resnet20-torch-export.onnx", "resnet20", "cifar10", imageNet),
      ("resnet44.onnx", "resnet44", "cifar10", imageNet),
      ("convnetjs-cifar10.onnx", "convnetjs-cifar10", "cifar10", Preprocessing(mean: [0.5])),
      ("mlperf-tiny/resnet8.onnx", "resnet8", "cifar10", Preprocessing(scale: 1)),
      ("mlperf-tiny/resnet8_float_nhwc.onnx", "resnet8", "cifar10", Preprocessing(scale: 1, layout: .interleaved)),
      ("mlperf-tiny/pretrainedResnet.tflite", "resnet8", "cifar10", Preprocessing(scale: 1, layout: .interleaved)),
      ("lenet/lenet-mnist.onnx", "lenet-mnist", "mnist", Preprocessing(scale: 1 / 256)),
      ("lenet/mnist-8.onnx", "mnist-8", "mnist", Preprocessing(scale: 1)),
    ])
  func firstHundred(file: String, expected: String, data: String, preprocessing: Preprocessing) throws {
    let want = try SharedData.floats("models/expected/\(expected).first100.f32")
    let got = try #require(try outputs(file, self.data(data), 100, preprocessing).asFloat32).scalars
    try #require(got.count == want.count)
    let range = (want.max() ?? 0) - (want.min() ?? 0)
    // Float sums in another order, and folded batch norms, through up to 44 layers.
    let worst = zip(got, want).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= 1e-3 * range, "\(worst) of a range of \(range)")
  }

  @Test(
    "A network has as many parameters as published",
    arguments: [
      ("resnet20.onnx", 269_722), ("resnet32.onnx", 464_154), ("resnet44.onnx", 658_586),
      ("convnetjs-cifar10.onnx", 22_466), ("lenet/lenet-mnist.onnx", 431_080),
    ])
  func parameters(file: String, count: Int) throws {
    let report = Inspection.report(try Model(contentsOf: SharedData.model(file)))
    #expect(report.parameterCount == count)
    #expect(report.float32ByteCount == 4 * count)
  }

  @Test("ResNet-20 gives the published class for each of 500 pictures")
  func resnetPredictions() throws {
    let expected = try SharedData.bytes("models/expected/resnet20.predictions.u8").prefix(500).map { Int($0) }
    let model = try Model(contentsOf: SharedData.model("resnet20.onnx"), preprocessing: Self.imageNet)
    let outcome = try Evaluator(model).evaluate(data("cifar10"), indices: Array(0..<500))
    #expect(outcome.predictions == expected)
  }

  @Test("The int8 ResNet-8 is at most a step from the interpreter's codes on most outputs, and is as often right")
  func codedResNet() throws {
    let settings = Preprocessing(scale: 1, layout: .interleaved)
    let file = "mlperf-tiny/pretrainedResnet_quant.tflite"
    let outputs = try outputs(file, data("cifar10"), 500, settings)
    let got = outputs.classes
    let want = try SharedData.bytes("models/expected/resnet8_int8_tflite.outputs.i8").prefix(5000)
    let near = try zip(#require(outputs.integers), want).count { abs($0 - Int64(Int8(bitPattern: $1))) <= 1 }
    // The softmax turns a step of the scores into many; the interpreter's own reference kernels are near at 91 %.
    #expect(near >= 4600, "\(near) of 5000")
    let expected = AnyTensor.int8(Tensor(shape: [500, 10], scalars: want.map { Int8(bitPattern: $0) })).classes
    let labels = try #require(data("cifar10").labels).prefix(500)
    let (found, right) = (zip(got, labels).count(where: ==), zip(expected, labels).count(where: ==))
    #expect(abs(found - right) <= 5, "\(found) pictures, not \(right)")
  }

  @Test("The keyword networks give the published outputs and recognize as many words")
  func keywords() throws {
    let words = try data("kws01")
    let coded = try outputs("mlperf-tiny/kws_ref_model.tflite", words, 500, Preprocessing())
    let codes = try SharedData.bytes("models/expected/kws_int8_tflite.outputs.i8").map { Int64(Int8(bitPattern: $0)) }
    let near = try zip(#require(coded.integers), codes).count { abs($0 - $1) <= 1 }
    #expect(Double(near) >= 0.99 * Double(codes.count), "\(near) of \(codes.count)")
    let real = try outputs("mlperf-tiny/kws_ds_cnn.onnx", words, 500, Preprocessing())
    let want = try SharedData.floats("models/expected/kws_ds_cnn.outputs.f32")
    let worst = try zip(#require(real.asFloat32).scalars, want).map { abs($0 - $1) }.max() ?? 1
    #expect(worst <= 1e-3)
    let labels = try #require(words.labels)
    for (outputs, right) in [(coded, 453), (real, 452)] {
      let found = zip(outputs.classes, labels).count(where: ==)
      #expect(abs(found - right) <= 2, "\(found) words, not \(right)")
    }
  }

  @Test(
    "LeNet and MNIST-8 read handwriting as well as published, on the first 2000 digits",
    arguments: [
      ("lenet/lenet-mnist.onnx", "lenet-mnist", Preprocessing(scale: 1 / 256), 0.9905),
      ("lenet/mnist-8.onnx", "mnist-8", Preprocessing(scale: 1), 0.9891),
    ])
  func handwriting(file: String, expected: String, preprocessing: Preprocessing, accuracy: Double) throws {
    let model = try Model(contentsOf: SharedData.model(file), preprocessing: preprocessing)
    let outcome = try Evaluator(model).evaluate(data("mnist"), indices: Array(0..<2000))
    let published = try SharedData.bytes("models/expected/\(expected).predictions.u8").prefix(2000).map { Int($0) }
    #expect(zip(outcome.predictions, published).count(where: !=) <= 1)
    // The first 2000 digits are harder than the rest: about a point.
    let labels = try #require(data("mnist").labels).prefix(2000)
    let right = Double(zip(published, labels).count(where: ==)) / 2000
    #expect(abs((outcome.evaluation.top1 ?? 0) - right) <= 0.005)
    #expect(abs(right - accuracy) <= 0.02)
  }

  @Test("MobileNet finds the published classes of a hundred crops", arguments: [true, false])
  func mobileNet(isCoded: Bool) throws {
    let bytes = try SharedData.bytes("imagenet-sample/crops100_128x128_rgb8.bin")
    let name = isCoded ? "mobilenet_v1_0.25_128_quant.tflite" : "mobilenet_v1_0.25_128.onnx"
    let model = try Model(contentsOf: SharedData.model("imagenet/\(name)"))
    var inputs = AnyTensor.uint8(Tensor(shape: [100, 128, 128, 3], scalars: bytes))
    if !isCoded {
      var scalars = [Float](repeating: 0, count: bytes.count)
      for (index, byte) in bytes.enumerated() {
        let (crop, rest) = index.quotientAndRemainder(dividingBy: 49_152)
        scalars[crop * 49_152 + rest % 3 * 16_384 + rest / 3] = (Float(byte) - 128) / 128
      }
      inputs = .float32(Tensor(shape: [100, 3, 128, 128], scalars: scalars))
    }
    let classes = try model.executor(batch: 100, threads: 2).run([inputs])[0].classes
    let rows = try String(contentsOf: SharedData.model("expected/mobilenet_v1_0.25_128.crops100.csv"), encoding: .utf8)
      .split(separator: "\n").dropFirst()
    // A row: class, the five classes that the float network finds, the one of the coded network.
    let published = rows.map { row in
      row.split(separator: ",").dropFirst().compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    }
    let agreeing = zip(classes, published).count { found, row in found - 1 == row[isCoded ? 1 : 0] }
    // Equal codes at the top, and steps of one code, move a few classes of the coded one.
    #expect(agreeing >= (isCoded ? 93 : 100), "\(agreeing) of 100")
  }

  @Test(
    "The auto-encoders reproduce a sound with the published error",
    arguments: [
      ("ad01_fp32.tflite", 9.7071), ("ad01_int8.tflite", 10.2652), ("ad01_fp32.onnx", 9.7071),
      ("ad01_keras_bn.onnx", 9.4913),
    ])
  func autoEncoders(file: String, error: Double) throws {
    let frames = try Dataset(name: "frames", inputs: .float32(AnomalyFrames.windows(196)))
    let model = try Model(contentsOf: SharedData.model("mlperf-tiny/\(file)"))
    let evaluation = try Evaluator(model).evaluate(frames, indices: Array(0..<196)).evaluation
    #expect(abs((evaluation.meanSquaredError ?? 0) - error) < (file.contains("int8") ? 0.02 : 0.0005))
    #expect(evaluation.images == 196 && evaluation.top1 == nil)
  }
}
