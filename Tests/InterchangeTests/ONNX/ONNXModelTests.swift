import Foundation
import Graphs
import Interchange
import Reference
import Tensors
import Testing

/// Trained networks, imported and evaluated by the reference.
@Suite(.enabled(if: SharedData.has("data/models/resnet20.onnx"))) struct ONNXModelTests {
  /// How a picture's bytes become the model's input.
  enum Scaling: Sendable {
    case imageNet, half, byte, none
    case unit(Float)
  }

  struct Model: Sendable, CustomTestStringConvertible {
    var file: String
    var expected: String
    var scaling: Scaling
    /// Rows and columns of one picture, in channels.
    var isDigits = false
    var isInterleaved = false
    var testDescription: String { file }
  }

  static let models = [
    Model(file: "resnet20.onnx", expected: "resnet20", scaling: .imageNet),
    Model(file: "resnet20-torch-export.onnx", expected: "resnet20", scaling: .imageNet),
    Model(file: "resnet32.onnx", expected: "resnet32", scaling: .imageNet),
    Model(file: "resnet44.onnx", expected: "resnet44", scaling: .imageNet),
    Model(file: "convnetjs-cifar10.onnx", expected: "convnetjs-cifar10", scaling: .half),
    Model(file: "mlperf-tiny/resnet8.onnx", expected: "resnet8", scaling: .none),
    Model(file: "mlperf-tiny/resnet8_float_nhwc.onnx", expected: "resnet8", scaling: .none, isInterleaved: true),
  ]

  @Test("The first five pictures give the outputs that ONNX Runtime gives", arguments: models)
  func agreesWithExpectedOutputs(model: Model) throws {
    let graph = try ONNXImporter().graph(of: SharedData.folder.appending(path: "data/models/\(model.file)"))
    try graph.validate()
    #expect(graph[graph.inputs[0]].type.dimensions[0] == .batch(1))
    let pictures = try Self.pictures(5, scaling: model.scaling, isInterleaved: model.isInterleaved)
    let output = try #require(try GraphEvaluator(graph).outputs([.float32(pictures)]).first?.asFloat32)
    let expected = try SharedData.floats("data/models/expected/\(model.expected).first100.f32")
    #expect(output.shape == [5, 10])
    for (got, want) in zip(output.scalars, expected) {
      // Sums are taken in another order there.
      #expect(abs(got - want) <= 1e-3 * max(1, abs(want)))
    }
  }

  @Test("A network exported without folding comes to the nodes of the folded one")
  func shapeArithmeticFolds() throws {
    let folder = SharedData.folder.appending(path: "data/models")
    let plain = try ONNXImporter().graph(of: folder.appending(path: "resnet20.onnx"))
    let exported = try ONNXImporter().graph(of: folder.appending(path: "resnet20-torch-export.onnx"))
    #expect(exported.nodes.count <= plain.nodes.count + 6)
    #expect(exported.nodes.allSatisfy { ![.cast, .gather, .expand, .concatenation].contains($0.operator.kind) })
    #expect(exported.macCount == plain.macCount)
  }

  @Test(
    "Every network of the collection imports with the batch open or fixed as its file says",
    arguments: [
      "face/ultraface-slim-320.onnx", "imagenet/mobilenet_v1_0.25_128.onnx",
      "imagenet/squeezenet1.0-deep-compression.onnx", "lenet/lenet-mnist.onnx", "lenet/mnist-8.onnx",
      "mlperf-tiny/ad01_fp32.onnx", "mlperf-tiny/ad01_keras_bn.onnx", "mlperf-tiny/kws_ds_cnn.onnx",
      "mlperf-tiny/kws_float_nhwc.onnx", "mlperf-tiny/resnet8_int8_qdq_nhwc.onnx",
    ])
  func imports(file: String) throws {
    let graph = try ONNXImporter().graph(of: SharedData.folder.appending(path: "data/models/\(file)"))
    try graph.validate()
    #expect(graph.inputs.count == 1)
    #expect(graph.macCount > 0)
  }

  /// The first pictures of the CIFAR-10 test set.
  static func pictures(_ count: Int, scaling: Scaling, isInterleaved: Bool) throws -> Tensor<Float> {
    let url = SharedData.folder.appending(path: "data/cifar-10-batches-bin/test_batch.bin")
    let bytes = try Data(contentsOf: url, options: .mappedIfSafe)
    let mean: [Float] = [0.485, 0.456, 0.406]
    let std: [Float] = [0.229, 0.224, 0.225]
    var scalars = [Float](repeating: 0, count: count * 3072)
    for picture in 0..<count {
      for channel in 0..<3 {
        for place in 0..<1024 {
          let pixel = Float(bytes[picture * 3073 + 1 + channel * 1024 + place])
          let value: Float =
            switch scaling {
            case .imageNet: (pixel / 255 - mean[channel]) / std[channel]
            case .half: pixel / 255 - 0.5
            case .byte: pixel / 255
            case .unit(let divisor): pixel / divisor
            case .none: pixel
            }
          scalars[picture * 3072 + (isInterleaved ? place * 3 + channel : channel * 1024 + place)] = value
        }
      }
    }
    return Tensor(shape: isInterleaved ? [count, 32, 32, 3] : [count, 3, 32, 32], scalars: scalars)
  }
}
