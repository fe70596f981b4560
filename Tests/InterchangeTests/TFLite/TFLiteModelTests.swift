import Foundation
import Graphs
import Interchange
import Reference
import Tensors
import Testing

/// A published model, and what its import must look like.
struct PublishedModel: Sendable, CustomTestStringConvertible {
  var path: String
  var input: TensorType
  var output: TensorType
  var macCount: Int
  /// Nodes that change only the layout.
  var moves: [Operator.Kind]

  var testDescription: String { path }

  func graph() throws -> Graph { try TFLiteImporter().graph(contentsOf: ModelFiles.model(path)) }

  static let all = [
    PublishedModel(
      path: "mlperf-tiny/pretrainedResnet.tflite", input: TensorType(.float32, [.batch(1), 32, 32, 3]),
      output: TensorType(.float32, [.batch(1), 10]), macCount: 12_501_632, moves: [.transpose, .reshape]),
    PublishedModel(
      path: "mlperf-tiny/pretrainedResnet_quant.tflite", input: TensorType(.int8, [.batch(1), 32, 32, 3]),
      output: TensorType(.int8, [.batch(1), 10]), macCount: 12_501_632, moves: [.transpose, .reshape]),
    PublishedModel(
      path: "mlperf-tiny/kws_ref_model.tflite", input: TensorType(.int8, [.batch(1), 49, 10, 1]),
      output: TensorType(.int8, [.batch(1), 12]), macCount: 2_656_768, moves: [.reshape, .reshape]),
    PublishedModel(
      path: "mlperf-tiny/kws_ref_model_float32.tflite", input: TensorType(.float32, [.batch(1), 49, 10, 1]),
      output: TensorType(.float32, [.batch(1), 12]), macCount: 2_656_768, moves: [.reshape, .reshape]),
    PublishedModel(
      path: "mlperf-tiny/ad01_fp32.tflite", input: TensorType(.float32, [.batch(1), 640]),
      output: TensorType(.float32, [.batch(1), 640]), macCount: 264_192, moves: []),
    PublishedModel(
      path: "mlperf-tiny/ad01_int8.tflite", input: TensorType(.int8, [.batch(1), 640]),
      output: TensorType(.int8, [.batch(1), 640]), macCount: 264_192, moves: []),
    PublishedModel(
      path: "mlperf-tiny/str_ww_ref_model.tflite", input: TensorType(.int8, [.batch(1), 30, 1, 40]),
      output: TensorType(.int8, [.batch(1), 3]), macCount: 826_368, moves: [.transpose, .reshape]),
    PublishedModel(
      path: "imagenet/mobilenet_v1_0.25_128_quant.tflite", input: TensorType(.uint8, [.batch(1), 128, 128, 3]),
      output: TensorType(.uint8, [.batch(1), 1001]), macCount: 13_570_304, moves: [.transpose, .reshape]),
  ]
}

