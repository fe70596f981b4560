/// A function of the emitted program. In texts `@` stands for the program's name.
///
/// Cases are in the order in which they are printed: each uses only earlier ones.
enum CKernel: Hashable {
  case loadFloat
  case storeFloat
  /// A product of 64 bits from products of 32.
  case product
  case requantize(Scaling)
  case locate
  /// Sum of products of a run of codes with weights.
  case dot(WeightForm)
  /// Sum of a run of weights.
  case total(WeightForm)
  /// One weighted sum over a window.
  case sum(SumKind, WeightForm)
  /// All weighted sums of a layer, and what becomes of them.
  case layer(ResultKind, SumKind, WeightForm)
  case instruction(Instruction)
  /// Part of a window, in the order of a tile.
  case spread(ColumnOrder)
  /// A window, in the order of a tile.
  case gather(ColumnOrder)
  /// The sums of two pixels and a few outputs.
  case tile(CoreKind)
  /// All weighted sums of a layer, tile by tile.
  case tiledLayer(ResultKind, CoreKind)
  /// The sums of one pixel and four outputs.
  case denseTile(CoreKind)
  case denseLayer(ResultKind, CoreKind)
  /// The sums of one pixel and four channels, each with a filter of its own.
  case channelTile(CoreKind)
  case channelLayer(ResultKind, CoreKind)
  /// The places of a row's ternary weights.
  case places(SparseForm)
  /// The sums at a row's ternary weights.
  case row(SparseForm)
  /// Rows of a map, channel by channel.
  case planes(isWordwise: Bool)
  /// The sums of eight pixels at few places, in 16 bits.
  case addLanes
  /// The sums of eight pixels at listed places; proved if 16 bits hold them.
  case lanes(CoreKind, isProved: Bool)
  case sparseLayer(ResultKind, SparseForm, CoreKind, isProved: Bool)
  case sparseDense(ResultKind, SparseForm)
  /// The columns between planes.
  case surroundPlanes
  /// The places of a row's ternary weights in a map of planes.
  case planarPlaces(SparseForm)
  /// Places of a list that lie before a row.
  case countBefore
  /// The sums of eight pixels, one column apart or two.
  case planarLanes(CoreKind, isProved: Bool, hasSteps: Bool)
  /// A ternary layer from planes to planes.
  case planarLayer(ResultKind, SparseForm, CoreKind, PlanarNeeds)
  /// Sixteen results in planes, from listed places to codes; codes with others added.
  case sixteenCodes
  case addCodes
  /// A ternary layer from planes to planes, sixteen results at a time.
  case planarRows(SparseForm, PlanarNeeds)
  /// All weighted sums of a layer, tile by tile, to planes.
  case planarTiledLayer(ResultKind, CoreKind)
  case maximumPooling
  case averagePooling
  case add
  case multiply
  case lookup
  case softmax
  case quantize
  case dequantize
  case rearrange
  case fill

  /// How windows are walked through.
  enum SumKind: String, CaseIterable {
    case convolution = "convolve"
    /// One input channel for each output channel.
    case depthwise
  }

  /// What the ternary layers of a program that work on planes have to do, all of them together.
  struct PlanarNeeds: Hashable, CaseIterable {
    /// Whether 16 bits hold all sums.
    var isProved = true
    /// Whether some layers take every other column.
    var hasSteps = false
    /// Whether some add another map.
    var hasResiduals = false
    /// Whether all of them are made sixteen results at a time.
    var isGrouped = false

    static let allCases = [false, true].flatMap { proved in
      [false, true].flatMap { steps in
        [false, true].map { PlanarNeeds(isProved: proved, hasSteps: steps, hasResiduals: $0) }
      }
    }

    static let grouped = allCases.filter(\.isProved).map { needs in
      var needs = needs
      needs.isGrouped = true
      return needs
    }
  }

  enum ResultKind: Hashable {
    case codes(Scaling)
    /// Codes, with those of another map added.
    case added(Scaling, sum: Scaling)
    case reals

    static let all: [ResultKind] =
      Scaling.ofProducts.map { .codes($0) } + [.reals]
      + Scaling.ofProducts.flatMap { scaling in
        Scaling.ofSums.filter { $0.isNarrow == scaling.isNarrow }.map { .added(scaling, sum: $0) }
      }

    var name: String {
      switch self {
      case .codes(let scaling): "codes" + scaling.suffix
      case .added(let scaling, let sum): "added" + scaling.suffix + (sum == .any ? "" : "_to" + sum.suffix)
      case .reals: "reals"
      }
    }

    var uses: [CKernel] {
      switch self {
      case .codes(let scaling): scaling.uses
      case .added(let scaling, let sum): scaling.uses + sum.uses
      case .reals: [.storeFloat]
      }
    }
  }

