import DeepChip
import Foundation
import Testing

@Suite struct RecipeErrorTests {
  /// A sound recipe with one member replaced or removed.
  private func message(_ change: (inout [String: Any]) -> Void) throws -> String? {
    var members: [String: Any] = [
      "schemaVersion": 1, "network": "resnet20", "data": "cifar10", "epochs": 3, "batchSize": 64,
      "learningRate": ["peak": 0.1],
    ]
    change(&members)
    let json = try JSONSerialization.data(withJSONObject: members)
    do throws(RecipeError) {
      _ = try TrainingRecipe(json: json, file: "r.json")
      return nil
    } catch {
      return error.description
    }
  }

  @Test("A recipe that is sound is read")
  func sound() throws {
    let message = try message { _ in }
    #expect(message == nil)
  }

  @Test(
    "A setting that is wrong is named with its path",
    arguments: [
      ("epochs", "0", "r.json, epochs: is 0; it has to be a whole number from 1 to 1000000."),
      ("epochs", "1.5", "r.json, epochs: is 1.5; it has to be a whole number from 1 to 1000000."),
      ("epochs", "\"3\"", "r.json, epochs: is \"3\"; it has to be a whole number from 1 to 1000000."),
      ("epochs", "true", "r.json, epochs: is true; it has to be a whole number from 1 to 1000000."),
      ("epochs", "null", "r.json, epochs: is missing."),
      ("schemaVersion", "2", "r.json, schemaVersion: is 2; it has to be a whole number from 1 to 1."),
      ("data", "3", "r.json, data: is 3; it has to be a text."),
      ("data", "\"\"", "r.json, data: is \"\"; it has to be a text."),
      ("network", "7", "r.json, network: is 7; it has to be an object."),
      ("network", "{}", "r.json, network.name: is missing."),
      (
        "network", "{\"name\": \"a\", \"activation\": \"tanh\"}",
        "r.json, network.activation: is \"tanh\"; it has to be one of \"relu\", \"relu6\", \"unit-clip\"."
      ),
      (
        "network", "{\"name\": \"a\", \"input\": [3, 0]}",
        "r.json, network.input[1]: is 0; it has to be a number from 1 to 16384."
      ),
      (
        "network", "{\"name\": \"a\", \"input\": [3, 8.5, 8]}",
        "r.json, network.input[1]: is 8.5; it has to be a whole number."
      ),
      (
        "augmentation", "{\"paddding\": 4}",
        "r.json, augmentation.paddding: unknown key. Known here are padding, flips, brightness, contrast, scales."
      ),
      (
        "augmentation", "{\"contrast\": [1.5, 0.5]}",
        "r.json, augmentation.contrast: is a list; it has to be a list of two numbers, the smaller first."
      ),
      (
        "augmentation", "{\"contrast\": [1.5]}",
        "r.json, augmentation.contrast: is a list; it has to be a list of 2 numbers."
      ),
      (
        "augmentation", "{\"scales\": [0.5, \"2\"]}",
        "r.json, augmentation.scales[1]: is \"2\"; it has to be a number from 0.1 to 10."
      ),
      ("augmentation", "{\"flips\": 1}", "r.json, augmentation.flips: is 1; it has to be true or false."),
      (
        "optimizer", "{\"kind\": \"sgd\", \"beta1\": 0.9}",
        "r.json, optimizer.beta1: unknown key. Known here are kind, momentum, nesterov."
      ),
      ("optimizer", "{}", "r.json, optimizer.kind: is missing."),
      (
        "learningRate", "{\"peak\": 0.1, \"rise\": 0.3}",
        "r.json, learningRate.rise: unknown key. Known here are peak, schedule, warmUpEpochs."
      ),
      ("learningRate", "{\"peak\": 0.1, \"schedule\": \"steps\"}", "r.json, learningRate.at: is missing."),
      (
        "learningRate", "{\"peak\": 0.1, \"schedule\": \"linear\"}",
        "r.json, learningRate.schedule: is \"linear\"; it has to be one of "
          + "\"constant\", \"cosine\", \"steps\", \"one-cycle\"."
      ),
      ("learningRate", "null", "r.json, learningRate: is missing."),
      (
        "weightDecay", "{\"rate\": 0.1, \"exclude\": [\"bias\", \"mean\"]}",
        "r.json, weightDecay.exclude[1]: is \"mean\"; it has to be one of "
          + "\"weights\", \"bias\", \"gamma\", \"beta\", \"other\", \"quantizerScale\"."
      ),
      (
        "normalization", "{\"mean\": [0, 0, 0], \"std\": [1, 1]}",
        "r.json, normalization.std: is a list; it has to be a list with one number, or as many as 'mean'."
      ),
      (
        "density", "{\"target\": 0.1, \"from\": 0.7}", "r.json, density.to: is 0.5; it has to be at least 'from'."
      ),
      (
        "density", "{\"target\": 0.1, \"scope\": \"network\"}",
        "r.json, density.scope: is \"network\"; it has to be one of \"layer\", \"global\", \"erdos-renyi-kernel\"."
      ),
      (
        "density", "{\"target\": 0.1, \"ceiling\": 0.5}",
        "r.json, density.ceiling: unknown key. Known here are target, bytes, initial, from, to, scope."
      ),
      (
        "density", "{\"target\": 0.1, \"scope\": \"erdos-renyi-kernel\", \"ceiling\": 0}",
        "r.json, density.ceiling: is 0; it has to be a number from 0.001 to 1."
      ),
      (
        "density", "{\"target\": 0.1, \"bytes\": 5000}",
        "r.json, density.bytes: is 5000; it has to be left out where there is a target."
      ),
      ("density", "{\"from\": 0.1}", "r.json, density.target: is missing."),
      ("distillation", "{\"mixing\": 2}", "r.json, distillation.mixing: is 2; it has to be a number from 0 to 1."),
      ("distillation", "{\"teacher\": [\"a\", 3]}", "r.json, distillation.teacher[1]: is 3; it has to be a text."),
      (
        "distillation", "{\"teacher\": []}",
        "r.json, distillation.teacher: is a list; it has to be a text, or a list of texts."
      ),
      ("recycling", "1", "r.json, recycling: is 1; it has to be a number from 0 to 0.5."),
      ("labelSmoothing", "1", "r.json, labelSmoothing: is 1; it has to be a number from 0 to 0.999."),
    ])
  func wrong(key: String, value: String, expected: String) throws {
    let message = try message {
      $0[key] = try? JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
    }
    #expect(message == expected)
  }

