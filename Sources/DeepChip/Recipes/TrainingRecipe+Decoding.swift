import Foundation
import Networks
import Training

extension TrainingRecipe {
  /// The version of the keys that this program reads and writes.
  static let schemaVersion = 1

  static let keys = [
    "schemaVersion", "summary", "network", "data", "heldBack", "pictureSize", "normalization", "epochs", "batchSize",
    "seed", "precision", "optimizer", "learningRate", "weightDecay", "labelSmoothing", "largestGradientNorm",
    "augmentation", "mixup", "dropout", "movingAverage", "recycling", "quantization", "density", "distillation",
  ]

  /// Reads a recipe.
  ///
  /// - Parameters:
  ///   - json: the bytes of the file.
  ///   - file: names it in errors.
  /// - Throws: `RecipeError` with the path of the key.
  public init(json: Data, file: String) throws(RecipeError) {
    let limit = 1 << 20
    guard json.count <= limit else { throw RecipeError(.tooLarge(byteCount: json.count, limit: limit), file: file) }
    let value: JSONValue
    do {
      value = try JSONDecoder().decode(JSONValue.self, from: json)
    } catch {
      throw RecipeError(.notJSON(reason: JSONValue.reason(error)), file: file)
    }
    try self.init(try RecipeObject(value, file: file, path: "", keys: Self.keys))
  }

  private init(_ object: RecipeObject) throws(RecipeError) {
    _ = try object.whole("schemaVersion", Self.schemaVersion...Self.schemaVersion)
    summary = try object.optionalString("summary")
    network = try NetworkChoice(object)
    data = try object.string("data")
    heldBackCount = try object.whole("heldBack", 0...1 << 40, default: 0)
    pictureSize = try object.wholes("pictureSize", 1...16384, count: 2...2)
    normalization = try Normalization(object)
    epochs = try object.whole("epochs", 1...1_000_000)
    batchSize = try object.whole("batchSize", 1...1 << 20)
    seed = UInt64(try object.whole("seed", 0...1 << 53, default: 1))
    precision = try object.choice(
      "precision", TrainingPrecision.allCases.map { ($0.rawValue, $0) }, default: .float32)
    optimizer = try OptimizerChoice(object)
    learningRate = try LearningRate(object)
    weightDecay = try WeightDecay(object)
    labelSmoothing = try object.number("labelSmoothing", 0...0.999, default: 0)
    largestGradientNorm = try object.optionalNumber("largestGradientNorm", 1e-9...1e9)
    augmentation = try AugmentationChoice(object)
    mixup = try object.optionalNumber("mixup", 1e-3...100)
    dropout = try Dropout(object)
    movingAverage = try object.optionalNumber("movingAverage", 0...0.999999)
    recycling = try object.optionalNumber("recycling", 0...0.5)
    quantization = try QuantizationChoice(object)
    density = try DensitySchedule(object)
    distillation = try Distillation(object)
  }
}

extension JSONValue {
  /// The parser's words without a closing period.
  fileprivate static func reason(_ error: any Error) -> String {
    var text = error.localizedDescription
    if case .dataCorrupted(let context)? = error as? DecodingError {
      let inner = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
      text = inner ?? context.debugDescription
    }
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }
}

// MARK: - Parts

extension TrainingRecipe.NetworkChoice {
  fileprivate init(_ recipe: RecipeObject) throws(RecipeError) {
    if case .string(let name)? = recipe["network"] {
      self.init(name: name)
      return
    }
    let keys = ["name", "classes", "input", "activation", "weights"]
    guard let object = try recipe.object("network", keys: keys) else { throw recipe.wrong("network", nil, "") }
    self.init(name: try object.string("name"))
    classes = object["classes"] == nil ? nil : try object.whole("classes", 1...1 << 20)
    input = try object.wholes("input", 1...16384, count: 1...3)
    let names: [(name: String, value: NetworkActivation?)] = NetworkActivation.allCases.map { ("\($0)", $0) }
    activation = try object.choice("activation", names, default: .some(nil))
    weights = try object.optionalString("weights")
  }
}

