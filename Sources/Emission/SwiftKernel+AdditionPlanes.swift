/// Texts that bring maps into planes, and add up neighboring columns of them at ternary weights.
extension SwiftKernel {
  static let spreadPlanesText = """
    /// Rows of a map as planes [rows][channels][column stride][columns], with what lies outside.
    static func spreadPlanes(
      _ w: UnsafePointer<NAME_window>, _ t: UnsafePointer<NAME_planes>, _ x: UnsafePointer<UInt8>, _ row: Int,
      _ rows: Int, _ to: UnsafeMutablePointer<UInt8>
    ) {
      let columns = Int(w.pointee.columns)
      let channels = Int(w.pointee.channels)
      let stride = Int(w.pointee.column_stride)
      let pitch = Int(t.pointee.pitch)
      let left = Int(t.pointee.left)
      var to = to
      var row = row
      let end = row &+ rows
      while row < end {
        set(to, UInt8(truncatingIfNeeded: w.pointee.outside), Int(t.pointee.row_bytes))
        if row >= 0 && row < Int(w.pointee.rows) {
          var from = x + ((row &* columns) &* channels)
          var place = quotient(left, stride)
          var phase = left &- (place &* stride)
          var column = 0
          while column < columns {
            var plane = to + ((phase &* Int(t.pointee.phase_bytes)) &+ place)
            var channel = 0
            while channel < channels {
              plane.pointee = from.pointee
              plane += pitch
              from += 1
              channel = channel &+ 1
            }
            phase = phase &+ 1
            if phase == stride {
              phase = 0
              place = place &+ 1
            }
            column = column &+ 1
          }
        }
        to += Int(t.pointee.row_bytes)
        row = row &+ 1
      }
    }
    """

  static let surroundPlanesText = """
    /// Writes what lies between planes, before the first and after the last.
    static func surroundPlanes(
      _ y: UnsafeMutablePointer<UInt8>, _ planes: Int, _ columns: Int, _ pad: Int, _ code: UInt8
    ) {
      var i = 0
      while i < pad {
        var place = y + i
        var plane = 0
        while plane <= planes {
          place.pointee = code
          place += columns &+ pad
          plane = plane &+ 1
        }
        i = i &+ 1
      }
    }
    """

  /// Sums of eight pixels, at places of positive and of negative weights.
  static func lanesText(_ name: String, hasSteps: Bool) -> String {
    let lanes = 0..<8
    func loop(_ list: String, _ step: Int) -> String {
      """
      place = \(list)
      end = place + \(list)Count
      while place != end {
        let at = x + Int(place.pointee)
        place += 1
      \(lanes.map { "  s\($0) = s\($0) &+ Int32(at[\($0 * step)])" }.joined(separator: "\n"))
      }
      """
    }
    func loops(_ list: String) -> String {
      hasSteps
        ? "if step == 1 {\n\(loop(list, 1).indented(by: 2))\n} else {\n\(loop(list, 2).indented(by: 2))\n}"
        : loop(list, 1)
    }
    return """
      /// Sums of eight pixels side by side\(hasSteps ? ", or of every other one" : "").
      static func \(name)(
        _ x: UnsafePointer<UInt8>, \(hasSteps ? "_ step: Int, " : "")_ positive: UnsafePointer<UInt32>, \
      _ positiveCount: Int,
        _ negative: UnsafePointer<UInt32>, _ negativeCount: Int, _ plus: Int32, _ minus: Int32,
        _ sums: UnsafeMutablePointer<Int32>
      ) {
        var place: UnsafePointer<UInt32>
        var end: UnsafePointer<UInt32>
      \(lanes.map { "  var s\($0): Int32 = 0" }.joined(separator: "\n"))
      \(loops("positive").indented(by: 2))
      \(lanes.map { "  sums[\($0)] = s\($0) &* plus\n  s\($0) = 0" }.joined(separator: "\n"))
      \(loops("negative").indented(by: 2))
      \(lanes.map { "  sums[\($0)] = sums[\($0)] &- (s\($0) &* minus)" }.joined(separator: "\n"))
      }
      """
  }
}