  @Test("An unknown key is named before one that is missing")
  func unknownFirst() throws {
    let message = try message {
      $0["epoch"] = $0.removeValue(forKey: "epochs")
    }
    #expect(message?.hasPrefix("r.json, epoch: unknown key. Known here are schemaVersion, summary, network, ") == true)
  }

  @Test("What is not JSON says where", arguments: ["", "{", "{\"a\": }", "[1, 2]"])
  func notJSON(text: String) {
    let error = #expect(throws: RecipeError.self) { try TrainingRecipe(json: Data(text.utf8), file: "r.json") }
    if text == "[1, 2]" {
      #expect(error?.description == "r.json: is a list; it has to be an object.")
    } else {
      #expect(error?.description.hasPrefix("r.json: is not JSON: ") == true)
    }
  }

  @Test("A recipe that is cut anywhere is refused", arguments: ["digits", "convnet-cifar10-ternary"])
  func truncation(name: String) throws {
    let json = try TrainingRecipe.builtInJSON(name)
    for length in 0..<json.count - 2 {
      #expect(throws: RecipeError.self) { try TrainingRecipe(json: json.prefix(length), file: name) }
    }
  }

  @Test("A name that is neither built in nor a file says what there is")
  func unknownName() {
    let error = #expect(throws: RecipeError.self) { try TrainingRecipe.load("no/such.json") }
    #expect(
      error?.description
        == "no/such.json: no such file, and no built-in recipe. Built in are "
        + TrainingRecipe.builtInNames.joined(separator: ", ") + ".")
  }

  @Test("A file is read from its path")
  func file() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("recipe-\(UInt64.random(in: 0 ... .max))")
    defer { try? FileManager.default.removeItem(at: url) }
    var recipe = try TrainingRecipe.named("digits")
    recipe.epochs = 2
    try recipe.json.write(to: url)
    let loaded = try TrainingRecipe.load(url.path)
    #expect(loaded == recipe)
    let error = #expect(throws: RecipeError.self) {
      try TrainingRecipe.load(FileManager.default.temporaryDirectory.path)
    }
    #expect(error?.file == FileManager.default.temporaryDirectory.path)
  }
}
