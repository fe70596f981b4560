import Graphs
import Kernels
import Reference
import Runtime
import Tensors
import Testing

/// Small networks with random weights, one per way through the scheduler.
enum Networks {
  /// Name, graph, and whether all results are exact.
  static let all: [(name: String, graph: Graph)] = [
    ("float residual network", try! floatResidual(channels: 16, extent: 9)),
    ("float narrow residual network", try! floatResidual(channels: 5, extent: 6)),
    ("float pooling and concatenation", try! floatPooling()),
    ("float one-dimensional", try! floatOneDimensional()),
  ]

  static func constant(_ graph: inout Graph, _ shape: Shape, seed: UInt64, range: ClosedRange<Float> = -0.5...0.5)
    -> ValueID
  {
    graph.addConstant("c\(seed)", .float32(Tensor.random(shape, in: range, seed: seed)))
  }

  static func floatResidual(channels: Int, extent: Int) throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 3, .fixed(extent), .fixed(extent)]))
    let window = Window(kernel: [3, 3], paddingBefore: [1, 1], paddingAfter: [1, 1])
    let first = try graph.append(
      .convolution(Convolution(window: window, clamp: .relu)),
      [x, constant(&graph, [channels, 3, 3, 3], seed: 1), constant(&graph, [channels], seed: 2)], name: "first")
    let second = try graph.append(
      .convolution(Convolution(window: window)), [first, constant(&graph, [channels, channels, 3, 3], seed: 3), nil],
      name: "second")
    let sum = try graph.append(.binary(.add, clamp: .relu), [first, second], name: "sum")
    // The shortcut of the CIFAR residual networks: every other pixel, zeros for new channels.
    let sliced = try graph.append(
      .slice([
        AxisSlice(axis: 2, start: 0, step: 2, count: (extent + 1) / 2),
        AxisSlice(axis: 3, start: 0, step: 2, count: (extent + 1) / 2),
      ]), [sum], name: "slice")
    let padded = try graph.append(
      .padding(before: [0, channels / 2, 0, 0], after: [0, channels - channels / 2, 0, 0], mode: .constant(0)),
      [sliced], name: "pad")
    let strided = Window(kernel: [3, 3], strides: [2, 2], paddingBefore: [1, 1], paddingAfter: [1, 1])
    let third = try graph.append(
      .convolution(Convolution(window: strided)),
      [sum, constant(&graph, [2 * channels, channels, 3, 3], seed: 4), constant(&graph, [2 * channels], seed: 5)],
      name: "third")
    let joined = try graph.append(.binary(.add, clamp: .relu), [third, padded], name: "joined")
    let last = (extent + 1) / 2
    let pooled = try graph.append(
      .pooling(Pooling(kind: .average, window: Window(kernel: [last, last]))), [joined], name: "pool")
    let flat = try graph.append(.reshape([.batch(1), .fixed(2 * channels)]), [pooled], name: "flat")
    let dense = try graph.append(
      .dense(clamp: nil), [flat, constant(&graph, [10, 2 * channels], seed: 6), constant(&graph, [10], seed: 7)],
      name: "dense")
    let softmax = try graph.append(.softmax(axis: 1, isLogarithmic: false), [dense], name: "softmax")
    graph.outputs = [softmax, joined]
    return graph
  }

  static func floatPooling() throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 4, 11, 7]))
    let maximum = try graph.append(
      .pooling(
        Pooling(
          kind: .maximum,
          window: Window(kernel: [3, 2], strides: [2, 2], paddingBefore: [1, 0], paddingAfter: [1, 1]),
          roundsUp: true)), [x], name: "maximum")
    let depthwise = try graph.append(
      .convolution(
        Convolution(
          window: Window(kernel: [3, 3], strides: [2, 2], paddingBefore: [1, 1], paddingAfter: [1, 1]), groups: 4)),
      [x, constant(&graph, [4, 1, 3, 3], seed: 11), constant(&graph, [4], seed: 12)], name: "depthwise")
    let grouped = try graph.append(
      .convolution(
        Convolution(
          window: Window(kernel: [3, 3], strides: [2, 2], paddingBefore: [1, 1], paddingAfter: [1, 1]), groups: 2,
          clamp: Clamp(lower: -0.25, upper: 0.5))),
      [x, constant(&graph, [6, 2, 3, 3], seed: 13), constant(&graph, [6], seed: 14)], name: "grouped")
    let dilated = try graph.append(
      .convolution(
        Convolution(
          window: Window(
            kernel: [3, 2], strides: [2, 2], dilations: [2, 1], paddingBefore: [2, 0], paddingAfter: [2, 1]))),
      [x, constant(&graph, [5, 4, 3, 2], seed: 15), nil], name: "dilated")
    let joined = try graph.append(
      .concatenation(axis: 1), [maximum, depthwise, grouped, dilated], name: "joined")
    let curved = try graph.append(.unary(.hardSwish), [joined], name: "curved")
    let average = try graph.append(
      .pooling(
        Pooling(
          kind: .average, window: Window(kernel: [2, 2], paddingBefore: [1, 1], paddingAfter: [0, 0]),
          countsPadding: false)), [curved], name: "average")
    let flat = try graph.append(.reshape([.batch(1), .fixed(19 * 6 * 4)]), [average], name: "flat")
    let dense = try graph.append(
      .dense(clamp: .relu), [flat, constant(&graph, [17, 19 * 6 * 4], seed: 16), nil], name: "dense")
    graph.outputs = [dense, curved]
    return graph
  }

  static func floatOneDimensional() throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 6, 20]))
    let first = try graph.append(
      .convolution(Convolution(window: Window(kernel: [5], strides: [2], paddingBefore: [2], paddingAfter: [1]))),
      [x, constant(&graph, [8, 6, 5], seed: 21), constant(&graph, [8], seed: 22)], name: "first")
    let pooled = try graph.append(
      .pooling(Pooling(kind: .maximum, window: Window(kernel: [2], strides: [2]))), [first], name: "pool")
    let scaled = try graph.append(
      .binary(.multiply, clamp: nil), [pooled, constant(&graph, [8, 1], seed: 23)], name: "scaled")
    let turned = try graph.append(.transpose([0, 2, 1]), [scaled], name: "turned")
    graph.outputs = [turned]
    return graph
  }
}

