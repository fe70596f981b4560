import DeepChip
import Foundation
import Testing

/// Whole networks: emitted, compiled, run on 20 inputs.
@Suite struct ModelTests {
  static let shared: URL = {
    if let path = ProcessInfo.processInfo.environment["DEEPCHIP_SHARED"] { return URL(fileURLWithPath: path) }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")
  }()

  static let hasShared = FileManager.default.fileExists(atPath: model("mlperf-tiny/kws_ref_model.tflite").path)

  static func model(_ path: String) -> URL { shared.appending(path: "data/models").appending(path: path) }

  /// Compares with the executor under every compiler, and the sizes with the object files.
  private func check(_ packed: PackedModel, inputs: [AnyTensor], constants: Int? = nil, arena: Int) throws {
    let executor = try Executor(packed)
    let expected = try inputs.flatMap { try executor.run([$0]).flatMap(\.bytes) }
    let emitter = try CEmitter(packed, options: .init(name: "net"))
    #expect(emitter.sizes.arenaByteCount <= arena)
    if let constants { #expect(emitter.sizes.constantByteCount <= constants) }
    for compiler in CCompiler.all {
      let program = try CompiledProgram(emitter, compiler, flags: ["-O2"])
      #expect(try program.outputs(inputs.map { [$0] }) == expected)
      if let nm = CCompiler.tool("nm") {
        let found = try symbolSizes(emitter, compiler, nm: nm)
        #expect(found.constants == emitter.sizes.constantByteCount)
        #expect(found.variables == emitter.sizes.arenaByteCount)
      }
    }
  }

  private func samples(_ packed: PackedModel) throws -> [AnyTensor] {
    let type = packed.graph[packed.graph.inputs[0]].type
    return try (0..<20).map { AnyTensor.sample(type.elementType, try type.shape(batch: 1), seed: UInt64($0)) }
  }

  @Test("The quantized digits network")
  func digits() throws {
    let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
    var quantization = Quantization()
    quantization.preprocessing = Preprocessing(scale: 1 / 16)
    let float = try Model(contentsOf: root.appendingPathComponent("Sources/CResources/digits.onnx"))
    let packed = try quantization.run(float, calibration: .digits(split: .train))
    let test = try Dataset.digits(split: .test)
    let inputs = try (0..<20).map { index in
      AnyTensor.float32(Tensor(shape: [1, 1, 8, 8], scalars: try test.item(at: index).doubles.map { Float($0) / 16 }))
    }
    try check(packed, inputs: inputs, arena: 5 << 10)
  }

  @Test("ResNet-8 needs at most 33 KiB of arena", .enabled(if: hasShared))
  func residualNetwork() throws {
    let packed = try Model(contentsOf: Self.model("mlperf-tiny/pretrainedResnet_quant.tflite")).packed
    try check(packed, inputs: samples(packed), constants: 82 << 10, arena: 33 << 10)
  }

  @Test("The keyword spotter needs at most 16 KiB of arena", .enabled(if: hasShared))
  func keywords() throws {
    let packed = try Model(contentsOf: Self.model("mlperf-tiny/kws_ref_model.tflite")).packed
    try check(packed, inputs: samples(packed), constants: 31 << 10, arena: 16 << 10)
  }

  @Test(
    "Every other quantized TensorFlow Lite file", .enabled(if: hasShared),
    arguments: ["mlperf-tiny/ad01_int8.tflite", "mlperf-tiny/str_ww_ref_model.tflite"])
  func otherFiles(_ path: String) throws {
    let packed = try Model(contentsOf: Self.model(path)).packed
    try check(packed, inputs: samples(packed), arena: 8 << 10)
  }

  @Test("LeNet with ternary weights stays packed in flash", .enabled(if: hasShared))
  func ternary() throws {
    let data = Self.shared.appending(path: "data/mnist").path
    var quantization = Quantization()
    quantization.calibrationCount = 32
    let kind = try #require(WeightQuantizerKind.named("ternary"))
    quantization.options = QuantizationOptions(weights: kind)
    let float = try Model(contentsOf: Self.model("lenet/lenet-mnist.onnx"))
    let packed = try quantization.run(float, calibration: DatasetSpecifier("mnist:\(data)").load(split: .train))
    try check(packed, inputs: samples(packed), constants: 120 << 10, arena: 15 << 10)
  }
}
