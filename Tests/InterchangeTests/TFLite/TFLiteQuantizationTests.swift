import Foundation
import Graphs
import Interchange
import Reference
import Tensors
import Testing

@Suite struct TFLiteQuantizationTests {
  @Test("An int8 convolution has its scales on the axis of its output channels", arguments: [false, true])
  func convolution(isDepthwise: Bool) throws {
    let graph = try TFLiteImporter().graph(QuantizedFile.convolution(isDepthwise: isDepthwise), file: "a.tflite")
    #expect(graph[graph.inputs[0]].type == TensorType(.int8, [.batch(1), 4, 3, 2]))
    #expect(graph[graph.outputs[0]].type == TensorType(.int8, [.batch(1), 4, 3, 2]))
    let convolution = try #require(graph.nodes.first { $0.operator.kind == .convolution })
    let encodings = try convolution.inputs.map { try encoding($0, graph) }
    #expect(encodings[0] == AffineEncoding(scale: 0.5, zeroPoint: 3, isSigned: true))
    #expect(
      encodings[1]
        == AffineEncoding(scales: [0.25, 0.125], zeroPoints: [0, 0], axis: 0, bitWidth: 8, isSigned: true))
    #expect(
      encodings[2]
        == AffineEncoding(scales: [0.125, 0.0625], zeroPoints: [0, 0], axis: 0, bitWidth: 32, isSigned: true))
    guard case .convolution(let attributes) = convolution.operator else { return }
    #expect(attributes.clamp == .relu)
    #expect(attributes.groups == (isDepthwise ? 2 : 1))
  }

  @Test("An int8 convolution gives the codes of its definition", arguments: [false, true])
  func codes(isDepthwise: Bool) throws {
    let graph = try TFLiteImporter().graph(QuantizedFile.convolution(isDepthwise: isDepthwise), file: "a.tflite")
    let x = Grid.random([2, 4, 3, 2], seed: 5).map { ($0 * 60).rounded() }
    let input = Tensor(shape: [2, 4, 3, 2], scalars: x.values.map { Int8($0) })
    let output = try GraphEvaluator(graph).outputs([.int8(input)])[0]
    let w = QuantizedFile.weights(isDepthwise: isDepthwise)
    let expected = Grid([2, 4, 3, 2]) { i in
      // All scales are powers of two: the sum is exact.
      var sum = Float([40, -24][i[3]])
      for c in isDepthwise ? i[3]...i[3] : 0...1 {
        for k in 0..<3 {
          let weight = isDepthwise ? w[[0, 0, k, c]] : w[[i[3], 0, k, c]]
          sum += ((x.at([i[0], i[1], i[2] + k - 1, c]) ?? 3) - 3) * weight
        }
      }
      let real = max(sum * 0.5 * [0.25, 0.125][i[3]], 0)
      return min(max((real / 0.75).rounded(.toNearestOrEven) - 10, -128), 127)
    }
    #expect(output.doubles == expected.values.map { Double($0) })
  }

  @Test("Half-precision weights behind DEQUANTIZE are constants in the order that the convolution wants")
  func halfPrecision() throws {
    var builder = TFLiteBuilder()
    let x = builder.tensor([1, 2, 2, 2])
    // 1, −2, 0.5, 4 for two output channels.
    let stored = builder.tensor(
      [2, 1, 1, 2], type: TFLiteBuilder.float16, bytes: [0, 0x3C, 0, 0xC0, 0, 0x38, 0, 0x44])
    let (filter, result) = (builder.tensor([2, 1, 1, 2]), builder.tensor([1, 2, 2, 2]))
    builder.append(6, [stored], [filter])
    builder.append(3, [x, filter], [result], optionsType: 1, options: [0: .int8(1), 1: .int32(1), 2: .int32(1)])
    let graph = try TFLiteImporter().graph(builder.data(inputs: [x], outputs: [result]), file: "a.tflite")
    #expect(graph.nodes.map(\.operator.kind) == [.transpose, .convolution, .transpose])
    #expect(
      graph.constant(graph.nodes[1].inputs[1])?.tensor
        == .float32(Tensor(shape: [2, 2, 1, 1], scalars: [1, -2, 0.5, 4])))
  }

  @Test("4-bit weights are unpacked, the low half first")
  func fourBits() throws {
    var builder = TFLiteBuilder()
    let x = builder.tensor([1, 3])
    let weights = builder.tensor(
      [1, 3], type: TFLiteBuilder.int4, scales: [0.5], bytes: [0x8F, 0x07], name: "weights")
    let result = builder.tensor([1, 1])
    builder.append(9, [x, weights], [result], optionsType: 8, options: [:])
    let graph = try TFLiteImporter().graph(builder.data(inputs: [x], outputs: [result]), file: "a.tflite")
    #expect(graph.constants.values.map(\.tensor) == [.int8(Tensor(shape: [1, 3], scalars: [-1, -8, 7]))])
    #expect(try encoding(graph.nodes.last?.inputs[1], graph).bitWidth == 4)
  }

  @Test("A change of encoding is a second pair of quantize and dequantize")
  func changeOfEncoding() throws {
    var builder = TFLiteBuilder()
    let x = builder.tensor([1, 2], type: TFLiteBuilder.uint8, scales: [0.5], zeroPoints: [128])
    let result = builder.tensor([1, 2], type: TFLiteBuilder.int8, scales: [0.5], zeroPoints: [0])
    builder.append(114, [x], [result])
    let graph = try TFLiteImporter().graph(builder.data(inputs: [x], outputs: [result]), file: "a.tflite")
    let output = try GraphEvaluator(graph).outputs([.uint8(Tensor(shape: [2, 2], scalars: [0, 128, 130, 255]))])
    #expect(output == [.int8(Tensor(shape: [2, 2], scalars: [-128, 0, 2, 127]))])
  }

  /// The encoding that a real value was decoded with.
  private func encoding(_ id: ValueID?, _ graph: Graph) throws -> AffineEncoding {
    let node = try #require(graph.nodes.first { $0.output == id })
    guard case .dequantize(let encoding) = node.operator else { throw ImportError(.damaged("not decoded"), file: "") }
    return encoding
  }
}

