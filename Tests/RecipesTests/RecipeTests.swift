import DeepChip
import Foundation
import Testing

@Suite struct RecipeTests {
  static let folder = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    .appendingPathComponent("Recipes")

  @Test("Every file of the folder is built in, byte for byte")
  func builtIn() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".json") }
    #expect(files.map { String($0.dropLast(5)) }.sorted() == TrainingRecipe.builtInNames)
    for name in TrainingRecipe.builtInNames {
      let file = try Data(contentsOf: Self.folder.appendingPathComponent("\(name).json"))
      let json = try TrainingRecipe.builtInJSON(name)
      #expect(json == file)
    }
  }

  @Test("A built-in recipe names a network and data that exist and fit", arguments: TrainingRecipe.builtInNames)
  func fits(name: String) throws {
    let recipe = try TrainingRecipe.named(name)
    #expect(recipe.summary?.hasSuffix(".") == true)
    let kind = try #require(DatasetKind.all.first { $0.name == recipe.data })
    let graph = try recipe.network.graph(seed: recipe.seed)
    let input = graph[graph.inputs[0]].type.dimensions.dropFirst().compactMap(\.fixedExtent)
    let items = ["digits": [1, 8, 8], "mnist": [1, 28, 28], "cifar10": [3, 32, 32]]
    let item = try #require(items[kind.name])
    #expect(input == [item[0]] + (recipe.pictureSize ?? Array(item.dropFirst())))
    for values in [recipe.normalization.mean, recipe.normalization.std] {
      #expect([1, input[0]].contains(values.count))
    }
    _ = try Preprocessor(recipe.preprocessing, inputShape: Shape([1] + input))
  }

  @Test("What is written is read as the same recipe", arguments: TrainingRecipe.builtInNames)
  func roundTrip(name: String) throws {
    let recipe = try TrainingRecipe.named(name)
    let again = try TrainingRecipe(json: recipe.json, file: "again")
    #expect(again == recipe)
    #expect(again.json == recipe.json)
  }

  @Test("Every setting survives writing and reading")
  func everySetting() throws {
    var recipe = TrainingRecipe(
      network: "wrn-16-4", data: "svhn", epochs: 7, batchSize: 32,
      learningRate: .init(peak: 0.3, schedule: .steps(at: [0.5, 0.75], factor: 0.2), warmUpEpochs: 1.5))
    recipe.summary = "A \"test\"."
    recipe.network.classes = 12
    recipe.network.input = [3, 40, 36]
    recipe.network.activation = .unitClip
    recipe.network.weights = "a/b.onnx"
    recipe.heldBackCount = 4000
    recipe.pictureSize = [40, 36]
    recipe.normalization = .init(scale: 1.0 / 256, mean: [0.1, 0.2, 0.3], std: [0.5])
    recipe.seed = 99
    recipe.optimizer = .adamW(beta1: 0.8, beta2: 0.99, epsilon: 1e-5)
    recipe.weightDecay = .init(rate: 2e-4, exclusions: [.other, .gamma])
    recipe.labelSmoothing = 0.1
    recipe.largestGradientNorm = 3
    recipe.augmentation = .init()
    recipe.augmentation?.padding = 4
    recipe.augmentation?.flips = true
    recipe.augmentation?.brightness = 30
    recipe.augmentation?.contrast = 0.5...1.5
    recipe.augmentation?.scales = 0.8...1.25
    recipe.mixup = 0.2
    recipe.dropout = .init(share: 0.25, layers: ["conv6", "fc1"])
    recipe.movingAverage = 0.999
    recipe.recycling = 0.025
    recipe.quantization = .init(weights: "ternary", activations: "lsq8", firstLayer: "float", lastLayer: "int8")
    recipe.density = .init(target: 0.1, initial: 0.42, from: 0.1, to: 0.6, scope: .global)
    recipe.distillation = .init(teachers: ["resnet44.onnx"], temperature: 3, mixing: 0.7)
    let again = try TrainingRecipe(json: recipe.json, file: "again")
    #expect(again == recipe)
    recipe.distillation?.teachers = ["a.onnx", "b.dchip"]
    let taught = try TrainingRecipe(json: recipe.json, file: "again")
    #expect(taught == recipe)
    for schedule in [
      TrainingRecipe.LearningRate.Schedule.constant, .cosine, .oneCycle(rise: 0.25),
    ] {
      recipe.learningRate.schedule = schedule
      let other = try TrainingRecipe(json: recipe.json, file: "again")
      #expect(other == recipe)
    }
    recipe.density?.target = 1
    recipe.density?.byteCount = 5000
    let steered = try TrainingRecipe(json: recipe.json, file: "again")
    #expect(steered == recipe && steered.settings(itemCount: 1000).density == nil)
    recipe.density?.byteCount = nil
    for scope in [TrainingRecipe.DensitySchedule.Scope.layer, .erdosRenyiKernel(ceiling: 0.75)] {
      recipe.density?.scope = scope
      let other = try TrainingRecipe(json: recipe.json, file: "again")
      #expect(other == recipe)
    }
  }

  @Test("Settings that are left out have the documented values")
  func defaults() throws {
    let json = #"""
      {"schemaVersion": 1, "network": "resnet20", "data": "cifar10", "epochs": 3, "batchSize": 64,
       "learningRate": {"peak": 0.1}}
      """#
    let recipe = try TrainingRecipe(json: Data(json.utf8), file: "r.json")
    let expected = TrainingRecipe(
      network: "resnet20", data: "cifar10", epochs: 3, batchSize: 64, learningRate: .init(peak: 0.1))
    #expect(recipe == expected)
    #expect(recipe.learningRate.schedule == .cosine && recipe.optimizer == .sgd(momentum: 0.9, nesterov: true))
  }

  @Test("The trainer's settings are those of the recipe, in units of the network's input")
  func settings() throws {
    let recipe = try TrainingRecipe.named("convnet-cifar10")
    var warm = recipe
    warm.learningRate.warmUpEpochs = 0.5
    let settings = warm.settings(itemCount: 40_000)
    #expect(settings.mixup == nil)
    warm.mixup = 0.4
    #expect(warm.settings(itemCount: 40_000).mixup == Mixup(alpha: 0.4))
    #expect(settings.batchSize == 128 && settings.epochs == 30 && settings.seed == 1)
    #expect(settings.schedule == LearningRateSchedule(peak: 0.05, shape: .oneCycle(rise: 0.2), warmUpSteps: 156))
    #expect(settings.weightDecay == 0.0005 && settings.decayExclusions == [.bias, .gamma, .beta, .quantizerScale])
    let light = try #require(settings.augmentation?.light)
    #expect(settings.augmentation?.padding == 4 && settings.augmentation?.flips == true)
    #expect(light.contrast == 0.5...1.5)
    for (channel, (mean, std)) in zip([0.4914, 0.4822, 0.4465], [0.247, 0.2435, 0.2616]).enumerated() {
      #expect(light.brightness[channel] == Float(30.0 / 255 / std))
      #expect(light.lower[channel] == Float(-mean / std) && light.upper[channel] == Float((1 - mean) / std))
    }
  }

  @Test("The recipe of the digits gets at least 97 % of the test pictures")
  func digits() throws {
    let recipe = try TrainingRecipe.named("digits")
    let preprocessor = try Preprocessor(recipe.preprocessing, inputShape: [1, 1, 8, 8])
    let parts = try [Split.train, .test].map { split in
      let set = try Dataset.digits(split: split)
      return try LabeledItems(inputs: try preprocessor.batch(set, 0..<set.count), labels: set.labels ?? [])
    }
    let trainer = try Trainer(
      try recipe.network.graph(seed: recipe.seed), items: parts[0],
      recipe: recipe.settings(itemCount: parts[0].count), threads: 2)
    while !trainer.isFinished { _ = try trainer.runEpoch() }
    let correctCount = try trainer.correctCount(parts[1])
    #expect(correctCount >= 350)
  }
}
