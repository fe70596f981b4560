import Graphs
import Networks
import Tensors
import Testing

@Suite struct LedgerTests {
  @Test(
    "The networks of the paper have its parameters, normalized channels and MACs",
    arguments: [
      ("convnet-svhn", 2_071_552, 8_778, 1_024, 41_735_424), ("preresnet44", 654_336, 1_082, 1_584, 97_174_144),
      ("alexnet", 56_823_808, 4_138_472, 9_472, 1_937_082_368),
    ])
  func paper(name: String, ternary: Int, float: Int, channels: Int, macCount: Int) throws {
    let graph = try Networks.named(name)
    let counts = Counts(graph)
    #expect(counts.weightedCount == ternary + float)
    #expect(counts.normalizedCount == channels)
    #expect(counts.macCount == macCount)
    let weighted = graph.nodes.filter { [.convolution, .dense].contains($0.operator.kind) }
    // The first convolution and the last dense layer stay float in the paper.
    let inner = weighted.dropFirst().dropLast().flatMap { $0.inputs.dropFirst() }
    #expect(inner.reduce(0) { $0 + (graph.constant($1)?.shape.elementCount ?? 0) } == ternary)
  }

  @Test("The ConvNet's layers have the extents of the published code")
  func convNet() throws {
    let graph = try Networks.named("convnet-svhn")
    let weighted = graph.nodes.filter { [.convolution, .dense].contains($0.operator.kind) }
    #expect(
      weighted.map(graph.macCount) == [
        4_665_600, 8_957_952, 11_943_936, 3_612_672, 7_225_344, 3_686_400, 1_638_400, 5_120,
      ])
  }

  @Test("Other depths of the paper's residual network grow by units", arguments: [8, 20, 32, 110])
  func depths(depth: Int) throws {
    let units = (depth - 2) / 6
    let expected =
      432 + units * 2 * 2304 + (4608 + (2 * units - 1) * 9216) + (18432 + (2 * units - 1) * 36864) + 650
    let counts = Counts(try Networks.named("preresnet\(depth)"))
    #expect(counts.weightedCount == expected)
  }

  @Test(
    "Trained parameters are those that are published",
    arguments: [
      ("resnet20", 269_722), ("resnet32", 464_154), ("resnet44", 658_586), ("resnet56", 853_018), ("lenet5", 431_080),
      ("wrn-16-4", 2_748_890), ("wrn-28-10", 36_479_194), ("densenet-bc-100-12", 769_162),
      ("mobilenetv1", 4_231_976), ("mobilenetv2", 3_504_872), ("squeezenet1.0", 1_248_424),
      ("squeezenet1.1", 1_235_496), ("digits-convnet", 18_418),
    ])
  func published(name: String, count: Int) throws {
    let counts = Counts(try Networks.named(name))
    #expect(counts.trainedCount == count)
  }

  @Test(
    "MACs of networks for ImageNet are those that are published, in millions",
    arguments: [("mobilenetv1", 569), ("mobilenetv2", 301), ("squeezenet1.1", 349)])
  func publishedWork(name: String, millions: Int) throws {
    let count = Counts(try Networks.named(name)).macCount
    #expect((count + 500_000) / 1_000_000 == millions)
  }
}

@Suite(.enabled(if: ModelFiles.isThere)) struct PublishedStructureTests {
  @Test(
    "A plain residual network is the published one, node by node",
    arguments: [("resnet20", "resnet20"), ("resnet32", "resnet32"), ("resnet44", "resnet44")])
  func residual(name: String, file: String) throws {
    let (own, published) = (try Networks.named(name), try ModelFiles.graph(file))
    #expect(own.structure == published.structure)
    #expect(own.parameterCount == published.parameterCount)
  }

  @Test(
    "A network of a benchmark has the published weights, in the same order of shapes",
    arguments: [
      ("ds-cnn", "mlperf-tiny/kws_ds_cnn"), ("ad", "mlperf-tiny/ad01_keras_bn"), ("lenet5", "lenet/lenet-mnist"),
    ])
  func weights(name: String, file: String) throws {
    let (own, published) = (try Networks.named(name), try ModelFiles.graph(file))
    #expect(Counts(own) == Counts(published))
    func shapes(_ graph: Graph) -> [Shape] {
      graph.nodes.filter { [.convolution, .dense].contains($0.operator.kind) }.compactMap {
        graph.constant($0.inputs[1])?.shape
      }
    }
    #expect(shapes(own) == shapes(published))
  }
}
