import Coding
import Foundation
import Graphs
import Interchange
import Measurements
import ModelFormat
import Planning
import Runtime
import Tensors

/// Says what is in a model.
public enum Inspection {
  /// - Parameters:
  ///   - model: a float or a packed one.
  ///   - kernelSelection: how kernels are chosen for each layer, at a batch of one.
  public static func report(_ model: Model, kernelSelection: KernelSelection = KernelSelection()) -> InspectionReport {
    var report = report(model.packed, name: model.url.lastPathComponent, fileByteCount: model.fileByteCount)
    if model.format == .dchip {
      if let data = try? Data(contentsOf: model.url, options: .mappedIfSafe),
        let layout = try? data.withUnsafeBytes({ try FileLayout(reading: $0) })
      {
        report.sections = sections(layout)
        report.addWeightCodes(model.packed.graph, layout)
      }
    } else {
      // Before batch norms are folded: their factors and offsets count.
      report.parameterCount = parameterCount(model.graph)
    }
    report.addRatio()
    report.addChoices(model, kernelSelection)
    return report
  }

  /// The parts of a packed file, largest first.
  private static func sections(_ layout: FileLayout) -> [InspectionReport.Section] {
    var sections = layout.sections.map {
      InspectionReport.Section(name: $0.kind?.name ?? "section \($0.number)", byteCount: $0.byteCount)
    }
    let rest = layout.byteCount - sections.reduce(0) { $0 + $1.byteCount }
    sections.append(.init(name: "header and padding", byteCount: rest))
    return sections.sorted { ($1.byteCount, $0.name) < ($0.byteCount, $1.name) }
  }

  /// - Parameters:
  ///   - packed: the model as it runs.
  ///   - name: the model's, for people.
  ///   - fileByteCount: the whole file, every byte.
  public static func report(_ packed: PackedModel, name: String, fileByteCount: Int) -> InspectionReport {
    let graph = packed.graph
    var report = InspectionReport(model: name)
    var (weights, nonZeros) = (0.0, 0.0)
    for node in graph.nodes {
      let layer = self.layer(node, graph)
      report.layers.append(layer)
      report.parameterCount += layer.parameterCount
      if let density = layer.density, let count = weightCount(node, graph) {
        weights += Double(count)
        nonZeros += density * Double(count)
      }
    }
    report.macCount = graph.macCount
    report.byteCount = fileByteCount
    report.addRatio()
    report.weightDensity = weights == 0 ? 0 : nonZeros / weights
    report.arenaByteCount = (try? Schedule(graph, batch: 1))?.arena.byteCount ?? 0
    return report
  }

  /// What a file that cannot be imported lacks; without layers.
  public static func unsupported(_ url: URL) -> InspectionReport {
    var report = InspectionReport(model: url.lastPathComponent)
    do throws(ImportError) {
      _ =
        try url.pathExtension.lowercased() == "tflite"
        ? TFLiteImporter().graph(contentsOf: url) : ONNXImporter().graph(of: url)
    } catch {
      if case .unsupportedOperators(let operators) = error.problem {
        report.unsupported = operators.map { .init(name: $0.name, operator: $0.operator, reason: $0.reason) }
      }
    }
    return report
  }

  private static func layer(_ node: Node, _ graph: Graph) -> InspectionReport.Layer {
    let weights = node.inputs.dropFirst().first.flatMap { $0 }.flatMap { graph.constants[$0] }
    let type = graph[node.output].type
    let operands = node.inputs.compactMap { $0.flatMap { graph.constants[$0] } }
    return InspectionReport.Layer(
      name: node.name, operator: "\(node.operator.kind)", shape: type.dimensions.map(\.description),
      elementType: "\(type.elementType)", parameterCount: parameterCount(node, graph),
      macCount: graph.macCount(node),
      byteCount: operands.reduce(0) { $0 + $1.storedByteCount } + node.operator.integerByteCount,
      density: weights?.density,
      bitsPerWeight: weights.map { weights in
        weights.shape.elementCount == 0
          ? 0 : Double(weights.storedByteCount * 8) / Double(weights.shape.elementCount)
      })
  }

  private static func weightCount(_ node: Node, _ graph: Graph) -> Int? {
    node.inputs.dropFirst().first.flatMap { $0 }.flatMap { graph.constants[$0] }?.shape.elementCount
  }

