/// A function of the emitted program. In texts `@` stands for the program's name.
///
/// Cases are in the order in which they are printed: each uses only earlier ones.
enum CKernel: Hashable {
  case loadFloat
  case storeFloat
  case requantize
  case locate
  /// Sum of products of a run of codes with weights.
  case dot(WeightForm)
  /// Sum of a run of weights.
  case total(WeightForm)
  /// One weighted sum over a window.
  case sum(SumKind, WeightForm)
  /// All weighted sums of a layer, and what becomes of them.
  case layer(ResultKind, SumKind, WeightForm)
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

  enum ResultKind: String, CaseIterable {
    case codes
    /// Codes, with those of another map added.
    case added
    case reals
  }

  /// All there are, in order.
  static let all: [CKernel] = {
    var all: [CKernel] = [.loadFloat, .storeFloat, .requantize, .locate]
    for form in WeightForm.allCases {
      all += [.dot(form), .total(form)]
      for sum in SumKind.allCases {
        all.append(.sum(sum, form))
        all += ResultKind.allCases.map { .layer($0, sum, form) }
      }
    }
    return all + [
      .maximumPooling, .averagePooling, .add, .multiply, .lookup, .softmax, .quantize, .dequantize, .rearrange, .fill,
    ]
  }()

  /// The function's name after the prefix.
  var name: String {
    switch self {
    case .loadFloat: "load_float"
    case .storeFloat: "store_float"
    case .requantize: "requantize"
    case .locate: "locate"
    case .dot(let form): "dot_" + form.suffix
    case .total(let form): "total_" + form.suffix
    case .sum(let sum, let form): "sum_" + sum.rawValue + "_" + form.suffix
    case .layer(let result, let sum, let form): sum.rawValue + "_" + result.rawValue + "_" + form.suffix
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

  /// The functions that this one calls.
  var uses: [CKernel] {
    switch self {
    case .loadFloat, .storeFloat, .requantize, .locate, .dot, .total, .lookup, .softmax, .rearrange, .fill: []
    case .sum(.convolution, let form): [.dot(form), .total(form)]
    case .sum(.depthwise, let form): [.total(form)]
    case .layer(let result, let sum, let form):
      [.locate, .sum(sum, form), result == .reals ? .storeFloat : .requantize]
    case .maximumPooling: [.locate]
    case .averagePooling: [.locate, .requantize]
    case .add, .multiply: [.requantize]
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
