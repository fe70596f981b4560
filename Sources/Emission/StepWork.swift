import Graphs
import Planning
import Targets
import Tensors

/// What a step of an emitted program has to do for one inference.
public struct StepWork: Sendable, Equatable {
  /// The layer, for people.
  public var name: String
  public var kind: Operator.Kind
  /// Products, those with padding included.
  public var macCount: Int
  /// Instructions, estimated: see `CEmitter.work(on:)`.
  public var instructions: InstructionMix
}

extension CEmitter {
  /// The work of every step.
  ///
  /// The instructions of the portable functions are those of the machine code that gcc 12 makes at -O2 for Thumb-2, by
  /// hand; other instruction sets take more moves and address computations, by a factor. Those of the other functions
  /// are `KernelCosts`. Documentation/microcontrollers.md compares the sums with counts under emulation.
  public func work(on core: Core) -> [StepWork] {
    let factor =
      switch core {
      case .cortexM0Plus: 1.6
      case .rv32imc, .rv32imcv: 1.35
      case .cortexM4, .cortexM33, .cortexM55, .cortexA53, .cortexA72, .cortexA76, .wasm32, .host: 1.0
      }
    return schedule.steps.enumerated().map { index, step in
      let node = schedule.graph.nodes[step.node]
      var (macCount, mix) = work(step)
      mix.arithmetic += (factor - 1) * mix.count
      if case .weightedSum(let sum) = step.action, let special = weightedSum(sum, index) { mix = special }
      return StepWork(name: node.name, kind: node.operator.kind, macCount: macCount, instructions: mix)
    }
  }

  private func work(_ step: Step) -> (Int, InstructionMix) {
    let results = schedule.buffers[step.writes.index].layout.elementCount
    switch step.action {
    case .weightedSum(let sum):
      let rowLength = rowLength(sum)
      let channels = max(rowLength / (sum.kernel.rows * sum.kernel.columns), 1)
      let macs = results * rowLength
      // A run of products is a row of the window where its pixels touch, else one pixel.
      let isRow = sum.groups == 1 && sum.dilations.columns == 1
      let runs = results * sum.kernel.rows * (isRow || channels == 1 ? 1 : sum.kernel.columns)
      let mix =
        Double(macs) * productMix(sum) + Double(runs) * Self.run + Double(results) * Self.requantization
        + Double(pixels(step.writes)) * Self.window
      return (macs, mix)
    case .pooling(let pooling):
      let taps = results * pooling.kernel.rows * pooling.kernel.columns
      return (
        0, Double(taps) * Self.tap + Double(results) * Self.requantization + Double(pixels(step.writes)) * Self.window
      )
    case .addition, .binary: return (0, Double(results) * Self.addition)
    case .lookup, .unary: return (0, Double(results) * Self.byte)
    case .quantize, .dequantize, .interleave(.some), .deinterleave(.some): return (0, Double(results) * Self.conversion)
    case .interleave(nil), .deinterleave(nil), .copy, .fill, .fillBorder, .constant:
      return (0, Double(results) * Self.byte)
    case .softmax: return (0, Double(results) * Self.division)
    case .reference(let `operator`, _):
      switch `operator` {
      case .integer(.softmax): return (0, Double(results) * Self.division)
      case .integer: return (0, Double(results) * Self.addition)
      case .quantize, .dequantize: return (0, Double(results) * Self.conversion)
      default: return (0, Double(results) * Self.byte)
      }
    }
  }

  /// One product: the code, the weight, their product, and the end of the loop.
  private func productMix(_ sum: WeightedSum) -> InstructionMix {
    var distinct = Set<Int8>()
    if options.packsWeights, case .coded(let coded)? = schedule.graph.constants[sum.weights] {
      for code in coded.codes.scalars where distinct.insert(code).inserted && distinct.count > 16 { break }
    }
    return (1...16).contains(distinct.count)
      ? InstructionMix(loads: 3, arithmetic: 4, multiplications: 1, branches: 1)
      : InstructionMix(loads: 2, arithmetic: 1, multiplications: 1, branches: 1)
  }

  private static let run = InstructionMix(loads: 4, stores: 1, arithmetic: 10, multiplications: 1, branches: 2)
  private static let requantization = InstructionMix(
    loads: 8, stores: 2, arithmetic: 20, multiplications: 2, branches: 4)
  private static let window = InstructionMix(loads: 14, stores: 7, arithmetic: 45, multiplications: 6, branches: 6)
  private static let tap = InstructionMix(loads: 2, arithmetic: 4, branches: 1)
  private static let addition = InstructionMix(loads: 4, stores: 1, arithmetic: 14, multiplications: 2, branches: 2)
  private static let byte = InstructionMix(loads: 2, stores: 1, arithmetic: 2, branches: 1)
  /// Arithmetic on floats without a unit for it.
  private static let conversion = InstructionMix(loads: 4, stores: 3, arithmetic: 90, multiplications: 4, branches: 10)
  /// A 64-bit division and what surrounds it.
  private static let division = InstructionMix(loads: 12, stores: 3, arithmetic: 120, branches: 15)

  func rowLength(_ sum: WeightedSum) -> Int {
    guard let shape = schedule.graph.constants[sum.weights]?.shape, shape.rank > 0, shape[0] > 0 else { return 0 }
    return shape.elementCount / shape[0]
  }

  func pixels(_ id: BufferID) -> Int {
    if case .map(let map) = schedule.buffers[id.index].layout { map.images * map.rows * map.columns } else { 1 }
  }
}

extension BufferLayout {
  /// Elements of the value.
  var elementCount: Int {
    switch self {
    case .planar(_, let shape): shape.elementCount
    case .map(let map): map.images * map.rows * map.columns * map.channels
    }
  }
}
