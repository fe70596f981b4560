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
    default: weighted(kernel)
    }
  }

  /// The function's name in Swift: `convolveCodesW8` for `convolve_codes_w8`.
  static func name(_ function: String) -> String {
    let words = function.split(separator: "_").map(String.init)
    return words.enumerated().map { $0 == 0 ? $1 : $1.prefix(1).uppercased() + $1.dropFirst() }.joined()
  }

  /// What becomes of the sums of a layer.
  private enum Result: String, CaseIterable { case codes, added, reals }

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

  // MARK: Numbers

  private static let loadFloatText = """
    @inline(__always) static func loadFloat(_ x: UnsafePointer<UInt8>) -> Float {
      UnsafeRawPointer(x).loadUnaligned(as: Float.self)
    }
    """

  private static let storeFloatText = """
    /// Stores x * scale + offset, rounded once after each operation.
    @inline(__always) static func storeFloat(
      _ y: UnsafeMutablePointer<UInt8>, _ x: Int32, _ scale: Float, _ offset: Float
    ) {
      let product = Float(x) * scale
      UnsafeMutableRawPointer(y).storeBytes(of: product + offset, as: Float.self)
    }
    """

  private static let requantizeText = """
    /// The code of a sum: (sum + half) >> shift rounded down, in the rule's range; half is in the sum already.
    @inline(__always) static func requantize(_ sum: Int64, _ rule: UnsafePointer<NAME_rule>) -> UInt8 {
      let code = sum &>> Int64(rule.pointee.shift)
      if code < Int64(rule.pointee.lowest) { return UInt8(truncatingIfNeeded: rule.pointee.lowest) }
      if code > Int64(rule.pointee.highest) { return UInt8(truncatingIfNeeded: rule.pointee.highest) }
      return UInt8(truncatingIfNeeded: code)
    }
    """

  // MARK: Windows

  private static let locateText = """
    /// The part of a window that lies on the map: taps from ...Begin up to ...End, all empty if one is.
    struct Place {
      /// Under the first of them.
      var x: UnsafePointer<UInt8>
      var rowBegin = 0
      var rowEnd = 0
      var columnBegin = 0
      var columnEnd = 0
    }

    /// Rounded down; both are positive, so no check of the divisor is left for the compiler to make.
    @inline(__always) static func quotient(_ a: Int, _ b: Int) -> Int {
      b == 1 ? a : Int(bitPattern: UInt(bitPattern: a) / UInt(bitPattern: b))
    }

    @inline(__always) static func begin(_ start: Int, _ step: Int) -> Int {
      start < 0 ? quotient(step &- 1 &- start, step) : 0
    }

    @inline(__always) static func end(_ start: Int, _ step: Int, _ extent: Int, _ count: Int) -> Int {
      let end = extent > start ? quotient(extent &- start &+ step &- 1, step) : 0
      return end < count ? end : count
    }

    static func locate(
      _ w: UnsafePointer<NAME_window>, _ x: UnsafePointer<UInt8>, _ row: Int, _ column: Int
    ) -> Place {
      let y0 = (row &* Int(w.pointee.row_stride)) &- Int(w.pointee.row_origin)
      let x0 = (column &* Int(w.pointee.column_stride)) &- Int(w.pointee.column_origin)
      let rowDilation = Int(w.pointee.row_dilation)
      let columnDilation = Int(w.pointee.column_dilation)
      var p = Place(x: x)
      let rowBegin = begin(y0, rowDilation)
      let rowEnd = end(y0, rowDilation, Int(w.pointee.rows), Int(w.pointee.kernel_rows))
      let columnBegin = begin(x0, columnDilation)
      let columnEnd = end(x0, columnDilation, Int(w.pointee.columns), Int(w.pointee.kernel_columns))
      if rowBegin >= rowEnd || columnBegin >= columnEnd { return p }
      let y1 = y0 &+ (rowBegin &* rowDilation)
      let x1 = x0 &+ (columnBegin &* columnDilation)
      p.x = x + (((y1 &* Int(w.pointee.columns)) &+ x1) &* Int(w.pointee.channels))
      p.rowBegin = rowBegin
      p.rowEnd = rowEnd
      p.columnBegin = columnBegin
      p.columnEnd = columnEnd
      return p
    }
    """

  private static let dotText = """
    @inline(__always) static func dotFORM(
      _ x: UnsafePointer<UInt8>, WEIGHTS, _ start: Int, _ count: Int
    ) -> Int32 {
      var x = x
      var i = start
      let end = start &+ count
      var sum: Int32 = 0
      while i < end {
        sum = sum &+ (Int32(x.pointee) &* WEIGHT)
        x += 1
        i = i &+ 1
      }
      return sum
    }
    """

  private static let totalText = """
    static func totalFORM(WEIGHTS, _ start: Int, _ count: Int) -> Int32 {
      var i = start
      let end = start &+ count
      var sum: Int32 = 0
      while i < end {
        sum = sum &+ WEIGHT
        i = i &+ 1
      }
      return sum
    }
    """

  private static let convolutionText = """
    /// Output channel m at a place. Weights lie as [outputs][kernel rows][kernel columns][channels of the group].
    static func sumConvolveFORM(
      _ w: UnsafePointer<NAME_window>, _ p: Place, WEIGHTS, _ m: Int
    ) -> Int32 {
      let channels = Int(w.pointee.group_channels)
      let columns = p.columnEnd &- p.columnBegin
      let kernelColumns = Int(w.pointee.kernel_columns)
      let taps = Int(w.pointee.kernel_rows) &* kernelColumns
      let length = taps &* channels
      let columnStep = Int(w.pointee.column_step)
      var line = p.x
      if w.pointee.group_outputs < w.pointee.outputs {
        line += quotient(m, Int(w.pointee.group_outputs)) &* channels
      }
      var sum: Int32 = 0
      var row = p.rowBegin
      while row < p.rowEnd {
        let i = (m &* length) &+ (((row &* kernelColumns) &+ p.columnBegin) &* channels)
        if columnStep == channels {
          sum = sum &+ dotFORM(line, ARGUMENTS, i, columns &* channels)
        } else {
          var column = 0
          while column < columns {
            sum = sum &+ dotFORM(line + (column &* columnStep), ARGUMENTS, i &+ (column &* channels), channels)
            column = column &+ 1
          }
        }
        line += Int(w.pointee.row_step)
        row = row &+ 1
      }
      if w.pointee.outside != 0 && ((p.rowEnd &- p.rowBegin) &* columns) < taps {
        var rest = totalFORM(ARGUMENTS, m &* length, length)
        row = p.rowBegin
        while row < p.rowEnd {
          let i = (m &* length) &+ (((row &* kernelColumns) &+ p.columnBegin) &* channels)
          rest = rest &- totalFORM(ARGUMENTS, i, columns &* channels)
          row = row &+ 1
        }
        sum = sum &+ (w.pointee.outside &* rest)
      }
      return sum
    }
    """

  private static let depthwiseText = """
    /// Channel m at a place. Weights lie as [channels][kernel rows][kernel columns].
    static func sumDepthwiseFORM(
      _ w: UnsafePointer<NAME_window>, _ p: Place, WEIGHTS, _ m: Int
    ) -> Int32 {
      let columns = p.columnEnd &- p.columnBegin
      let kernelColumns = Int(w.pointee.kernel_columns)
      let length = Int(w.pointee.kernel_rows) &* kernelColumns
      var line = p.x + m
      var sum: Int32 = 0
      var inside: Int32 = 0
      var row = p.rowBegin
      while row < p.rowEnd {
        var i = (m &* length) &+ (row &* kernelColumns) &+ p.columnBegin
        let end = i &+ columns
        var place = 0
        while i < end {
          let weight = WEIGHT
          sum = sum &+ (Int32(line[place]) &* weight)
          inside = inside &+ weight
          place = place &+ Int(w.pointee.column_step)
          i = i &+ 1
        }
        line += Int(w.pointee.row_step)
        row = row &+ 1
      }
      if w.pointee.outside != 0 && ((p.rowEnd &- p.rowBegin) &* columns) < length {
        sum = sum &+ (w.pointee.outside &* (totalFORM(ARGUMENTS, m &* length, length) &- inside))
      }
      return sum
    }
    """

  private static func layerText(_ result: Result) -> String {
    let parameters: String
    let body: String
    switch result {
    case .codes:
      parameters = """
        _ rule: UnsafePointer<NAME_rule>, _ multipliers: UnsafePointer<Int32>, _ offsets: UnsafePointer<Int64>
        """
      body = """
                let c = m &* Int(rule.pointee.step)
                y.pointee = requantize((Int64(sum) &* Int64(multipliers[c])) &+ offsets[c], rule)
                y += 1
        """
    case .added:
      parameters = """
        _ rule: UnsafePointer<NAME_rule>, _ multipliers: UnsafePointer<Int32>, _ offsets: UnsafePointer<Int64>,
          _ other: UnsafePointer<UInt8>, _ sumRule: UnsafePointer<NAME_rule>, _ left: Int32, _ right: Int32,
          _ offset: Int64
        """
      body = """
                let c = m &* Int(rule.pointee.step)
                let code = requantize((Int64(sum) &* Int64(multipliers[c])) &+ offsets[c], rule)
                let both = (Int64(code) &* Int64(left)) &+ (Int64(other.pointee) &* Int64(right))
                y.pointee = requantize(both &+ offset, sumRule)
                other += 1
                y += 1
        """
    case .reals:
      parameters = "_ step: Int32, _ scales: UnsafePointer<Float>, _ offsets: UnsafePointer<Float>"
      body = """
                let c = m &* Int(step)
                storeFloat(y, sum, scales[c], offsets[c])
                y += 4
        """
    }
    return """
      static func LAYER(
        _ w: UnsafePointer<NAME_window>, _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, WEIGHTS,
        \(parameters)
      ) {
        var x = x
        var y = y
      \(result == .added ? "  var other = other\n" : "")  var image: Int32 = 0
        while image < w.pointee.images {
          var row = 0
          while row < Int(w.pointee.output_rows) {
            var column = 0
            while column < Int(w.pointee.output_columns) {
              let p = locate(w, x, row, column)
              var m = 0
              while m < Int(w.pointee.outputs) {
                let sum = SUM(w, p, ARGUMENTS, m)
      \(body)
                m = m &+ 1
              }
              column = column &+ 1
            }
            row = row &+ 1
          }
          x += Int(w.pointee.rows) &* Int(w.pointee.columns) &* Int(w.pointee.channels)
          image = image &+ 1
        }
      }
      """
  }

  // MARK: Pooling

  private static func poolingText(_ name: String, _ parameters: String, start: String, step: String, end: String)
    -> String
  {
    """
    static func \(name)(
      _ w: UnsafePointer<NAME_window>, _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>\(parameters)
    ) {
      var x = x
      var y = y
      let rowStep = Int(w.pointee.row_step)
      let columnStep = Int(w.pointee.column_step)
      var image: Int32 = 0
      while image < w.pointee.images {
        var row = 0
        while row < Int(w.pointee.output_rows) {
          var column = 0
          while column < Int(w.pointee.output_columns) {
            let p = locate(w, x, row, column)
            let rows = p.rowEnd &- p.rowBegin
            let columns = p.columnEnd &- p.columnBegin
            var channel = 0
            while channel < Int(w.pointee.channels) {
              \(start)
              var i = 0
              while i < rows {
                var j = 0
                while j < columns {
                  let code = Int32(p.x[(i &* rowStep) &+ (j &* columnStep) &+ channel])
                  \(step)
                  j = j &+ 1
                }
                i = i &+ 1
              }
              \(end)
              y += 1
              channel = channel &+ 1
            }
            column = column &+ 1
          }
          row = row &+ 1
        }
        x += Int(w.pointee.rows) &* Int(w.pointee.columns) &* Int(w.pointee.channels)
        image = image &+ 1
      }
    }
    """
  }

  private static let maximumText = poolingText(
    "maximum", "", start: "var largest: Int32 = 0", step: "if code > largest { largest = code }",
    end: "y.pointee = UInt8(truncatingIfNeeded: largest)")

  private static let averageText = poolingText(
    "average", ",\n  _ rule: UnsafePointer<NAME_rule>, _ multiplier: Int32, _ offset: Int64",
    start: """
      let missing = (Int(w.pointee.kernel_rows) &* Int(w.pointee.kernel_columns)) &- (rows &* columns)
                var sum = Int32(truncatingIfNeeded: missing) &* w.pointee.outside
      """, step: "sum = sum &+ code",
    end: "y.pointee = requantize((Int64(sum) &* Int64(multiplier)) &+ offset, rule)")

  // MARK: Elementwise

  private static let addText = """
    static func add(
      _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, _ count: Int,
      _ rule: UnsafePointer<NAME_rule>, _ left: Int32, _ right: Int32, _ offset: Int64
    ) {
      var i = 0
      while i < count {
        let sum = (Int64(a[i]) &* Int64(left)) &+ (Int64(b[i]) &* Int64(right))
        y[i] = requantize(sum &+ offset, rule)
        i = i &+ 1
      }
    }
    """

  private static let multiplyText = """
    /// Results lie one after the other; the steps of an operand are 0 where it is stretched.
    static func multiply(
      _ walk: UnsafePointer<Int32>, _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>,
      _ y: UnsafeMutablePointer<UInt8>, _ left: Int32, _ right: Int32, _ rule: UnsafePointer<NAME_rule>,
      _ multiplier: Int32, _ offset: Int64
    ) {
      var y = y
      forEach(walk) { p, q in
        let product = (Int32(a[p]) &- left) &* (Int32(b[q]) &- right)
        y.pointee = requantize((Int64(product) &* Int64(multiplier)) &+ offset, rule)
        y += 1
      }
    }
    """

  /// For those that walk.
  static let walkText = """
    /// Five loops, outermost first: turns, and the step on either side.
    @inline(__always) static func forEach(_ walk: UnsafePointer<Int32>, _ body: (Int, Int) -> Void) {
      func turns(_ axis: Int) -> Int32 { walk[axis] }
      func first(_ axis: Int) -> Int { Int(walk[5 &+ axis]) }
      func second(_ axis: Int) -> Int { Int(walk[10 &+ axis]) }
      var (i0, p0, q0): (Int32, Int, Int) = (0, 0, 0)
      while i0 < turns(0) {
        var (i1, p1, q1): (Int32, Int, Int) = (0, p0, q0)
        while i1 < turns(1) {
          var (i2, p2, q2): (Int32, Int, Int) = (0, p1, q1)
          while i2 < turns(2) {
            var (i3, p3, q3): (Int32, Int, Int) = (0, p2, q2)
            while i3 < turns(3) {
              var (i4, p4, q4): (Int32, Int, Int) = (0, p3, q3)
              while i4 < turns(4) {
                body(p4, q4)
                (i4, p4, q4) = (i4 &+ 1, p4 &+ first(4), q4 &+ second(4))
              }
              (i3, p3, q3) = (i3 &+ 1, p3 &+ first(3), q3 &+ second(3))
            }
            (i2, p2, q2) = (i2 &+ 1, p2 &+ first(2), q2 &+ second(2))
          }
          (i1, p1, q1) = (i1 &+ 1, p1 &+ first(1), q1 &+ second(1))
        }
        (i0, p0, q0) = (i0 &+ 1, p0 &+ first(0), q0 &+ second(0))
      }
    }
    """

  private static let lookupText = """
    static func lookup(
      _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, _ count: Int, _ table: UnsafePointer<UInt8>
    ) {
      var i = 0
      while i < count {
        y[i] = table[Int(x[i])]
        i = i &+ 1
      }
    }
    """

  private static let softmaxText = """
    /// Along the middle one of three axes.
    static func softmax(
      _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, _ outer: Int, _ extent: Int, _ inner: Int,
      _ exponentials: UnsafePointer<UInt32>, _ range: UInt32
    ) {
      var i = 0
      while i < outer {
        var j = 0
        while j < inner {
          let start = ((i &* extent) &* inner) &+ j
          var largest: UInt8 = 0
          var sum: UInt64 = 0
          var k = 0
          while k < extent {
            let code = x[start &+ (k &* inner)]
            if code > largest { largest = code }
            k = k &+ 1
          }
          k = 0
          while k < extent {
            sum = sum &+ UInt64(exponentials[Int(largest &- x[start &+ (k &* inner)])])
            k = k &+ 1
          }
          k = 0
          while k < extent {
            let place = start &+ (k &* inner)
            let power = UInt64(exponentials[Int(largest &- x[place])])
            let code = ((power &* UInt64(range)) &+ (sum >> 1)) / sum
            y[place] = code > 255 ? 255 : UInt8(truncatingIfNeeded: code)
            k = k &+ 1
          }
          j = j &+ 1
        }
        i = i &+ 1
      }
    }
    """

  // MARK: Borders

  private static let quantizeText = """
    /// The nearest whole number, halves to even; far outside of codes it does not matter which.
    @inline(__always) static func rounded(_ steps: Float) -> Int32 {
      if steps >= 1024 { return 1024 }
      if steps <= -1024 { return -1024 }
      guard steps == steps else { return 0 }
      var code = Int32(steps)
      let rest = steps - Float(code)
      if rest > 0.5 || (rest == 0.5 && code & 1 != 0) { code = code &+ 1 }
      if rest < -0.5 || (rest == -0.5 && code & 1 != 0) { code = code &- 1 }
      return code
    }

    /// Floats in planes to codes in pixels: x / scale, halves to even, plus the code of zero, in a range.
    static func quantize(
      _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, _ images: Int, _ channels: Int, _ pixels: Int,
      _ scale: Float, _ zero: Int32, _ lowest: Int32, _ highest: Int32
    ) {
      var from = x
      var image = 0
      while image < images {
        var channel = 0
        while channel < channels {
          var pixel = 0
          while pixel < pixels {
            var code = rounded(loadFloat(from) / scale) &+ zero
            if code < lowest { code = lowest }
            if code > highest { code = highest }
            y[((((image &* pixels) &+ pixel)) &* channels) &+ channel] = UInt8(truncatingIfNeeded: code)
            from += 4
            pixel = pixel &+ 1
          }
          channel = channel &+ 1
        }
        image = image &+ 1
      }
    }
    """

  private static let dequantizeText = """
    /// Codes in pixels to floats in planes; the sign is 128 for signed codes, else 0.
    static func dequantize(
      _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, _ images: Int, _ channels: Int, _ pixels: Int,
      _ scale: Float, _ zero: Int32, _ sign: Int32
    ) {
      var to = y
      var image = 0
      while image < images {
        var channel = 0
        while channel < channels {
          var pixel = 0
          while pixel < pixels {
            let code = (Int32(x[(((image &* pixels) &+ pixel) &* channels) &+ channel]) ^ sign) &- sign
            storeFloat(to, code &- zero, scale, 0)
            to += 4
            pixel = pixel &+ 1
          }
          channel = channel &+ 1
        }
        image = image &+ 1
      }
    }
    """

  // MARK: Memory

  private static let rearrangeText = """
    static func rearrange(
      _ walk: UnsafePointer<Int32>, _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, _ run: Int
    ) {
      forEach(walk) { from, to in copy(y + to, x + from, run) }
    }
    """

  private static let fillText = """
    static func fill(_ y: UnsafeMutablePointer<UInt8>, _ count: Int, _ bits: UInt32) {
      var i = 0
      while i < count {
        UnsafeMutableRawPointer(y + (4 &* i)).storeBytes(of: bits, as: UInt32.self)
        i = i &+ 1
      }
    }
    """
}