  /// What is known of a requantization.
  struct Scaling: Hashable, CaseIterable {
    var shift = Shift.any
    /// Whether every byte is a code.
    var isFull = false
    /// Whether products of 32 bits are all there are.
    var isNarrow = false

    enum Shift: String, CaseIterable {
      case any
      /// 32 and more: the lower word does not matter.
      case high
      /// 1 to 31, of sums whose code fits in 32 bits.
      case low
      /// 38 after scaling the sum, with multipliers of 16 bits and offsets in 64ths of a code: `BriefRule`.
      case brief
      /// 1 to 31, of two codes whose scaled sum fits in 32 bits: `WordRule`.
      case word
    }

    static let any = Scaling()
    static let brief = Scaling(shift: .brief, isFull: true)
    static let word = Scaling(shift: .word, isFull: true)

    static let allCases = Shift.allCases.flatMap { shift in
      [false, true].flatMap { full in [false, true].map { Scaling(shift: shift, isFull: full, isNarrow: $0) } }
    }

    /// Those of weighted sums, and those of additions.
    static let ofProducts = allCases.filter { $0.shift != .low && $0.shift != .word }
    static let ofSums = allCases.filter { $0.shift != .brief }

    /// What its function is made of.
    var instructions: [Instruction] {
      switch shift {
      case .any, .high, .low: []
      case .brief: isFull ? [.multiplyTop, .saturateParts] : [.multiplyTop]
      case .word: isFull ? [.saturate] : []
      }
    }

    /// What the requantization of a sum calls.
    var uses: [CKernel] {
      [.requantize(self)] + (isNarrow && shift != .brief && shift != .word ? [.product] : [])
    }

    var suffix: String {
      (shift == .any ? "" : "_" + shift.rawValue) + (isFull ? "_full" : "") + (isNarrow ? "_narrow" : "")
    }
  }

  /// All there are, in order.
  static let all: [CKernel] = {
    var all: [CKernel] = [.loadFloat, .storeFloat, .product]
    all += Instruction.ofResults.map { .instruction($0) }
    all += Scaling.allCases.map { .requantize($0) } + [.locate]
    for form in WeightForm.allCases {
      all += [.dot(form), .total(form)]
      for sum in SumKind.allCases {
        all.append(.sum(sum, form))
        all += ResultKind.all.map { .layer($0, sum, form) }
      }
    }
    all += Instruction.allCases.filter { !Instruction.ofResults.contains($0) }.map { .instruction($0) }
    for order in ColumnOrder.allCases { all += [.spread(order), .gather(order)] }
    for core in CoreKind.allCases where core != .portable {
      all += [.tile(core), .denseTile(core), .channelTile(core)]
      for result in ResultKind.all {
        all += [.tiledLayer(result, core), .denseLayer(result, core), .channelLayer(result, core)]
      }
    }
    all += SparseForm.allCases.flatMap { [.places($0), .row($0)] }
    all.append(.addLanes)
    for isYes in [false, true] {
      all.append(.planes(isWordwise: isYes))
      all += CoreKind.allCases.map { .lanes($0, isProved: isYes) }
    }
    for form in SparseForm.allCases {
      for result in ResultKind.all {
        all.append(.sparseDense(result, form))
        for core in CoreKind.allCases {
          all += [false, true].map { .sparseLayer(result, form, core, isProved: $0) }
        }
      }
    }
    all += [.surroundPlanes, .countBefore] + SparseForm.allCases.map { .planarPlaces($0) }
    for core in CoreKind.allCases {
      for needs in PlanarNeeds.allCases where !needs.hasResiduals {
        all.append(.planarLanes(core, isProved: needs.isProved, hasSteps: needs.hasSteps))
      }
      for result in ResultKind.all {
        if core != .portable { all.append(.planarTiledLayer(result, core)) }
        for form in SparseForm.allCases {
          all += PlanarNeeds.allCases.map { .planarLayer(result, form, core, $0) }
        }
      }
    }
    all += [.sixteenCodes, .addCodes]
    for form in SparseForm.allCases { all += PlanarNeeds.grouped.map { .planarRows(form, $0) } }
    return all + [
      .maximumPooling, .averagePooling, .add, .multiply, .lookup, .softmax, .quantize, .dequantize, .rearrange, .fill,
    ]
  }()

