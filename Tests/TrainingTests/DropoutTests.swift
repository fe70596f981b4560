import Graphs
import Tensors
import Testing
import Training

@Suite struct DropoutTests {
  /// Two dense layers "first" and "second" whose weights are the identity.
  private func identities(_ count: Int) throws -> Graph {
    var graph = Graph()
    var x = graph.addInput("x", TensorType(.float32, [.batch(1), .fixed(count)]))
    var identity = Tensor<Float>(repeating: 0, shape: [count, count])
    for index in 0..<count { identity.scalars[index * count + index] = 1 }
    for name in ["first", "second"] {
      let weights = graph.addConstant("\(name).weight", .float32(identity))
      x = try graph.append(.dense(clamp: nil), [x, weights], name: name)
    }
    graph.outputs = [x]
    return graph
  }

  @Test(
    "In training a share of the values is 0 and the rest enlarged, by the seed; otherwise all are as they are",
    arguments: [Float(0), 0.25, 0.5, 0.9], [1, 3])
  func values(share: Float, threads: Int) throws {
    let network = try TrainableNetwork(
      try identities(64), capacity: 40, threads: threads, dropout: Dropout(share: share, layers: ["second"]))
    let x = Tensor<Float>.random([40, 64], in: 1...2, seed: 5)
    network.dropoutSeed = 7
    let trained = try network.forward(x, isTraining: true)
    for (before, after) in zip(x.scalars, trained.scalars) {
      #expect(after == 0 || abs(after - before / (1 - share)) < 1e-4)
    }
    let dropped = trained.scalars.count { $0 == 0 }
    let deviation = (2560 * share * (1 - share)).squareRoot()
    #expect(abs(Float(dropped) - 2560 * share) <= 4 * deviation, "\(dropped) of 2560")
    #expect(try network.forward(x, isTraining: false) == x)
    let again = try TrainableNetwork(
      try identities(64), capacity: 40, dropout: Dropout(share: share, layers: ["second"]))
    again.dropoutSeed = 7
    #expect(try again.forward(x, isTraining: true) == trained)
    again.dropoutSeed = 8
    #expect(try (again.forward(x, isTraining: true) == trained) == (share == 0))
  }

  @Test("Gradients are 0 where a value was dropped, and enlarged as the value elsewhere", arguments: [true, false])
  func gradients(isTraining: Bool) throws {
    let network = try TrainableNetwork(
      try identities(8), capacity: 1, dropout: Dropout(share: 0.5, layers: ["second"]))
    let x = Tensor<Float>(repeating: 1, shape: [1, 8])
    network.dropoutSeed = 3
    let y = try network.forward(x, isTraining: isTraining)
    network.backward(Tensor(repeating: 1, shape: [1, 8]))
    // Row i of the first weights gets g_i · x = g_i, and g_i is the factor of value i, which is y_i.
    let gradient = network.parameters[0].lossGradient
    for row in 0..<8 { #expect(gradient.scalars[row * 8..<row * 8 + 8].allSatisfy { $0 == y.scalars[row] }) }
    #expect(isTraining == y.scalars.contains(0))
  }

  @Test("A run with dropout is the same bits for any threads and after a resume, and differs from one without")
  func training() throws {
    let items = try Digits.items(isTest: true)
    var recipe = Digits.recipe(epochs: 1)
    recipe.dropout = Dropout(share: 0.5, layers: ["classes", "convolution 64"])
    let whole = try Trainer(try Digits.network(seed: 4), items: items, recipe: recipe)
    var saved: [UInt8] = []
    while !whole.isFinished {
      if whole.step == 5 { saved = whole.checkpoint.bytes }
      _ = try whole.runStep()
    }
    let resumed = try Trainer(try Digits.network(seed: 5), items: items, recipe: recipe, threads: 3)
    try resumed.resume(from: try Checkpoint(bytes: saved))
    while !resumed.isFinished { _ = try resumed.runStep() }
    #expect(resumed.checkpoint.bytes == whole.checkpoint.bytes)
    recipe.dropout = nil
    let plain = try Trainer(try Digits.network(seed: 4), items: items, recipe: recipe)
    _ = try plain.runEpoch()
    #expect(plain.network.parameters[0].value != whole.network.parameters[0].value)
  }

  @Test("A share of 1, a layer twice, and layers that are not there are refused")
  func refused() throws {
    let graph = try identities(4)
    let network = #expect(throws: TrainingError.self) {
      try TrainableNetwork(graph, capacity: 1, dropout: Dropout(share: 0.5, layers: ["first", "third"]))
    }
    #expect("\(try #require(network))".contains("'third'"))
    for dropout in [Dropout(share: 1, layers: ["classes"]), Dropout(share: 0.5, layers: ["classes", "classes"])] {
      var recipe = Digits.recipe(epochs: 1)
      recipe.dropout = dropout
      #expect(throws: TrainingError.self) {
        try Trainer(try Digits.network(seed: 4), items: try Digits.items(isTest: true), recipe: recipe)
      }
    }
  }
}
