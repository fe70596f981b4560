import Compression
import Graphs
import Quantizers
import Reference
import Tensors
import Testing

@Suite struct ImportedCodesTests {
  /// A network as quantized ONNX files have it: quantize and dequantize operators, asymmetric unsigned weights.
  func imported() throws -> Graph {
    var graph = Graph()
    let activation = AffineEncoding(scale: 0.02, zeroPoint: 100, isSigned: false)
    let positive = AffineEncoding(scale: 0.03, zeroPoint: 0, isSigned: false)
    func coded(_ id: ValueID, _ encoding: AffineEncoding) throws -> ValueID {
      let codes = try graph.append(.quantize(encoding, .uint8), [id], name: "q")
      return try graph.append(.dequantize(encoding), [codes], name: "dq")
    }
    let x = try coded(graph.addInput("x", TensorType(.float32, [.batch(1), 2, 6, 6])), activation)
    let weightEncoding = AffineEncoding(scale: 0.01, zeroPoint: 120, isSigned: false)
    let codes = Tensor<UInt8>(shape: [4, 2, 3, 3], scalars: (0..<72).map { UInt8($0 * 3 + 20) })
    let weights = try graph.append(
      .dequantize(weightEncoding), [graph.addConstant("w", .uint8(codes))], name: "weights")
    let window = Window(kernel: [3, 3], paddingBefore: [1, 1], paddingAfter: [1, 1])
    let y = try graph.append(.convolution(Convolution(window: window, clamp: .relu)), [x, weights], name: "first")
    graph.outputs = [try coded(y, positive)]
    return graph
  }

  @Test("A graph that comes with all codes needs no samples and keeps its encodings")
  func needsNoSamples() throws {
    let graph = try imported()
    let quantizer = PostTrainingQuantizer()
    let real = quantizer.prepared(graph)
    let encoded = try quantizer.encoded(real, calibration: .reference(batches: []))
    try encoded.validate()
    for (before, after) in zip(real.values, encoded.values) where before.encoding != nil {
      #expect(before.encoding == after.encoding)
    }
    let first = try #require(encoded.nodes.first { $0.name == "first" })
    guard case .coded(let weights)? = encoded.constant(first.inputs[1]), case .affine(let affine) = weights.encoding
    else {
      Issue.record("weights are not coded")
      return
    }
    #expect(affine.isSigned && affine.axis == 0 && affine.zeroPoints == [0, 0, 0, 0])

    let input: [AnyTensor] = [.float32(.random([2, 2, 6, 6], seed: 1))]
    let before = try #require(GraphEvaluator(graph).outputs(input)[0].asFloat32).scalars
    let after = try #require(
      GraphEvaluator(encoded.simulatingQuantization().graph).outputs(input)[0].asFloat32
    ).scalars
    #expect(SignalToNoise.ratio(before, after) > 35)
  }
}
