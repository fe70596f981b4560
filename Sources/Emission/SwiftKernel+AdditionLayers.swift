/// Texts of whole layers that add up codes at ternary weights.
extension SwiftKernel {
  /// What a layer does with its sums.
  private struct Results {
    var parameters: String
    /// What is the same for all sums of output channel `m`.
    var constants: String
    var kind: Result

    init(_ kind: CKernel.ResultKind) {
      let rule =
        "_ rule: UnsafePointer<NAME_rule>, _ multipliers: UnsafePointer<Int32>, _ offsets: UnsafePointer<Int64>"
      let perChannel = """
        let c = m &* Int(rule.pointee.step)
        let multiplier = Int64(multipliers[c])
        let bias = offsets[c]
        """
      switch kind {
      case .codes: (self.kind, parameters, constants) = (.codes, rule, perChannel)
      case .added:
        let others = """
          _ other: UnsafePointer<UInt8>, _ sumRule: UnsafePointer<NAME_rule>, _ left: Int32, _ right: Int32,
            _ offset: Int64
          """
        (self.kind, parameters, constants) = (.added, rule + ",\n  " + others, perChannel)
      case .reals:
        self.kind = .reals
        parameters = "_ step: Int32, _ scales: UnsafePointer<Float>, _ offsets: UnsafePointer<Float>"
        constants = "let c = m &* Int(step)"
      }
    }

    /// Stores what becomes of `sum` at place `i`.
    func store(_ sum: String, at i: String) -> String {
      let code = "requantize((Int64(\(sum)) &* multiplier) &+ bias, rule)"
      return switch kind {
      case .codes: "y[\(i)] = \(code)"
      case .added:
        """
        let code = \(code)
        let both = (Int64(code) &* Int64(left)) &+ (Int64(other[\(i)]) &* Int64(right))
        y[\(i)] = requantize(both &+ offset, sumRule)
        """
      case .reals: "storeFloat(y + (4 &* (\(i))), \(sum), scales[c], offsets[c])"
      }
    }

    /// Lines for layers that add another map.
    func added(_ line: String) -> String { kind == .added ? line + "\n" : "" }
  }

  /// Eight sums, or two, on the stack.
  static func withSums(_ count: Int, _ body: String) -> String {
    let zeros = [String](repeating: "0", count: count).joined(separator: ", ")
    let types = [String](repeating: "Int32", count: count).joined(separator: ", ")
    return """
      var storage: (\(types)) = (\(zeros))
      withUnsafeMutablePointer(to: &storage) { storage in
        let sums = UnsafeMutableRawPointer(storage).assumingMemoryBound(to: Int32.self)
      \(body.indented(by: 2))
      }
      """
  }

  static func sparseText(_ name: String, _ kind: CKernel.ResultKind, _ form: SparseForm, lanes: String)
    -> String
  {
    let results = Results(kind)
    let body = """
      var image: Int32 = 0
      while image < w.pointee.images {
        var first = 0
        while first < outputRows {
          let rows = outputRows &- first < Int(t.pointee.rows) ? outputRows &- first : Int(t.pointee.rows)
          spreadPlanes(
            w, t, x, (first &* rowStride) &- Int(w.pointee.row_origin),
            ((rows &- 1) &* rowStride) &+ Int(w.pointee.kernel_rows), planes)
          var next = codes
          var m = 0
          while m < outputs {
      \(results.constants.indented(by: 6))
            let lists = \(Self.name("places_" + form.rawValue))(next, t, steps, length, places)
            next = lists.next
            var place = ((first &* columns) &* outputs) &+ m
            var row = 0
            while row < rows {
              let from = planes + ((row &* rowStride) &* Int(t.pointee.row_bytes))
              var column = 0
              while column < columns {
                \(lanes)(
                  from + column, places, lists.positive, places + Int(t.pointee.positives), lists.negative, plus, minus,
                  sums)
                let count = columns &- column < 8 ? columns &- column : 8
                var i = 0
                while i < count {
      \(results.store("sums[i]", at: "place").indented(by: 12))
                  place = place &+ outputs
                  i = i &+ 1
                }
                column = column &+ 8
              }
              row = row &+ 1
            }
            m = m &+ 1
          }
          first = first &+ rows
        }
        x += (Int(w.pointee.rows) &* Int(w.pointee.columns)) &* Int(w.pointee.channels)
        y += \(results.kind == .reals ? "4 &* " : "")((outputRows &* columns) &* outputs)
      \(results.added("  other += (outputRows &* columns) &* outputs"))\
        image = image &+ 1
      }
      """
    return """
      static func \(name)(
        _ w: UnsafePointer<NAME_window>, _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>,
        _ codes: UnsafePointer<UInt8>, _ t: UnsafePointer<NAME_planes>, _ steps: UnsafePointer<Int32>, _ plus: Int32,
        _ minus: Int32, \(results.parameters), _ places: UnsafeMutablePointer<UInt32>
      ) {
        let outputs = Int(w.pointee.outputs)
        let outputRows = Int(w.pointee.output_rows)
        let columns = Int(w.pointee.output_columns)
        let rowStride = Int(w.pointee.row_stride)
        let length = (Int(w.pointee.kernel_rows) &* Int(w.pointee.kernel_columns)) &* Int(w.pointee.channels)
        let planes = UnsafeMutableRawPointer(places + Int(t.pointee.places)).assumingMemoryBound(to: UInt8.self)
        var x = x
        var y = y
      \(results.added("  var other = other"))\
      \(withSums(8, body).indented(by: 2))
      }
      """
  }

