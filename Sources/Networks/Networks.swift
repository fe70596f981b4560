import Graphs
import Tensors

/// Networks of the field by name, as graphs with fresh weights.
///
///     let graph = try Networks.named("resnet20", classes: 10, seed: 1)
///     graph.parameterCount      // 271,098: with the running statistics of the batch normalizations
///
/// Every network has one input `[N, C, H, W]` (`[N, F]` for the auto-encoder) and one output, the logits `[N, classes]`;
/// batch normalizations are nodes of their own, and no loss and no softmax is inside. Dropout has no operator and is left
/// out where a paper has it.
public enum Networks {
  /// Whether some kind has a network of this name.
  public static func has(_ name: String) -> Bool { (try? NetworkKind.parse(name)) != nil }

  /// Builds a network with fresh weights.
  ///
  /// - Parameters:
  ///   - name: of the form of a `NetworkKind`, such as `resnet20`, `wrn-16-4`, `mobilenetv2-0.5`.
  ///   - classes: outputs; nil for the kind's own number.
  ///   - input: extents of one item, `[C, H, W]`; nil for the kind's own.
  ///   - activation: what stands after the weighted sums; nil for the kind's own.
  ///   - seed: decides the weights. Same arguments, same bits, on every platform.
  /// - Throws: `NetworkError`, which lists what exists when the name is unknown.
  public static func named(
    _ name: String, classes: Int? = nil, input: Shape? = nil, activation: NetworkActivation? = nil, seed: UInt64 = 1
  ) throws(NetworkError) -> Graph {
    let (kind, values) = try NetworkKind.parse(name)
    if let classes {
      guard kind.defaultClasses != nil else { throw NetworkError(.hasNoClasses, name: name) }
      guard (1...1 << 20).contains(classes) else { throw NetworkError(.classes(classes), name: name) }
    }
    let shape = input ?? kind.defaultInput
    guard shape.rank == kind.defaultInput.rank, shape.dimensions.allSatisfy({ (1...1 << 14).contains($0) }) else {
      throw NetworkError(.input(shape, expected: kind.defaultInput), name: name)
    }
    var sketch = Sketch(
      input: shape, classes: classes ?? kind.defaultClasses ?? 0, activation: activation ?? kind.activation, seed: seed)
    do throws(GraphError) {
      sketch.graph.outputs = [try kind.build(&sketch, values)]
    } catch {
      throw NetworkError(.graph(error), name: name)
    }
    return sketch.graph
  }
}

/// What stands after the weighted sums of a network.
public enum NetworkActivation: UInt8, CaseIterable, Hashable, Sendable {
  case relu
  /// Clipped to 0...6.
  case relu6
  /// Clipped to 0...1, as DoReFa and DeepChip do where activations are quantized.
  case unitClip

  var function: UnaryFunction {
    switch self {
    case .relu: .relu
    case .relu6: .clip(Clamp(lower: 0, upper: 6))
    case .unitClip: .clip(Clamp(lower: 0, upper: 1))
    }
  }
}

extension NetworkActivation: CustomStringConvertible {
  /// The name in recipes.
  public var description: String {
    switch self {
    case .relu: "relu"
    case .relu6: "relu6"
    case .unitClip: "unit-clip"
    }
  }
}
