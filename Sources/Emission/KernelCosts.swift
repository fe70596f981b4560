import Graphs
import Planning
import Targets
import Tensors

/// Instructions that the functions for one kind of core take for a unit of their work: estimates.
///
/// From counts under emulation of the networks in Documentation/microcontrollers.md, with gcc 12 at -O2.
struct KernelCosts {
  /// A product in a tile, in a dense layer, and in a depthwise one, where it includes gathering the code.
  var tileProduct: Double
  var denseProduct: Double
  var channelProduct: Double
  /// A code gathered for tiles.
  var gatheredCode: Double
  /// What becomes of a sum, with its share in the start of a tile; and what a residual adds.
  var result: Double
  var residual: Double
  /// The same in ternary layers from planes to planes.
  var planarResult: Double
  var planarResidual: Double
  /// A code added up in a ternary layer, and a sum's share in the start and end of eight.
  var addition: Double
  var lane: Double
  /// Reading a weight of five in a byte, by itself and with its code in a dense layer, and a place from a gap.
  var trit: Double
  var denseTrit: Double
  var place: Double
  /// A code that is put into a plane.
  var planeCode: Double

  init(_ core: CoreKind) {
    switch core {
    case .portable:
      self.init(
        tileProduct: 0, denseProduct: 0, channelProduct: 0, gatheredCode: 0, result: 40, residual: 25, planarResult: 40,
        planarResidual: 25, addition: 2.2,
        lane: 7, trit: 9, denseTrit: 14, place: 9, planeCode: 6)
    case .armDSP:
      self.init(
        tileProduct: 1.1, denseProduct: 1.4, channelProduct: 3.2, gatheredCode: 2, result: 40, residual: 21,
        planarResult: 16,
        planarResidual: 8,
        addition: 1.03, lane: 9, trit: 9, denseTrit: 13, place: 9, planeCode: 3)
    case .armv6m:
      self.init(
        tileProduct: 2.9, denseProduct: 3.4, channelProduct: 4.8, gatheredCode: 4, result: 120, residual: 80,
        planarResult: 55,
        planarResidual: 30,
        addition: 3, lane: 15, trit: 12, denseTrit: 31, place: 14, planeCode: 6)
    case .riscv32:
      self.init(
        tileProduct: 2.84, denseProduct: 3.4, channelProduct: 5.6, gatheredCode: 5, result: 45, residual: 30,
        planarResult: 35,
        planarResidual: 22, addition: 2.4, lane: 6, trit: 10, denseTrit: 17, place: 10, planeCode: 4)
    case .armMVE:
      self.init(
        tileProduct: 0.2, denseProduct: 0.2, channelProduct: 2, gatheredCode: 1, result: 40, residual: 21,
        planarResult: 16, planarResidual: 8, addition: 1.03, lane: 9, trit: 9, denseTrit: 13, place: 9, planeCode: 3)
    case .riscvVector:
      self.init(
        tileProduct: 0.35, denseProduct: 0.35, channelProduct: 5.6, gatheredCode: 1, result: 45, residual: 30,
        planarResult: 35, planarResidual: 22, addition: 2.4, lane: 6, trit: 10, denseTrit: 17, place: 10, planeCode: 4)
    }
  }

  private init(
    tileProduct: Double, denseProduct: Double, channelProduct: Double, gatheredCode: Double, result: Double,
    residual: Double, planarResult: Double, planarResidual: Double, addition: Double, lane: Double, trit: Double,
    denseTrit: Double, place: Double, planeCode: Double
  ) {
    (self.tileProduct, self.denseProduct, self.channelProduct) = (tileProduct, denseProduct, channelProduct)
    (self.gatheredCode, self.result, self.residual) = (gatheredCode, result, residual)
    (self.planarResult, self.planarResidual) = (planarResult, planarResidual)
    (self.addition, self.lane, self.place, self.planeCode) = (addition, lane, place, planeCode)
    (self.trit, self.denseTrit) = (trit, denseTrit)
  }

  /// One instruction of loops of products, of additions, of what comes before and after them: by class.
  static let products = InstructionMix(loads: 0.34, arithmetic: 0.25, multiplications: 0.38, branches: 0.03)
  static let additions = InstructionMix(loads: 0.4, arithmetic: 0.56, branches: 0.04)
  static let others = InstructionMix(loads: 0.22, stores: 0.1, arithmetic: 0.55, multiplications: 0.05, branches: 0.08)
}