  static func sparseDenseText(_ name: String, _ kind: CKernel.ResultKind, _ form: SparseForm) -> String {
    let results = Results(kind)
    let body = """
      var image: Int32 = 0
      while image < w.pointee.images {
        var next = codes
        var m = 0
        while m < outputs {
      \(results.constants.indented(by: 4))
          next = \(Self.name("row_" + form.rawValue))(next, x, length, sums).next
          let sum = (sums[0] &* plus) &- (sums[1] &* minus)
      \(results.store("sum", at: "m").indented(by: 4))
          m = m &+ 1
        }
        x += length
        y += \(results.kind == .reals ? "4 &* " : "")outputs
      \(results.added("  other += outputs"))\
        image = image &+ 1
      }
      """
    return """
      static func \(name)(
        _ w: UnsafePointer<NAME_window>, _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>,
        _ codes: UnsafePointer<UInt8>, _ plus: Int32, _ minus: Int32, \(results.parameters)
      ) {
        let outputs = Int(w.pointee.outputs)
        let length = (Int(w.pointee.rows) &* Int(w.pointee.columns)) &* Int(w.pointee.channels)
        var x = x
        var y = y
      \(results.added("  var other = other"))\
      \(withSums(2, body).indented(by: 2))
      }
      """
  }

  static func planarText(
    _ name: String, _ kind: CKernel.ResultKind, _ form: SparseForm, hasSteps: Bool
  ) -> String {
    let results = Results(kind)
    let body = """
      var next = codes
      var m = 0
      while m < outputs {
      \(results.constants.indented(by: 2))
        let lists = \(Self.name("planar_places_" + form.rawValue))(next, t, Int(t.pointee.length), places)
        next = lists.next
        var place = m &* pitch
        var row = 0
        while row < Int(t.pointee.output_rows) {
          let top = (row &* Int(t.pointee.row_stride)) &- Int(t.pointee.row_origin)
          let from = x + (top &* rowBytes)
          var positive = UnsafePointer(places)
          var negative = UnsafePointer(places + Int(t.pointee.positives))
          var positiveCount = lists.positive
          var negativeCount = lists.negative
          if top &+ Int(t.pointee.kernel_rows) > Int(t.pointee.rows) {
            let end = (Int(t.pointee.rows) &- top) &* rowBytes
            positiveCount = countBefore(positive, positiveCount, end)
            negativeCount = countBefore(negative, negativeCount, end)
          }
          if top < 0 {
            let begin = (0 &- top) &* rowBytes
            let first = countBefore(positive, positiveCount, begin)
            let second = countBefore(negative, negativeCount, begin)
            positive += first
            negative += second
            positiveCount = positiveCount &- first
            negativeCount = negativeCount &- second
          }
          var column = 0
          while column < columns {
            planarLanes(
              from + (column &* columnStride), \(hasSteps ? "columnStride, " : "")positive, positiveCount, negative,
              negativeCount, plus, minus, sums)
            let count = columns &- column < 8 ? columns &- column : 8
            var i = 0
            while i < count {
      \(results.store("sums[i]", at: "place &+ column &+ i").indented(by: 8))
              i = i &+ 1
            }
            column = column &+ 8
          }
          place = place &+ (outputs &* pitch)
          row = row &+ 1
        }
        m = m &+ 1
      }
      """
    return """
      static func \(name)(
        _ t: UnsafePointer<NAME_planar>, _ x: UnsafePointer<UInt8>, _ y: UnsafeMutablePointer<UInt8>,
        _ codes: UnsafePointer<UInt8>, _ plus: Int32, _ minus: Int32, \(results.parameters),
        _ places: UnsafeMutablePointer<UInt32>
      ) {
        let outputs = Int(t.pointee.outputs)
        let columns = Int(t.pointee.output_columns)
        let pad = Int(t.pointee.pad)
        let pitch = columns &+ pad
        let rowBytes = Int(t.pointee.row_bytes)
        let columnStride = Int(t.pointee.column_stride)
        surroundPlanes(
          y, Int(t.pointee.output_rows) &* outputs, columns, pad, UInt8(truncatingIfNeeded: t.pointee.outside))
        let x = x + Int(t.pointee.left)
        let y = y + pad
      \(results.added("  let other = other + pad"))\
      \(withSums(8, body).indented(by: 2))
      }
      """
  }
}
