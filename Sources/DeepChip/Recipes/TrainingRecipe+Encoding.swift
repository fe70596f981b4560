import Foundation
import Training

extension TrainingRecipe {
  /// The recipe as a file: keys in the order of the alphabet, settings that are left out not written.
  ///
  /// Reading it gives the same recipe.
  public var json: Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Numbers of a recipe are finite, so that there is nothing that JSON has no form for.
    return ((try? encoder.encode(value)) ?? Data()) + Data("\n".utf8)
  }

  private var value: JSONValue {
    .members([
      "schemaVersion": .number(Double(Self.schemaVersion)), "summary": summary.map(JSONValue.string),
      "network": network.value, "data": .string(data), "heldBack": .number(Double(heldBackCount)),
      "pictureSize": pictureSize.map { .numbers($0.map { Double($0) }) }, "normalization": normalization.value,
      "epochs": .number(Double(epochs)), "batchSize": .number(Double(batchSize)), "seed": .number(Double(seed)),
      "precision": .string(precision.rawValue), "optimizer": optimizer.value, "learningRate": learningRate.value,
      "weightDecay": weightDecay.value,
      "labelSmoothing": .number(labelSmoothing), "largestGradientNorm": largestGradientNorm.map(JSONValue.number),
      "augmentation": augmentation?.value, "mixup": mixup.map(JSONValue.number), "dropout": dropout?.value,
      "movingAverage": movingAverage.map(JSONValue.number), "recycling": recycling.map(JSONValue.number),
      "quantization": quantization?.value, "density": density?.value, "distillation": distillation?.value,
    ])
  }
}

extension JSONValue {
  /// An object of those members that there are.
  fileprivate static func members(_ members: [String: JSONValue?]) -> JSONValue {
    .object(members.compactMapValues { $0 })
  }

  fileprivate static func numbers(_ values: [Double]) -> JSONValue { .array(values.map(JSONValue.number)) }
}

extension TrainingRecipe.NetworkChoice {
  fileprivate var value: JSONValue {
    .members([
      "name": .string(name), "classes": classes.map { .number(Double($0)) },
      "input": input.map { .numbers($0.map { Double($0) }) }, "activation": activation.map { .string("\($0)") },
      "weights": weights.map(JSONValue.string),
    ])
  }
}

extension TrainingRecipe.Normalization {
  fileprivate var value: JSONValue {
    .members(["scale": .number(scale), "mean": .numbers(mean), "std": .numbers(std)])
  }
}

extension TrainingRecipe.OptimizerChoice {
  fileprivate var value: JSONValue {
    switch self {
    case .sgd(let momentum, let nesterov):
      .members(["kind": .string("sgd"), "momentum": .number(momentum), "nesterov": .bool(nesterov)])
    case .adamW(let beta1, let beta2, let epsilon):
      .members([
        "kind": .string("adamw"), "beta1": .number(beta1), "beta2": .number(beta2), "epsilon": .number(epsilon),
      ])
    }
  }
}

extension TrainingRecipe.LearningRate {
  fileprivate var value: JSONValue {
    var members: [String: JSONValue?] = ["peak": .number(peak), "warmUpEpochs": .number(warmUpEpochs)]
    switch schedule {
    case .constant: members["schedule"] = .string("constant")
    case .cosine: members["schedule"] = .string("cosine")
    case .steps(let places, let factor):
      members["schedule"] = .string("steps")
      members["at"] = .numbers(places)
      members["factor"] = .number(factor)
    case .oneCycle(let rise):
      members["schedule"] = .string("one-cycle")
      members["rise"] = .number(rise)
    }
    return .members(members)
  }
}

extension TrainingRecipe.WeightDecay {
  fileprivate var value: JSONValue {
    let names = exclusions.map(\.recipeName).sorted()
    return .members(["rate": .number(rate), "exclude": .array(names.map(JSONValue.string))])
  }
}

extension TrainingRecipe.AugmentationChoice {
  fileprivate var value: JSONValue {
    .members([
      "padding": .number(Double(padding)), "flips": .bool(flips), "brightness": .number(brightness),
      "contrast": contrast.map { .numbers([$0.lowerBound, $0.upperBound]) },
      "scales": scales.map { .numbers([$0.lowerBound, $0.upperBound]) },
    ])
  }
}

extension TrainingRecipe.Dropout {
  fileprivate var value: JSONValue {
    .members(["share": .number(share), "layers": .array(layers.map(JSONValue.string))])
  }
}

extension TrainingRecipe.QuantizationChoice {
  fileprivate var value: JSONValue {
    .members([
      "weights": weights.map(JSONValue.string), "activations": activations.map(JSONValue.string),
      "firstLayer": .string(firstLayer), "lastLayer": .string(lastLayer),
    ])
  }
}

extension TrainingRecipe.DensitySchedule {
  fileprivate var value: JSONValue {
    var members: [String: JSONValue?] = [
      "initial": initial.map(JSONValue.number), "from": .number(from), "to": .number(to),
    ]
    if let byteCount { members["bytes"] = .number(Double(byteCount)) } else { members["target"] = .number(target) }
    switch scope {
    case .layer: members["scope"] = .string("layer")
    case .global: members["scope"] = .string("global")
    case .erdosRenyiKernel(let ceiling):
      members["scope"] = .string("erdos-renyi-kernel")
      members["ceiling"] = .number(ceiling)
    }
    return .members(members)
  }
}

extension TrainingRecipe.Distillation {
  fileprivate var value: JSONValue {
    .members([
      "teacher": teachers.count > 1 ? .array(teachers.map(JSONValue.string)) : teachers.first.map(JSONValue.string),
      "temperature": .number(temperature), "mixing": .number(mixing),
    ])
  }
}
