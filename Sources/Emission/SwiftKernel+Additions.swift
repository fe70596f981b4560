/// Texts of the functions that add up the codes at ternary weights: the portable ones of `CKernel`, in Swift.
extension SwiftKernel {
  /// The text of such a function; nil if it is another one.
  static func addition(_ kernel: CKernel) -> String? {
    switch kernel {
    case .places(let form): return placesText(form, name: name(kernel.name))
    case .planarPlaces(let form): return planarPlacesText(form, name: name(kernel.name))
    case .row(let form): return rowText(form, name: name(kernel.name))
    case .planes: return spreadPlanesText
    case .lanes(.portable, _): return lanesText(name(kernel.name), hasSteps: false)
    case .planarLanes(.portable, _, let hasSteps): return lanesText(name(kernel.name), hasSteps: hasSteps)
    case .surroundPlanes: return surroundPlanesText
    case .countBefore: return countBeforeText
    case .sparseLayer(let result, let form, .portable, let isProved):
      let lanes = CKernel.lanes(.portable, isProved: isProved)
      return sparseText(name(kernel.name), result, form, lanes: name(lanes.name))
    case .sparseDense(let result, let form): return sparseDenseText(name(kernel.name), result, form)
    case .planarLayer(let result, let form, .portable, let needs):
      return planarText(name(kernel.name), result, form, hasSteps: needs.hasSteps)
    default: return nil
    }
  }

  // MARK: Lists

  /// Needed by every function that reads a list.
  static let listsText = """
    /// What a row's lists hold, and where the next row begins.
    struct Lists {
      var next: UnsafePointer<UInt8>
      var positive = 0
      var negative = 0
    }
    """

  /// Reads both lists of a row, or all its signs, in the same way as C.
  ///
  /// - Parameters:
  ///   - begin: before each list.
  ///   - positive: what to do at weight `k` of either list, or of positive sign.
  ///   - negative: at those of negative sign, where all signs are read.
  private static func reading(
    _ form: SparseForm, begin: String = "", positive: String, negative: String
  ) -> String {
    func gap(_ gap: String, _ largest: String, _ end: String = "") -> String {
      """
      k = k &+ \(gap)
      if \(gap) != \(largest) {
      \(positive.indented(by: 2))
        k = k &+ 1
        left = left &- 1
      \(end.isEmpty ? "" : "  " + end + "\n")}
      """
    }
    if form == .trits {
      return """
        var rest = length
        var k: UInt32 = 0
        while rest > 0 {
          var code = UInt32(lists.next.pointee)
          lists.next += 1
          var count = rest < 5 ? rest : 5
          rest = rest &- count
          while count > 0 {
            let product = code &* 3
            code = product & 255
            if product < 256 {
        \(negative.indented(by: 6))
              lists.negative = lists.negative &+ 1
            } else if product >= 512 {
        \(positive.indented(by: 6))
              lists.positive = lists.positive &+ 1
            }
            k = k &+ 1
            count = count &- 1
          }
        }
        """
    }
    let loop =
      form == .bytes
      ? "let gap = UInt32(lists.next.pointee)\nlists.next += 1\n" + gap("gap", "255")
      : """
      let both = UInt32(lists.next.pointee)
      let low = both & 15
      let high = both &>> 4
      lists.next += 1
      \(gap("low", "15", "if left == 0 { break }"))
      \(gap("high", "15"))
      """
    return """
      var list = 0
      while list < 2 {
        var left = Int(lists.next.pointee)
        lists.next += 1
        if left & 128 != 0 {
          left = ((left & 127) &<< 8) | Int(lists.next.pointee)
          lists.next += 1
        }
        if list == 0 {
          lists.positive = left
        } else {
          lists.negative = left
        }
      \(begin.isEmpty ? "" : begin.indented(by: 2) + "\n")\
        var k: UInt32 = 0
        while left != 0 {
      \(loop.indented(by: 4))
        }
        list = list &+ 1
      }
      """
  }

