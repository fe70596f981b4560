import DeepChip
import Foundation
import Synchronization
import Tensors

/// A value that several tests need and the first one makes.
final class Once<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let make: @Sendable () throws -> Value

  init(_ make: @escaping @Sendable () throws -> Value) { self.make = make }

  func callAsFunction() throws -> Value {
    try value.withLock { value in
      if let value { return value }
      let new = try make()
      value = new
      return new
    }
  }
}

/// A network with real inputs, as chips are to run it, and what the host makes of them.
struct EmulatedNetwork: Sendable, CustomStringConvertible {
  struct Contents: Sendable {
    var packed: PackedModel
    var inputs: [AnyTensor]
    /// Of all inputs in a row.
    var outputs: [UInt8]

    init(_ packed: PackedModel, _ inputs: [AnyTensor]) throws {
      (self.packed, self.inputs) = (packed, inputs)
      let executor = try Executor(packed)
      outputs = try inputs.flatMap { try executor.run([$0]).flatMap(\.bytes) }
    }
  }

  var name: String
  /// Made once for all tests.
  var contents: Once<Contents>

  var description: String { name }

  init(name: String, _ make: @escaping @Sendable () throws -> (PackedModel, [AnyTensor])) {
    self.name = name
    contents = Once {
      let (packed, inputs) = try make()
      return try Contents(packed, inputs)
    }
  }

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
      return (
        packed, try inputs(packed, set("cifar10", "cifar-10-batches-bin"), packed.preprocessing ?? Preprocessing())
      )
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

  /// LeNet with ternary weights in every layer, and MNIST's training pictures as inputs.
  static let lenet = EmulatedNetwork(name: "LeNet, all ternary") {
    let data = try set("mnist", "mnist", .train)
    let packed = try ternary("lenet/lenet-mnist.onnx", calibration: data, end: nil)
    return (packed, try inputs(packed, data, packed.preprocessing ?? Preprocessing()))
  }

  private static let sets = Mutex<[String: Dataset]>([:])

  /// A data set, read once.
  static func set(_ kind: String, _ folder: String, _ split: Split = .test) throws -> Dataset {
    try sets.withLock { sets in
      let key = "\(kind) \(split)"
      if let set = sets[key] { return set }
      let path = ModelTests.shared.appending(path: "data/" + folder).path
      let set = try DatasetSpecifier(kind + ":" + path).load(split: split)
      sets[key] = set
      return set
    }
  }

  static func inputs(_ packed: PackedModel, _ set: Dataset, _ preprocessing: Preprocessing) throws -> [AnyTensor] {
    let feeder = try InputFeeder(packed.graph, preprocessing)
    return try (0..<inputCount).map { try feeder.input(set, [$0]) }
  }
}
