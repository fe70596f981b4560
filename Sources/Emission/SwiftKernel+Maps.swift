/// Texts of the functions that go over maps without weights: pooling, elementwise, borders, memory.
extension SwiftKernel {
  // MARK: Pooling

  static func poolingText(_ name: String, _ parameters: String, start: String, step: String, end: String)
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

  static let maximumText = poolingText(
    "maximum", "", start: "var largest: Int32 = 0", step: "if code > largest { largest = code }",
    end: "y.pointee = UInt8(truncatingIfNeeded: largest)")

  static let averageText = poolingText(
    "average", ",\n  _ rule: UnsafePointer<NAME_rule>, _ multiplier: Int32, _ offset: Int64",
    start: """
      let missing = (Int(w.pointee.kernel_rows) &* Int(w.pointee.kernel_columns)) &- (rows &* columns)
                var sum = Int32(truncatingIfNeeded: missing) &* w.pointee.outside
      """, step: "sum = sum &+ code",
    end: "y.pointee = requantize((Int64(sum) &* Int64(multiplier)) &+ offset, rule)")

  // MARK: Elementwise

  static let addText = """
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

  static let multiplyText = """
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

  static let lookupText = """
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

  static let softmaxText = """
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

  static let quantizeText = """
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

  static let dequantizeText = """
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

  static let rearrangeText = """
    static func rearrange(
      _ walk: UnsafePointer<Int32>, _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>, _ run: Int
    ) {
      forEach(walk) { from, to in copy(y + to, x + from, run) }
    }
    """

  static let fillText = """
    static func fill(_ y: UnsafeMutablePointer<UInt8>, _ count: Int, _ bits: UInt32) {
      var i = 0
      while i < count {
        UnsafeMutableRawPointer(y + (4 &* i)).storeBytes(of: bits, as: UInt32.self)
        i = i &+ 1
      }
    }
    """
}