  /// The function's name after the prefix.
  var name: String {
    switch self {
    case .loadFloat: "load_float"
    case .storeFloat: "store_float"
    case .product: "product"
    case .requantize(let scaling): "requantize" + scaling.suffix
    case .locate: "locate"
    case .dot(let form): "dot_" + form.suffix
    case .total(let form): "total_" + form.suffix
    case .sum(let sum, let form): "sum_" + sum.rawValue + "_" + form.suffix
    case .layer(let result, let sum, let form): sum.rawValue + "_" + result.name + "_" + form.suffix
    case .instruction(let instruction): instruction.rawValue
    case .spread(let order): "spread_" + order.rawValue
    case .gather(let order): "gather_" + order.rawValue
    case .tile: "tile"
    case .tiledLayer(let result, _): "tiled_" + result.name
    case .denseTile: "dense_tile"
    case .denseLayer(let result, _): "dense_" + result.name
    case .channelTile: "channel_tile"
    case .channelLayer(let result, _): "channels_" + result.name
    case .places(let form): "places_" + form.rawValue
    case .row(let form): "row_" + form.rawValue
    case .planes: "spread_planes"
    case .addLanes: "add_lanes"
    case .lanes(_, let isProved): "lanes" + (isProved ? "" : "_wide")
    case .sparseLayer(let result, let form, _, let isProved):
      "sparse_" + (isProved ? "" : "wide_") + result.name + "_" + form.rawValue
    case .sparseDense(let result, let form): "sparse_dense_" + result.name + "_" + form.rawValue
    case .surroundPlanes: "surround_planes"
    case .planarPlaces(let form): "planar_places_" + form.rawValue
    case .countBefore: "count_before"
    case .planarLanes: "planar_lanes"
    case .planarLayer(let result, let form, _, _): "planar_" + result.name + "_" + form.rawValue
    case .sixteenCodes: "sixteen_codes"
    case .addCodes: "add_codes"
    case .planarRows(let form, _): "planar_rows_" + form.rawValue
    case .planarTiledLayer(let result, _): "tiled_to_planes_" + result.name
    case .maximumPooling: "maximum"
    case .averagePooling: "average"
    case .add: "add"
    case .multiply: "multiply"
    case .lookup: "lookup"
    case .softmax: "softmax"
    case .quantize: "quantize"
    case .dequantize: "dequantize"
    case .rearrange: "rearrange"
    case .fill: "fill"
    }
  }

  var isSparseLayer: Bool { if case .sparseLayer = self { true } else { false } }

  /// The functions that this one calls.
  var uses: [CKernel] {
    switch self {
    case .requantize(let scaling):
      scaling.isNarrow ? [] : scaling.instructions.map { .instruction($0) }
    case .loadFloat, .storeFloat, .product, .locate, .dot, .total, .lookup, .softmax, .rearrange, .fill,
      .instruction, .places, .row:
      []
    case .sum(.convolution, let form): [.dot(form), .total(form)]
    case .sum(.depthwise, let form): [.total(form)]
    case .layer(let result, let sum, let form):
      [.locate, .sum(sum, form)] + result.uses
    case .spread(let order): order == .quads ? [.instruction(.load), .instruction(.store)] : []
    case .gather(let order): [.spread(order)]
    case .tile, .denseTile, .channelTile: tileInstructions.map { .instruction($0) }
    case .tiledLayer(let result, let core): [.gather(core.columnOrder), .tile(core)] + result.uses
    case .denseLayer(let result, let core): [.denseTile(core)] + result.uses
    case .channelLayer(let result, let core): [.gather(.bytes), .channelTile(core)] + result.uses
    case .planes(let isWordwise): isWordwise ? [.instruction(.load), .instruction(.store)] : []
    case .addLanes: [.instruction(.load), .instruction(.addEven), .instruction(.addOdd)]
    case .lanes(let core, _): core.hasDSP ? [.addLanes] : []
    case .sparseLayer(let result, let form, let core, let isProved):
      [.places(form), .planes(isWordwise: core != .portable), .lanes(core, isProved: isProved)] + result.uses
    case .sparseDense(let result, let form): [.row(form)] + result.uses
    case .surroundPlanes, .planarPlaces, .countBefore: []
    case .planarLanes(let core, _, _):
      core.hasDSP ? [.addLanes] : []
    case .planarLayer(let result, let form, let core, let needs):
      [
        .surroundPlanes, .planarPlaces(form), .countBefore,
        .planarLanes(core, isProved: needs.isProved, hasSteps: needs.hasSteps),
      ] + result.uses
    case .sixteenCodes: [.requantize(.brief)]
    case .addCodes: [.requantize(.word)]
    case .planarRows(let form, let needs):
      [.surroundPlanes, .planarPlaces(form), .countBefore, .sixteenCodes] + (needs.hasResiduals ? [.addCodes] : [])
    case .planarTiledLayer(let result, let core):
      [.surroundPlanes, .gather(core.columnOrder), .tile(core)] + result.uses
    case .maximumPooling: [.locate]
    case .averagePooling: [.locate, .requantize(.any)]
    case .add, .multiply: [.requantize(.any)]
    case .quantize: [.loadFloat]
    case .dequantize: [.storeFloat]
    }
  }

  /// `kernels` and all that they call, in the order of `all`.
  static func closure(_ kernels: Set<CKernel>) -> [CKernel] {
    var found = kernels
    var open = Array(kernels)
    while let kernel = open.popLast() {
      for used in kernel.uses where found.insert(used).inserted { open.append(used) }
    }
    return all.filter(found.contains)
  }
}
