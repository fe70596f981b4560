/// Texts of the functions that sum over windows, and of the numbers that they read and write.
extension SwiftKernel {
  // MARK: Numbers

  static let loadFloatText = """
    @inline(__always) static func loadFloat(_ x: UnsafePointer<UInt8>) -> Float {
      UnsafeRawPointer(x).loadUnaligned(as: Float.self)
    }
    """

  static let storeFloatText = """
    /// Stores x * scale + offset, rounded once after each operation.
    @inline(__always) static func storeFloat(
      _ y: UnsafeMutablePointer<UInt8>, _ x: Int32, _ scale: Float, _ offset: Float
    ) {
      let product = Float(x) * scale
      UnsafeMutableRawPointer(y).storeBytes(of: product + offset, as: Float.self)
    }
    """

  static let requantizeText = """
    /// The code of a sum: (sum + half) >> shift rounded down, in the rule's range; half is in the sum already.
    @inline(__always) static func requantize(_ sum: Int64, _ rule: UnsafePointer<NAME_rule>) -> UInt8 {
      let code = sum &>> Int64(rule.pointee.shift)
      if code < Int64(rule.pointee.lowest) { return UInt8(truncatingIfNeeded: rule.pointee.lowest) }
      if code > Int64(rule.pointee.highest) { return UInt8(truncatingIfNeeded: rule.pointee.highest) }
      return UInt8(truncatingIfNeeded: code)
    }
    """

  // MARK: Windows

  /// Part of `locateText`, for programs without it.
  static let quotientText = """
    /// Rounded down; both are positive, so no check of the divisor is left for the compiler to make.
    @inline(__always) static func quotient(_ a: Int, _ b: Int) -> Int {
      b == 1 ? a : Int(bitPattern: UInt(bitPattern: a) / UInt(bitPattern: b))
    }
    """

  static let locateText = """
    /// The part of a window that lies on the map: taps from ...Begin up to ...End, all empty if one is.
    struct Place {
      /// Under the first of them.
      var x: UnsafePointer<UInt8>
      var rowBegin = 0
      var rowEnd = 0
      var columnBegin = 0
      var columnEnd = 0
    }

    \(quotientText)

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

  static let dotText = """
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

  static let totalText = """
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

  static let convolutionText = """
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

  static let depthwiseText = """
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

  static func layerText(_ result: Result) -> String {
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
}