  /// Numbers of the float model that this node stands for: its weights, and one bias a channel where the integers of a
  /// result carry one.
  private static func parameterCount(_ node: Node, _ graph: Graph) -> Int {
    let constants = node.inputs.reduce(0) { sum, id in
      guard let id, let constant = graph.constants[id] else { return sum }
      if case .tensor(let tensor) = constant, tensor.elementType != .float32 { return sum }
      return sum + constant.shape.elementCount
    }
    switch node.operator {
    case .integer(.convolution), .integer(.dense):
      return constants + (weightChannels(node, graph) ?? 0)
    default: return constants
    }
  }

  /// Real numbers that training has found: no running means and variances.
  private static func parameterCount(_ graph: Graph) -> Int {
    var ids = Set<ValueID>()
    for node in graph.nodes {
      var operands = node.inputs[...]
      if case .batchNormalization = node.operator { operands = operands.prefix(3) }
      for case let id? in operands { ids.insert(id) }
    }
    return ids.reduce(0) { sum, id in
      switch graph.constants[id] {
      case .coded(let coded): sum + coded.shape.elementCount
      case .tensor(.float32(let tensor)): sum + tensor.shape.elementCount
      case .tensor, nil: sum
      }
    }
  }

  private static func weightChannels(_ node: Node, _ graph: Graph) -> Int? {
    node.inputs.dropFirst().first.flatMap { $0 }.flatMap { graph.constants[$0] }?.shape.dimensions.first
  }
}

extension InspectionReport {
  /// Kernels as an executor chooses them; none where the model cannot run here.
  fileprivate mutating func addChoices(_ model: Model, _ selection: KernelSelection) {
    guard let executor = try? model.executor(kernelSelection: selection) else { return }
    for (index, step) in executor.schedule.steps.enumerated() where layers.indices.contains(step.node) {
      if let choice = executor.kernelChoice(step: index) { layers[step.node].choice = KernelChoiceReport(choice) }
    }
  }

  fileprivate mutating func addRatio() {
    float32ByteCount = 4 * parameterCount
    compressionRatio = byteCount == 0 ? 0 : Double(float32ByteCount) / Double(byteCount)
  }
}

extension InspectionReport {
  /// How the file stores each layer's weights, and all layers together by code.
  ///
  /// - Parameter graph: as read from the file: its constants are in the order of the layout's.
  fileprivate mutating func addWeightCodes(_ graph: Graph, _ layout: FileLayout) {
    let stored = Dictionary(uniqueKeysWithValues: zip(graph.constants.keys.sorted(), layout.constants))
    var codes: [String: WeightCode] = [:]
    for (index, node) in graph.nodes.enumerated() {
      guard let id = node.inputs.dropFirst().first.flatMap({ $0 }), let constant = stored[id],
        let code = constant.code, case .coded(let coded)? = graph.constants[id], !coded.codes.scalars.isEmpty
      else { continue }
      let count = coded.codes.scalars.count
      let entropy = CodeEntropy(coded.codes.scalars, rowLength: count / coded.shape[0])
      layers[index].weightCode = code.name
      layers[index].codedWeightCount = count
      layers[index].codedByteCount = constant.byteCount
      layers[index].bitsPerWeight = Double(8 * constant.byteCount) / Double(count)
      layers[index].entropyBitsPerWeight = entropy.zeroOrderBits / Double(count)
      var sum =
        codes[code.name]
        ?? WeightCode(name: code.name, layerCount: 0, weightCount: 0, byteCount: 0, entropyByteCount: 0)
      sum.layerCount += 1
      sum.weightCount += count
      sum.byteCount += constant.byteCount
      sum.entropyByteCount += entropy.zeroOrderBits / 8
      codes[code.name] = sum
    }
    weightCodes = codes.values.sorted { ($1.byteCount, $0.name) < ($0.byteCount, $1.name) }
  }
}

extension Operator {
  /// Bytes of multipliers and offsets in memory, 12 a channel.
  fileprivate var integerByteCount: Int {
    func bytes(_ result: SumResult) -> Int {
      switch result {
      case .codes(let rule): rule.multipliers.count * 12
      case .real(let scales, let offsets): (scales.count + offsets.count) * 4
      }
    }
    switch self {
    case .integer(.convolution(_, _, let result)), .integer(.dense(let result)): return bytes(result)
    case .integer(.lookup): return 256
    case .integer(.softmax): return 1024
    default: return 0
    }
  }
}
