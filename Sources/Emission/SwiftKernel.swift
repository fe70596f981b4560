/// The functions of a program in Swift, by the names that they have in C. In texts `NAME` stands for the program's name.
///
/// They wrap around where C's are proved not to overflow, and read memory through pointers: nothing is checked, nothing
/// allocated, and the loops are as short as those of C.
enum SwiftKernel {
  /// The text of a kernel; nil if there is none in Swift.
  static func text(_ kernel: CKernel) -> String? {
    switch kernel.name {
    case "load_float": loadFloatText
    case "store_float": storeFloatText
    case "requantize": requantizeText
    case "locate": locateText
    case "maximum": maximumText
    case "average": averageText
    case "add": addText
    case "multiply": multiplyText
    case "lookup": lookupText
    case "softmax": softmaxText
    case "quantize": quantizeText
    case "dequantize": dequantizeText
    case "rearrange": rearrangeText
    case "fill": fillText
    default: addition(kernel) ?? weighted(kernel)
    }
  }

  /// The function's name in Swift: `convolveCodesW8` for `convolve_codes_w8`.
  static func name(_ function: String) -> String {
    let words = function.split(separator: "_").map(String.init)
    return words.enumerated().map { $0 == 0 ? $1 : $1.prefix(1).uppercased() + $1.dropFirst() }.joined()
  }

  /// What becomes of the sums of a layer.
  enum Result: String, CaseIterable { case codes, added, reals }

  private static func weighted(_ kernel: CKernel) -> String? {
    for form in WeightForm.allCases {
      let suffix = "_" + form.suffix
      switch kernel.name {
      case "dot" + suffix: return fill(dotText, form)
      case "total" + suffix: return fill(totalText, form)
      case "sum_convolve" + suffix: return fill(convolutionText, form)
      case "sum_depthwise" + suffix: return fill(depthwiseText, form)
      default:
        for sum in ["convolve", "depthwise"] {
          for result in Result.allCases where kernel.name == sum + "_" + result.rawValue + suffix {
            let text = layerText(result).replacing("LAYER", with: name(kernel.name))
            return fill(text.replacing("SUM", with: name("sum_" + sum + suffix)), form)
          }
        }
      }
    }
    return nil
  }

  private static func fill(_ text: String, _ form: WeightForm) -> String {
    text.replacing("FORM", with: form.suffix.uppercased())
      .replacing(
        "WEIGHTS",
        with: form == .bytes
          ? "_ weights: UnsafePointer<Int8>" : "_ weights: UnsafePointer<UInt8>, _ levels: UnsafePointer<Int8>"
      )
      .replacing("ARGUMENTS", with: form.arguments)
      .replacing("WEIGHT", with: weight(form))
  }

  /// Weight `i`, as Int32.
  private static func weight(_ form: WeightForm) -> String {
    switch form {
    case .bits: "Int32(levels[(Int(weights[i >> 3]) >> (i & 7)) & 1])"
    case .pairs: "Int32(levels[(Int(weights[i >> 2]) >> (2 &* (i & 3))) & 3])"
    case .nibbles: "Int32(levels[(Int(weights[i >> 1]) >> (4 &* (i & 1))) & 15])"
    case .bytes: "Int32(weights[i])"
    }
  }
}
