import Graphs
import Kernels
import Packing
import Reference
import Runtime
import Tensors

/// A quick check that kernels compute what the definitions say, on the machine it runs on.
public enum SelfTest {
  /// What is wrong first, in a sentence; nil if all is well.
  public static func firstDefect(on instructionSet: InstructionSet) -> String? {
    do {
      for channels in [4, 16, 24, 64] {
        let graph = try network(channels: channels)
        let input = AnyTensor.float32(.random([2, 3, 9, 9], seed: UInt64(channels)))
        let executor = try Executor(graph, batch: 2, threads: 2, instructionSet: instructionSet)
        let (got, want) = (try executor.run([input]), try GraphEvaluator(graph).outputs([input]))
        if got != want { return "a network of \(channels) channels gives other integers than its definition" }
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Convolutions with residual, depthwise, pooling and dense layers on codes.
  private static func network(channels: Int) throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 3, 9, 9]))
    graph[x].encoding = .affine(AffineEncoding(scale: 1 / 64, zeroPoint: 128, isSigned: false))
    let window = Window(kernel: [3, 3], paddingBefore: [1, 1], paddingAfter: [1, 1])
    func weights(_ shape: Shape, seed: UInt64) -> ValueID {
      let codes = Tensor.random(shape, in: -127...127, seed: seed).map { Int8($0) }
      let scale = 1 / Float(shape.elementCount / shape[0]) / 16
      return graph.addConstant(
        "w\(seed)", .coded(CodedTensor(codes: codes, encoding: .affine(AffineEncoding(scale: scale, isSigned: true)))))
    }
    func coded(_ id: ValueID) -> ValueID {
      graph[id].encoding = .affine(AffineEncoding(scale: 1 / 64, zeroPoint: 100, isSigned: false))
      return id
    }
    let first = coded(
      try graph.append(
        .convolution(Convolution(window: window)), [x, weights([channels, 3, 3, 3], seed: 1), nil], name: "first"))
    let second = coded(
      try graph.append(
        .convolution(Convolution(window: window)), [first, weights([channels, channels, 3, 3], seed: 2), nil],
        name: "second"))
    let sum = coded(try graph.append(.binary(.add, clamp: .relu), [first, second], name: "sum"))
    let depthwise = coded(
      try graph.append(
        .convolution(Convolution(window: window, groups: channels)),
        [sum, weights([channels, 1, 3, 3], seed: 3), nil], name: "depthwise"))
    let pooled = coded(
      try graph.append(
        .pooling(Pooling(kind: .average, window: Window(kernel: [9, 9]))), [depthwise], name: "pooled"))
    let flat = coded(try graph.append(.reshape([.batch(1), .fixed(channels)]), [pooled], name: "flat"))
    let dense = try graph.append(.dense(clamp: nil), [flat, weights([10, channels], seed: 4), nil], name: "dense")
    graph.outputs = [dense]
    return try Packer.pack(graph).graph
  }
}