extension TrainingRecipe.Normalization {
  fileprivate init(_ recipe: RecipeObject) throws(RecipeError) {
    self.init()
    guard let object = try recipe.object("normalization", keys: ["scale", "mean", "std"]) else { return }
    scale = try object.number("scale", 1e-9...1e9, default: scale)
    mean = try object.numbers("mean", -1e9...1e9) ?? mean
    std = try object.numbers("std", 1e-9...1e9) ?? std
    guard mean.count == std.count || mean.count == 1 || std.count == 1 else {
      throw object.wrong("std", object["std"], "a list with one number, or as many as 'mean'")
    }
  }
}

extension TrainingRecipe.OptimizerChoice {
  fileprivate init(_ recipe: RecipeObject) throws(RecipeError) {
    guard
      let kind = try recipe.object("optimizer", keys: ["kind", "momentum", "nesterov", "beta1", "beta2", "epsilon"])
    else {
      self = .sgd(momentum: 0.9, nesterov: true)
      return
    }
    let isSGD = try kind.choice("kind", [("sgd", true), ("adamw", false)])
    let keys = isSGD ? ["kind", "momentum", "nesterov"] : ["kind", "beta1", "beta2", "epsilon"]
    let object = try RecipeObject(.object(kind.members), file: kind.file, path: "optimizer", keys: keys)
    if isSGD {
      self = .sgd(
        momentum: try object.number("momentum", 0...0.9999, default: 0.9),
        nesterov: try object.flag("nesterov", default: true))
    } else {
      self = .adamW(
        beta1: try object.number("beta1", 0...0.9999, default: 0.9),
        beta2: try object.number("beta2", 0...0.999999, default: 0.999),
        epsilon: try object.number("epsilon", 1e-12...1, default: 1e-8))
    }
  }
}

extension TrainingRecipe.LearningRate {
  fileprivate init(_ recipe: RecipeObject) throws(RecipeError) {
    let all = ["peak", "schedule", "warmUpEpochs", "at", "factor", "rise"]
    guard let first = try recipe.object("learningRate", keys: all) else {
      throw recipe.wrong("learningRate", nil, "")
    }
    let name = try first.choice(
      "schedule", ["constant", "cosine", "steps", "one-cycle"].map { ($0, $0) }, default: "cosine")
    let own = name == "steps" ? ["at", "factor"] : name == "one-cycle" ? ["rise"] : []
    let object = try RecipeObject(
      .object(first.members), file: first.file, path: "learningRate", keys: Array(all.prefix(3)) + own)
    peak = try object.number("peak", 1e-12...1e6)
    warmUpEpochs = try object.number("warmUpEpochs", 0...1e6, default: 0)
    switch name {
    case "steps":
      guard let places = try object.numbers("at", 0...1) else { throw object.wrong("at", nil, "") }
      schedule = .steps(at: places, factor: try object.number("factor", 0...1, default: 0.1))
    case "one-cycle": schedule = .oneCycle(rise: try object.number("rise", 0...1, default: 0.3))
    case "constant": schedule = .constant
    default: schedule = .cosine
    }
  }
}

extension TrainingRecipe.WeightDecay {
  fileprivate init(_ recipe: RecipeObject) throws(RecipeError) {
    self.init()
    guard let object = try recipe.object("weightDecay", keys: ["rate", "exclude"]) else { return }
    rate = try object.number("rate", 0...1)
    guard let value = object["exclude"] else { return }
    let names = ParameterRole.allCases.filter(\.isTrained).map { "\"\($0.recipeName)\"" }.joined(separator: ", ")
    guard case .array(let values) = value else { throw object.wrong("exclude", value, "a list of \(names)") }
    exclusions = []
    for (index, value) in values.enumerated() {
      guard case .string(let name) = value,
        let role = ParameterRole.allCases.first(where: { $0.recipeName == name && $0.isTrained })
      else { throw object.wrong("exclude[\(index)]", value, "one of \(names)") }
      exclusions.insert(role)
    }
  }
}