/// Small quantized networks.
enum QuantizedFile {
  static func weights(isDepthwise: Bool) -> Grid {
    Grid.random(isDepthwise ? [1, 1, 3, 2] : [2, 1, 3, 2], seed: 7).map { ($0 * 60).rounded() }
  }

  /// A 1x3 convolution of `[1, 4, 3, 2]` with ReLU, int8 throughout.
  static func convolution(isDepthwise: Bool) -> Data {
    var builder = TFLiteBuilder()
    let w = weights(isDepthwise: isDepthwise)
    let x = builder.tensor([1, 4, 3, 2], type: TFLiteBuilder.int8, scales: [0.5], zeroPoints: [3])
    let filter = builder.tensor(
      w.shape, type: TFLiteBuilder.int8, scales: [0.25, 0.125], zeroPoints: [0, 0], axis: isDepthwise ? 3 : 0,
      bytes: w.values.map { UInt8(bitPattern: Int8($0)) })
    let bias = builder.tensor(
      [2], type: TFLiteBuilder.int32, scales: [0.125, 0.0625], zeroPoints: [0, 0],
      bytes: [40, 0, 0, 0, 0xE8, 0xFF, 0xFF, 0xFF])
    let result = builder.tensor([1, 4, 3, 2], type: TFLiteBuilder.int8, scales: [0.75], zeroPoints: [-10])
    if isDepthwise {
      builder.append(
        4, [x, filter, bias], [result], optionsType: 2,
        options: [0: .int8(0), 1: .int32(1), 2: .int32(1), 3: .int32(1), 4: .int8(1)])
    } else {
      builder.append(
        3, [x, filter, bias], [result], optionsType: 1,
        options: [0: .int8(0), 1: .int32(1), 2: .int32(1), 3: .int8(1)])
    }
    return builder.data(inputs: [x], outputs: [result])
  }
}