extension CEmitter {
  /// The instructions of a weighted sum by functions other than the portable ones; nil if it is by those.
  func weightedSum(_ sum: WeightedSum, _ index: Int) -> InstructionMix? {
    let step = schedule.steps[index]
    let costs = KernelCosts(options.core)
    let results = schedule.buffers[step.writes.index].layout.elementCount
    let pixels = pixels(step.writes)
    let rowLength = rowLength(sum)
    let macs = Double(results * rowLength)
    var ends = Double(results) * costs.result
    if case .codes = sum.residual { ends += Double(results) * costs.residual }
    for kernel in program.stepKernels[index] ?? [] {
      switch kernel {
      case .tiledLayer, .planarTiledLayer:
        let gathered = Double(pixels * rowLength) * costs.gatheredCode
        return macs * costs.tileProduct * KernelCosts.products + (gathered + ends) * KernelCosts.others
      case .denseLayer: return macs * costs.denseProduct * KernelCosts.products + ends * KernelCosts.others
      case .channelLayer: return macs * costs.channelProduct * KernelCosts.products + ends * KernelCosts.others
      case .sparseDense(_, let form):
        let counts = weightCounts(sum)
        let reading = form == .trits ? Double(counts.all) * costs.denseTrit : Double(counts.nonzero) * costs.place
        return reading * KernelCosts.additions + ends * KernelCosts.others
      case .planarLayer(_, let form, _, _):
        ends = Double(results) * costs.planarResult
        if case .codes = sum.residual { ends += Double(results) * costs.planarResidual }
        return additions(sum, step, form, rows: nil, costs) + ends * KernelCosts.others
      case .planarRows(let form, _):
        var costs = costs
        (costs.addition, costs.lane) = (Self.groupedAddition, Self.groupedLane)
        ends = Double(results) * Self.groupedResult
        if case .codes = sum.residual { ends += Double(results) * Self.groupedResidual }
        return additions(sum, step, form, rows: nil, costs) + ends * KernelCosts.others
      case .sparseLayer(_, let form, _, _):
        return additions(sum, step, form, rows: program.rowsAtATime[index] ?? 1, costs) + ends * KernelCosts.others
      default: continue
      }
    }
    return nil
  }

  /// Of layers in planes whose results are made sixteen at a time: a code, a sum's start, a result, a residual.
  private static let groupedAddition = 0.95
  private static let groupedLane = 4.0
  private static let groupedResult = 9.0
  private static let groupedResidual = 11.0

  private func additions(
    _ sum: WeightedSum, _ step: Step, _ form: SparseForm, rows: Int?, _ costs: KernelCosts
  ) -> InstructionMix {
    guard case .map(let output) = schedule.buffers[step.writes.index].layout,
      case .map(let input) = schedule.buffers[step.reads[0].index].layout
    else { return InstructionMix() }
    let counts = weightCounts(sum)
    // Planes are turned and lists are read for each group of rows, but for maps that lie in planes.
    let groups = rows.map { (output.rows + $0 - 1) / $0 } ?? 1
    let lanes = output.images * output.rows * ((output.columns + 7) / 8 * 8)
    let reading = form == .trits ? Double(counts.all) * costs.trit : Double(counts.nonzero) * costs.place
    let inputRows = output.rows * sum.strides.rows + groups * (sum.kernel.rows - sum.strides.rows)
    let planeCodes = rows == nil ? 0 : input.images * inputRows * input.columns * input.channels
    let before =
      Double(output.images * groups) * reading + Double(planeCodes) * costs.planeCode
      + Double(lanes * output.channels) * costs.lane
    return Double(counts.nonzero * lanes) * costs.addition * KernelCosts.additions + before * KernelCosts.others
  }

  private func weightCounts(_ sum: WeightedSum) -> (all: Int, nonzero: Int) {
    guard case .coded(let coded)? = schedule.graph.constants[sum.weights] else { return (0, 0) }
    let scalars = coded.codes.scalars
    return (scalars.count, scalars.count { coded.encoding.level(of: $0) != 0 })
  }
}