extension ParameterRole {
  /// The name in recipes.
  var recipeName: String {
    switch self {
    case .weights: "weights"
    case .bias: "bias"
    case .gamma: "gamma"
    case .beta: "beta"
    case .runningMean: "runningMean"
    case .runningVariance: "runningVariance"
    case .other: "other"
    case .quantizerScale: "quantizerScale"
    case .quantizerStatistic: "quantizerStatistic"
    }
  }
}

extension TrainingRecipe.AugmentationChoice {
  fileprivate init?(_ recipe: RecipeObject) throws(RecipeError) {
    let keys = ["padding", "flips", "brightness", "contrast", "scales"]
    guard let object = try recipe.object("augmentation", keys: keys) else { return nil }
    padding = try object.whole("padding", 0...1024, default: 0)
    flips = try object.flag("flips", default: false)
    brightness = try object.number("brightness", 0...255, default: 0)
    contrast = try object.range("contrast", 0...10)
    scales = try object.range("scales", 0.1...10)
  }
}

extension TrainingRecipe.Dropout {
  fileprivate init?(_ recipe: RecipeObject) throws(RecipeError) {
    guard let object = try recipe.object("dropout", keys: ["share", "layers"]) else { return nil }
    share = try object.number("share", 0...0.99, default: 0.5)
    let expected = "a list of names of layers, each once"
    guard case .array(let values)? = object["layers"] else { throw object.wrong("layers", object["layers"], expected) }
    layers = []
    for (index, value) in values.enumerated() {
      guard case .string(let name) = value, !layers.contains(name) else {
        throw object.wrong("layers[\(index)]", value, expected)
      }
      layers.append(name)
    }
  }
}

extension TrainingRecipe.QuantizationChoice {
  fileprivate init?(_ recipe: RecipeObject) throws(RecipeError) {
    let keys = ["weights", "activations", "firstLayer", "lastLayer"]
    guard let object = try recipe.object("quantization", keys: keys) else { return nil }
    weights = try object.optionalString("weights")
    activations = try object.optionalString("activations")
    firstLayer = try object.string("firstLayer", default: "int8")
    lastLayer = try object.string("lastLayer", default: "int8")
  }
}

extension TrainingRecipe.DensitySchedule {
  fileprivate init?(_ recipe: RecipeObject) throws(RecipeError) {
    let keys = ["target", "bytes", "initial", "from", "to", "scope"]
    guard let whole = try recipe.object("density", keys: keys + ["ceiling"]) else { return nil }
    scope = try whole.choice(
      "scope", [("layer", .layer), ("global", .global), ("erdos-renyi-kernel", .erdosRenyiKernel(ceiling: 1))],
      default: .layer)
    var object = whole
    if case .erdosRenyiKernel = scope {
      scope = .erdosRenyiKernel(ceiling: try object.number("ceiling", 0.001...1, default: 1))
    } else {
      object = try RecipeObject(.object(whole.members), file: whole.file, path: "density", keys: keys)
    }
    byteCount = try object["bytes"] == nil ? nil : object.whole("bytes", 1...1 << 40)
    guard byteCount == nil || object["target"] == nil else {
      throw object.wrong("bytes", object["bytes"], "left out where there is a target")
    }
    target = try object.number("target", 0...1, default: byteCount == nil ? nil : 1)
    initial = try object.optionalNumber("initial", 0...1)
    from = try object.number("from", 0...1, default: 0)
    to = try object.number("to", 0...1, default: 0.5)
    guard from <= to else { throw object.wrong("to", object["to"] ?? .number(to), "at least 'from'") }
  }
}

extension TrainingRecipe.Distillation {
  fileprivate init?(_ recipe: RecipeObject) throws(RecipeError) {
    guard let object = try recipe.object("distillation", keys: ["teacher", "temperature", "mixing"]) else { return nil }
    teachers = try object.texts("teacher")
    temperature = try object.number("temperature", 0.1...1000, default: 4)
    mixing = try object.number("mixing", 0...1, default: 0.5)
  }
}