/// The published models, run by the definitions of their operators. Interpreters round in other places (average pooling
/// and addition in fixed point, softmax by table), so codes may differ by a step here and there.
@Suite(.enabled(if: ModelFiles.isThere)) struct TFLiteModelTests {
  @Test("A published model imports with the file's types and no layout changes inside", arguments: PublishedModel.all)
  func importsWithTheTypesOfTheFile(model: PublishedModel) throws {
    let graph = try model.graph()
    try graph.validate()
    #expect(graph.inputs.map { graph[$0].type } == [model.input])
    #expect(graph.outputs.map { graph[$0].type } == [model.output])
    #expect(graph.macCount == model.macCount)
    let kinds = graph.nodes.map(\.operator.kind)
    let moves = kinds.filter { $0 == .transpose || $0 == .reshape }
    #expect(moves == model.moves)
  }

  @Test("Without a batch, the input keeps its leading 1", arguments: PublishedModel.all)
  func keepsTheLeadingOne(model: PublishedModel) throws {
    let graph = try TFLiteImporter(batch: false).graph(contentsOf: ModelFiles.model(model.path))
    #expect(graph[graph.inputs[0]].type.dimensions == [.fixed(1)] + model.input.dimensions.dropFirst())
    #expect(graph[graph.outputs[0]].type.dimensions == [.fixed(1)] + model.output.dimensions.dropFirst())
  }

  @Test("Every real activation of a quantized model is coded where it is made")
  func codesEveryActivation() throws {
    let graph = try TFLiteImporter().graph(contentsOf: ModelFiles.model("mlperf-tiny/pretrainedResnet_quant.tflite"))
    for (index, node) in graph.nodes.enumerated() {
      switch node.operator.kind {
      case .quantize: #expect(node.inputs[0] == graph.nodes[index - 1].output)
      case .dequantize: break
      default:
        let users = graph.nodes.filter { $0.inputs.contains(node.output) }
        #expect(users.map(\.operator.kind) == [.quantize], "\(node.name)")
      }
    }
  }

  @Test("ResNet-8 gives the float outputs of its training framework")
  func resnetFloat() throws {
    let graph = try TFLiteImporter().graph(contentsOf: ModelFiles.model("mlperf-tiny/pretrainedResnet.tflite"))
    let pixels = try cifarImages(100)
    let outputs = try run(graph, .float32(Tensor(shape: [100, 32, 32, 3], scalars: pixels.map { Float($0) })))
    let expected = try ModelFiles.bytes("models/expected/resnet8.first100.f32")
    for (index, value) in try #require(outputs.asFloat32).scalars.enumerated() {
      // Softmax outputs of two float implementations that sum in different orders.
      #expect(abs(value - float(expected, index)) < 1e-4)
    }
  }

  @Test("The int8 ResNet-8 gives the interpreter's codes")
  func resnetCodes() throws {
    let graph = try TFLiteImporter().graph(contentsOf: ModelFiles.model("mlperf-tiny/pretrainedResnet_quant.tflite"))
    let pixels = try cifarImages(50)
    let codes = pixels.map { Int8(Int($0) - 128) }
    let outputs = try run(graph, .int8(Tensor(shape: [50, 32, 32, 3], scalars: codes)))
    // The softmax turns a step of the scores into many; the interpreter's own reference kernels are near at 91 %.
    try expectClose(outputs, to: "models/expected/resnet8_int8_tflite.outputs.i8", equal: 0.95, near: 0.97)
  }

  @Test("The int8 keyword network gives the interpreter's codes")
  func keywordCodes() throws {
    let graph = try TFLiteImporter().graph(contentsOf: ModelFiles.model("mlperf-tiny/kws_ref_model.tflite"))
    let codes = try ModelFiles.bytes("kws01/features_int8.bin").prefix(100 * 490).map { Int8(bitPattern: $0) }
    let outputs = try run(graph, .int8(Tensor(shape: [100, 49, 10, 1], scalars: codes)))
    try expectClose(outputs, to: "models/expected/kws_int8_tflite.outputs.i8", equal: 1, near: 1)
  }

  @Test("The keyword network with int8 weights and float activations recognizes words")
  func keywordHybrid() throws {
    let graph = try TFLiteImporter().graph(contentsOf: ModelFiles.model("mlperf-tiny/kws_ref_model_float32.tflite"))
    let features = try ModelFiles.bytes("kws01/features_int8.bin").prefix(100 * 490).map {
      (Float(Int8(bitPattern: $0)) - 83) * 0.5847029089927673
    }
    let outputs = try run(graph, .float32(Tensor(shape: [100, 49, 10, 1], scalars: features)))
    let labels = try String(contentsOf: ModelFiles.data("kws01/labels.csv"), encoding: .utf8)
      .split(separator: "\n").dropFirst().prefix(100).map { Int($0.split(separator: ",")[2]) }
    #expect(zip(classes(outputs), labels).count(where: ==) >= 86)
  }

  @Test(
    "The auto-encoders reproduce a normal machine as well as in the interpreter",
    arguments: [("ad01_fp32", 9.7071, 0.0005), ("ad01_int8", 10.2652, 0.02)])
  func autoEncoders(name: String, error: Double, tolerance: Double) throws {
    let graph = try TFLiteImporter().graph(contentsOf: ModelFiles.model("mlperf-tiny/\(name).tflite"))
    let bytes = try ModelFiles.bytes("models/mlperf-tiny/ad01_sample_normal_id_01_00000000.bin")
    let inputs = (0..<196).flatMap { window in (0..<640).map { float(bytes, window * 128 + $0) } }
    var input = AnyTensor.float32(Tensor(shape: [196, 640], scalars: inputs))
    if name.hasSuffix("int8") {
      let encoding = AffineEncoding(scale: 0.39101523, zeroPoint: 89, isSigned: true)
      input = try Reference.evaluate(.quantize(encoding, .int8), [.tensor(input)])
    }
    var output = try run(graph, input)
    if name.hasSuffix("int8") {
      let encoding = AffineEncoding(scale: 0.36449847, zeroPoint: 96, isSigned: true)
      output = try Reference.evaluate(.dequantize(encoding), [.tensor(output)])
    }
    var sum = 0.0
    for (x, y) in zip(inputs, output.doubles) { sum += (Double(x) - y) * (Double(x) - y) }
    let mean = sum / Double(inputs.count)
    #expect(abs(mean - error) < tolerance, "\(mean)")
  }

  @Test("The uint8 MobileNet finds the interpreter's classes")
  func mobileNet() throws {
    let graph = try TFLiteImporter().graph(contentsOf: ModelFiles.model("imagenet/mobilenet_v1_0.25_128_quant.tflite"))
    let pixels = try ModelFiles.bytes("imagenet-sample/crops100_128x128_rgb8.bin").prefix(10 * 49_152)
    let outputs = try run(graph, .uint8(Tensor(shape: [10, 128, 128, 3], scalars: Array(pixels))))
    let expected = try String(
      contentsOf: ModelFiles.model("expected/mobilenet_v1_0.25_128.crops100.csv"), encoding: .utf8
    ).split(separator: "\n").dropFirst().prefix(10).map { Int($0.split(separator: ",").last ?? "") }
    // Equal codes at the top and steps of one code move a class or two.
    #expect(zip(classes(outputs).map { $0 - 1 }, expected).count(where: ==) >= 9)
  }
}