@Suite struct ExecutorTests {
  @Test(
    "Float networks agree with the reference on every instruction set, batch and number of threads",
    arguments: Networks.all.indices, InstructionSet.allCases.filter(\.isAvailable))
  func agreesWithTheReference(network: Int, instructionSet: InstructionSet) throws {
    let graph = Networks.all[network].graph
    for (batch, threads) in [(1, 1), (3, 1), (1, 2), (5, 3)] {
      let inputs = try graph.inputs.map { id in
        AnyTensor.float32(Tensor.random(try graph[id].type.shape(batch: batch), seed: UInt64(batch)))
      }
      let executor = try Executor(graph, batch: batch, threads: threads, instructionSet: instructionSet)
      let expected = try GraphEvaluator(graph).outputs(inputs)
      for _ in 0..<2 {
        for (got, want) in zip(try executor.run(inputs), expected) {
          #expect(got.shape == want.shape)
          // Sums of at most a few hundred products in float32 against double.
          for (a, b) in zip(got.doubles, want.doubles) { #expect(abs(a - b) <= 1e-4 * max(1, abs(b))) }
        }
      }
    }
  }

  @Test("Activations beyond the limit are refused before memory is asked for")
  func refusesTooMuchMemory() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [.batch(1), 3, 100_000, 100_000]))
    graph.outputs = [try graph.append(.unary(.relu), [x], name: "relu")]
    #expect(throws: RuntimeError.self) { try Executor(graph, batch: 8) }
    #expect(throws: RuntimeError.memory(needed: 16, limit: 8)) { try Executor(small(), memoryLimit: 8) }
  }

  private func small() throws -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.int64, [2]))
    graph.outputs = [x]
    return graph
  }
}
