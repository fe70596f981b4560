import Compression
import Datasets
import Foundation
import Graphs
import Measurements
import ModelFormat
import Runtime
import Tensors

/// Compares a packed model with the float model it came from, value by value.
public struct Explanation {
  public var model: Model
  public var reference: Model
  /// Of both models, when a file brings none.
  public var preprocessing = Preprocessing()
  public var batch = 8

  public init(model: Model, reference: Model) {
    self.model = model
    self.reference = reference
  }

  /// - Parameters:
  ///   - dataset: gives the items.
  ///   - indices: items to compare on.
  ///   - progress: told the share done, 0...1.
  /// - Throws: `Failure`; of usage when no layer has a counterpart.
  public func report(
    _ dataset: Dataset, indices: [Int], progress: (Double) -> Void = { _ in }
  ) throws -> ExplanationReport {
    do {
      let pairs = self.pairs
      guard !pairs.isEmpty else {
        throw Failure(
          .usage,
          "no layer of \(model.url.lastPathComponent) has a counterpart by name in "
            + "\(reference.url.lastPathComponent); is it the model it was packed from, and packed with names?")
      }
      var meter = self.meter(pairs)
      var agreeing = 0
      let settings = model.packed.preprocessing ?? preprocessing
      for start in stride(from: 0, to: indices.count, by: batch) {
        let chunk = Array(indices[start..<min(start + batch, indices.count)])
        let got = try values(model.packed.graph, pairs.map(\.own), dataset, chunk, settings)
        let want = try values(reference.packed.graph, pairs.map(\.other), dataset, chunk, settings)
        for (pair, (own, other)) in zip(pairs, zip(got.values, want.values)) {
          guard let coded = try own.decoded(model.packed.graph.codeEncoding(pair.own)).asFloat32,
            let real = other.asFloat32
          else { continue }
          meter.add(pair.own, real: real, coded: coded)
        }
        agreeing += zip(got.classes, want.classes).count { $0 == $1 }
        progress(Double(start + chunk.count) / Double(indices.count))
      }
      let errors = meter.errors
      let worst = errors.filter { $0.signalToNoise.isFinite }.worst()
      let layers = try self.layers(errors, worst)
      return ExplanationReport(
        model: model.url.lastPathComponent, reference: reference.url.lastPathComponent, images: indices.count,
        agreement: indices.isEmpty ? nil : Double(agreeing) / Double(indices.count), layers: layers,
        worst: worst.map(\.name))
    } catch { throw Failure(error) }
  }

  private struct Pair {
    var own: ValueID
    var other: ValueID
  }

  /// A meter that knows the weights of both models where layers have a counterpart.
  private func meter(_ pairs: [Pair]) -> LayerErrorMeter {
    let (own, other) = (model.packed.graph, reference.packed.graph)
    var meter = LayerErrorMeter(own)
    for pair in pairs {
      guard case .coded(let coded)? = own.weights(of: pair.own),
        let real = other.weights(of: pair.other)?.tensor.asFloat32, real.shape == coded.shape
      else { continue }
      meter.setWeights(of: pair.own, real: real, coded: coded.decoded.scaledByRow(to: real))
    }
    return meter
  }

  /// Results of the packed graph with a value of the same name and extents in the reference.
  private var pairs: [Pair] {
    let (own, other) = (model.packed.graph, reference.packed.graph)
    var byName: [String: ValueID] = [:]
    for node in other.nodes where other[node.output].type.elementType == .float32 {
      byName[other[node.output].name] = node.output
    }
    var last: [String: Pair] = [:]
    var order: [String] = []
    for node in own.nodes {
      let value = own[node.output]
      guard let match = byName[value.name], other[match].type.dimensions == value.type.dimensions,
        value.type.elementType == .float32 || value.encoding != nil
      else { continue }
      switch node.operator {
      case .quantize, .dequantize: continue
      default: break
      }
      if last[value.name] == nil { order.append(value.name) }
      last[value.name] = Pair(own: node.output, other: match)
    }
    return order.compactMap { last[$0] }
  }

  private func values(
    _ graph: Graph, _ ids: [ValueID], _ dataset: Dataset, _ indices: [Int], _ settings: Preprocessing
  ) throws -> (values: [AnyTensor], classes: [Int]) {
    var tapped = graph
    tapped.outputs = ids + graph.outputs.prefix(1)
    let feeder = try InputFeeder(graph, settings)
    let executor = try Executor(tapped, batch: feeder.fixedBatch == nil ? indices.count : 1)
    let outputs = try executor.run([feeder.input(dataset, indices)])
    var classes: [Int] = []
    if let last = outputs.last {
      let values = last.doubles
      let width = max(values.count / max(indices.count, 1), 1)
      for start in stride(from: 0, to: values.count, by: width) {
        let row = values[start..<min(start + width, values.count)]
        classes.append((row.firstIndex(of: row.max() ?? 0) ?? start) - start)
      }
    }
    return (Array(outputs.prefix(ids.count)), classes)
  }

  private func layers(_ errors: [LayerError], _ worst: [LayerError]) throws -> [ExplanationReport.Layer] {
    let benchmark = Benchmark()
    let timed = try benchmark.layers(benchmark.subject(model.url))
    return errors.map { error in
      let time = timed.first { $0.name == error.name && $0.kernel != "copy" }
      return ExplanationReport.Layer(
        name: error.name, operator: error.kind.map { "\($0)" } ?? "input",
        signalToNoiseDecibels: min(error.signalToNoise, 99), clippedFraction: error.clippedShare,
        byteCount: time?.byteCount ?? 0, medianMicroseconds: time?.medianMicroseconds ?? 0,
        kernel: time?.kernel ?? "fused into its successor",
        remedy: worst.contains(error) ? error.remedy : nil)
    }
  }
}

extension Graph {
  /// The constant that the node which computes `value` multiplies with.
  fileprivate func weights(of value: ValueID) -> Constant? {
    guard let node = nodes.first(where: { $0.output == value }), node.inputs.count > 1 else { return nil }
    return constant(node.inputs[1])
  }

  /// What the codes of a value mean; nil for real values.
  fileprivate func codeEncoding(_ value: ValueID) -> AffineEncoding? {
    if case .affine(let encoding)? = self[value].encoding { encoding } else { nil }
  }
}

extension Tensor where Scalar == Float {
  /// Each row times the factor that brings it closest to the row of `other`.
  ///
  /// Packed weights stand for themselves up to a factor by output channel, which the multipliers of the result hold.
  fileprivate func scaledByRow(to other: Tensor) -> Tensor {
    guard let rows = shape.dimensions.first, rows > 0 else { return self }
    let length = shape.elementCount / rows
    var scaled = scalars
    for row in 0..<rows {
      var (product, square) = (0.0, 0.0)
      for index in row * length..<(row + 1) * length {
        product += Double(scalars[index]) * Double(other.scalars[index])
        square += Double(scalars[index]) * Double(scalars[index])
      }
      guard square > 0 else { continue }
      for index in row * length..<(row + 1) * length { scaled[index] *= Float(product / square) }
    }
    return Tensor(shape: shape, scalars: scaled)
  }
}