  /// Functions that write the place of each weight: `place` computes it from `k`.
  private static func placesText(
    _ form: SparseForm, name: String, parameters: String, type: String, setup: String, place: String
  ) -> String {
    func write(_ list: String) -> String { place + "\n\(list).pointee = place\n\(list) += 1" }
    let body =
      form == .trits
      ? reading(form, positive: write("to"), negative: write("below"))
      : reading(form, begin: "if list == 1 { to = below }", positive: write("to"), negative: "")
    return """
      /// The places of a row's positive and negative weights.
      static func \(name)(
        _ codes: UnsafePointer<UInt8>, _ t: UnsafePointer<\(type)>, \(parameters)_ length: Int,
        _ places: UnsafeMutablePointer<UInt32>
      ) -> Lists {
      \(setup.indented(by: 2))
        var lists = Lists(next: codes)
        var to = places
        \(form == .trits ? "var" : "let") below = places + Int(t.pointee.positives)
      \(body.indented(by: 2))
        return lists
      }
      """
  }

  private static func placesText(_ form: SparseForm, name: String) -> String {
    placesText(
      form, name: name, parameters: "_ steps: UnsafePointer<Int32>, ", type: "NAME_planes",
      setup: """
        let reciprocal = UInt32(bitPattern: t.pointee.reciprocal)
        let pitch = UInt32(bitPattern: t.pointee.pitch)
        let taps = UInt32(bitPattern: t.pointee.taps)
        """,
      place: """
        let plane = (k &* reciprocal) &>> 16
        let place = (plane &* pitch) &+ UInt32(bitPattern: steps[Int(k &- (plane &* taps))])
        """)
  }

  private static func planarPlacesText(_ form: SparseForm, name: String) -> String {
    placesText(
      form, name: name, parameters: "", type: "NAME_planar",
      setup: """
        let reciprocal = UInt32(bitPattern: t.pointee.reciprocal)
        let step = UInt32(bitPattern: t.pointee.pitch &- t.pointee.taps)
        """,
      place: "let place = k &+ (((k &* reciprocal) &>> 16) &* step)")
  }

  private static func rowText(_ form: SparseForm, name: String) -> String {
    let add = "total = total &+ Int32(x[Int(k)])"
    let body =
      form == .trits
      ? reading(
        form, positive: "positive = positive &+ Int32(x[Int(k)])", negative: "negative = negative &+ Int32(x[Int(k)])")
      : reading(
        form, begin: "if list == 1 { (positive, total) = (total, 0) }", positive: add, negative: "")
    return """
      /// The sums of the codes at a row's positive and negative weights.
      static func \(name)(
        _ codes: UnsafePointer<UInt8>, _ x: UnsafePointer<UInt8>, _ length: Int, _ sums: UnsafeMutablePointer<Int32>
      ) -> Lists {
        var lists = Lists(next: codes)
        var positive: Int32 = 0
        var \(form == .trits ? "negative" : "total"): Int32 = 0
      \(body.indented(by: 2))
        sums[0] = positive
        sums[1] = \(form == .trits ? "negative" : "total")
        return lists
      }
      """
  }

  private static let countBeforeText = """
    /// How many of so many ascending places lie before one.
    static func countBefore(_ list: UnsafePointer<UInt32>, _ count: Int, _ place: Int) -> Int {
      var first = 0
      var end = count
      while first < end {
        let middle = (first &+ end) &>> 1
        if Int(list[middle]) < place {
          first = middle &+ 1
        } else {
          end = middle
        }
      }
      return first
    }
    """

  // MARK: Planes

  private static let spreadPlanesText = """
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

  private static let surroundPlanesText = """
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
  private static func lanesText(_ name: String, hasSteps: Bool) -> String {
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

  // MARK: Layers

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
  private static func withSums(_ count: Int, _ body: String) -> String {
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

  private static func sparseText(_ name: String, _ kind: CKernel.ResultKind, _ form: SparseForm, lanes: String)
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

  private static func sparseDenseText(_ name: String, _ kind: CKernel.ResultKind, _ form: SparseForm) -> String {
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

  private static func planarText(
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