private func run(_ graph: Graph, _ input: AnyTensor) throws -> AnyTensor {
  try GraphEvaluator(graph).outputs([input])[0]
}

/// The first test images as `[N, 32, 32, 3]`.
private func cifarImages(_ count: Int) throws -> [UInt8] {
  let records = try ModelFiles.bytes("cifar-10-batches-bin/test_batch.bin")
  var pixels: [UInt8] = []
  for image in 0..<count {
    let planes = Array(records[(image * 3073 + 1)..<((image + 1) * 3073)])
    for pixel in 0..<1024 { pixels += [planes[pixel], planes[1024 + pixel], planes[2048 + pixel]] }
  }
  return pixels
}

/// Checks that the given shares of codes are equal, and at most a step away.
private func expectClose(
  _ output: AnyTensor, to path: String, equal equalShare: Double, near nearShare: Double
) throws {
  let expected = try ModelFiles.bytes(path).map { Int64(Int8(bitPattern: $0)) }
  let codes = try #require(output.integers)
  let distances = zip(codes, expected).map { abs($0 - $1) }
  #expect(Double(distances.count { $0 == 0 }) >= equalShare * Double(distances.count))
  #expect(Double(distances.count { $0 <= 1 }) >= nearShare * Double(distances.count))
}

private func float(_ bytes: [UInt8], _ index: Int) -> Float {
  let bits = bytes[index * 4..<index * 4 + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
  return Float(bitPattern: bits)
}

/// The first largest element of each row.
private func classes(_ output: AnyTensor) -> [Int] {
  let (values, width) = (output.doubles, output.shape[1])
  return (0..<output.shape[0]).map { (row: Int) -> Int in
    let scores = values[row * width..<(row + 1) * width]
    return scores.firstIndex(of: scores.max() ?? 0).map { $0 - row * width } ?? 0
  }
}
