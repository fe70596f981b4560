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
          .usage, "no layer of \(model.url.lastPathComponent) has a counterpart by name in "
            + "\(reference.url.lastPathComponent); is it the model it was packed from, and packed with names?")
      }
      var sums = [ErrorSum](repeating: ErrorSum(), count: pairs.count)
      var agreeing = 0
      let settings = model.packed.preprocessing ?? preprocessing
      for start in stride(from: 0, to: indices.count, by: batch) {
        let chunk = Array(indices[start..<min(start + batch, indices.count)])
        let got = try values(model.packed.graph, pairs.map(\.own), dataset, chunk, settings)
        let want = try values(reference.packed.graph, pairs.map(\.other), dataset, chunk, settings)
        for index in pairs.indices {
          sums[index].add(got.values[index], want.values[index], model.packed.graph[pairs[index].own].encoding)
        }
        agreeing += zip(got.classes, want.classes).count { $0 == $1 }
        progress(Double(start + chunk.count) / Double(indices.count))
      }
      var layers = try self.layers(pairs, sums)
      let worst = addRemedies(&layers)
      return ExplanationReport(
        model: model.url.lastPathComponent, reference: reference.url.lastPathComponent, images: indices.count,
        agreement: indices.isEmpty ? nil : Double(agreeing) / Double(indices.count), layers: layers, worst: worst)
    } catch { throw Failure(error) }
  }

  private struct Pair {
    var own: ValueID
    var other: ValueID
    var node: Int
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
    for (index, node) in own.nodes.enumerated() {
      let value = own[node.output]
      guard let match = byName[value.name], other[match].type.dimensions == value.type.dimensions,
        value.type.elementType == .float32 || value.encoding != nil
      else { continue }
      switch node.operator {
      case .quantize, .dequantize: continue
      default: break
      }
      if last[value.name] == nil { order.append(value.name) }
      last[value.name] = Pair(own: node.output, other: match, node: index)
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

  private func layers(_ pairs: [Pair], _ sums: [ErrorSum]) throws -> [ExplanationReport.Layer] {
    let benchmark = Benchmark()
    let subject = try benchmark.subject(model.url)
    let timed = try benchmark.layers(subject)
    return zip(pairs, sums).map { pair, sum in
      let node = model.packed.graph.nodes[pair.node]
      let time = timed.first { $0.name == node.name && $0.kernel != "copy" }
      return ExplanationReport.Layer(
        name: node.name, operator: "\(node.operator.kind)", signalToNoiseDecibels: sum.decibels,
        clippedFraction: sum.clippedFraction, byteCount: time?.byteCount ?? 0,
        medianMicroseconds: time?.medianMicroseconds ?? 0, kernel: time?.kernel ?? "fused into its successor")
    }
  }

  /// Names the three layers at which most is lost, compared with their predecessor, and says what would help.
  private func addRemedies(_ layers: inout [ExplanationReport.Layer]) -> [String] {
    let drops = layers.indices.map { index in
      (index, (index == 0 ? 60 : layers[index - 1].signalToNoiseDecibels) - layers[index].signalToNoiseDecibels)
    }
    let worst = drops.filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }.prefix(3).map(\.0)
    for index in worst {
      let layer = layers[index]
      layers[index].remedy =
        layer.clippedFraction > 0.01
        ? "\(layer.clippedFraction.rounded2) of its values are clipped: calibrate with --calibrator min-max or more images"
        : layer.byteCount > 0
          ? "its weights are coarse: keep it at more bits with --layer '\(layer.name)=int8', or real"
          : "its range is wide: try --calibrator mse or percentile"
    }
    return worst.map { layers[$0].name }
  }
}

extension Double {
  fileprivate var rounded2: String { String(format: "%.1f %%", self * 100) }
}

/// Sums of squares of a value and of what coding changed.
private struct ErrorSum {
  private var signal = 0.0
  private var noise = 0.0
  private var count = 0
  private var clipped = 0

  mutating func add(_ got: AnyTensor, _ want: AnyTensor, _ encoding: Encoding?) {
    var values = got.doubles
    if got.elementType != .float32, case .affine(let affine)? = encoding {
      let range = affine.codeRange
      // A value at the lower end that is a true zero after ReLU is not clipped.
      let lowest = affine.zeroPoints[0] > range.lowerBound ? Double(range.lowerBound) : -1
      clipped += values.count { $0 == Double(range.upperBound) || $0 == lowest }
      values = values.map { ($0 - Double(affine.zeroPoints[0])) * Double(affine.scales[0]) }
    }
    for (a, b) in zip(values, want.doubles) {
      signal += b * b
      noise += (a - b) * (a - b)
    }
    count += values.count
  }

  /// 99 for an exact copy.
  var decibels: Double {
    noise <= signal * 1e-10 ? 99 : 10 * log10(max(signal, .leastNormalMagnitude) / noise)
  }

  var clippedFraction: Double { count == 0 ? 0 : Double(clipped) / Double(count) }
}
