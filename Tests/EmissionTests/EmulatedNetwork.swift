import DeepChip
import Foundation
import Tensors

/// A network with real inputs, as chips are to run it.
struct EmulatedNetwork: Sendable, CustomStringConvertible {
  var name: String
  var make: @Sendable () throws -> (PackedModel, [AnyTensor])

  var description: String { name }

  static let inputCount = 20

  static let all = [
    EmulatedNetwork(name: "LeNet") {
      let data = try set("mnist", "mnist")
      let packed = try ternary("lenet/lenet-mnist.onnx", calibration: set("mnist", "mnist", .train), end: .int8)
      return (packed, try inputs(packed, data, packed.preprocessing ?? Preprocessing()))
    },
    EmulatedNetwork(name: "ResNet-8") {
      let packed = try Model(contentsOf: ModelTests.model("mlperf-tiny/pretrainedResnet_quant.tflite")).packed
      var preprocessing = Preprocessing()
      preprocessing.scale = 1
      preprocessing.layout = .interleaved
      return (packed, try inputs(packed, set("cifar10", "cifar-10-batches-bin"), preprocessing))
    },
    EmulatedNetwork(name: "keyword spotter") {
      let packed = try Model(contentsOf: ModelTests.model("mlperf-tiny/kws_ref_model.tflite")).packed
      let type = packed.graph[packed.graph.inputs[0]].type
      let features = try Data(contentsOf: ModelTests.shared.appending(path: "data/kws01/features_int8.bin"))
      let codes = (0..<inputCount).map { index in
        AnyTensor.int8(
          Tensor(
            shape: (try? type.shape(batch: 1)) ?? .scalar,
            scalars: features[(490 * index)..<(490 * (index + 1))].map { Int8(bitPattern: $0) }))
      }
      return (packed, codes)
    },
    EmulatedNetwork(name: "anomaly auto-encoder") {
      let packed = try Model(contentsOf: ModelTests.model("mlperf-tiny/ad01_int8.tflite")).packed
      let sample = try Data(
        contentsOf: ModelTests.model("mlperf-tiny/ad01_sample_normal_id_01_00000000.bin"))
      let bins = sample.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      // Five frames of 128 bins, beginning at every eighth frame; scale and zero point of the model's input.
      let codes = (0..<inputCount).map { index in
        bins[(128 * 8 * index)..<(128 * (8 * index + 5))].map {
          Int8(clamping: Int(($0 / 0.391_015_23).rounded()) + 89)
        }
      }
      return (packed, codes.map { .int8(Tensor(shape: [1, 640], scalars: $0)) })
    },
    EmulatedNetwork(name: "ResNet-20, ternary") {
      let train = try set("cifar10", "cifar-10-batches-bin", .train)
      let packed = try ternary("resnet20.onnx", calibration: train, end: .int8)
      return (packed, try inputs(packed, set("cifar10", "cifar-10-batches-bin"), packed.preprocessing ?? Preprocessing()))
    },
  ]

  static func ternary(
    _ path: String, calibration: Dataset, end: WeightQuantizerKind?
  ) throws -> PackedModel {
    var quantization = Quantization()
    quantization.calibrationCount = 32
    quantization.options = QuantizationOptions(weights: .ternary, endWeights: end)
    return try quantization.run(Model(contentsOf: ModelTests.model(path)), calibration: calibration)
  }

  static func set(_ kind: String, _ folder: String, _ split: Split = .test) throws -> Dataset {
    try DatasetSpecifier(kind + ":" + ModelTests.shared.appending(path: "data/" + folder).path).load(split: split)
  }

  static func inputs(_ packed: PackedModel, _ set: Dataset, _ preprocessing: Preprocessing) throws -> [AnyTensor] {
    let feeder = try InputFeeder(packed.graph, preprocessing)
    return try (0..<inputCount).map { try feeder.input(set, [$0]) }
  }
}
