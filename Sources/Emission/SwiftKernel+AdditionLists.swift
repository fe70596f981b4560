/// Texts that read the lists of a ternary row: where its weights are, and of which sign.
extension SwiftKernel {
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
  static func reading(
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
  static func placesText(
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

  static func placesText(_ form: SparseForm, name: String) -> String {
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

  static func planarPlacesText(_ form: SparseForm, name: String) -> String {
    placesText(
      form, name: name, parameters: "", type: "NAME_planar",
      setup: """
        let reciprocal = UInt32(bitPattern: t.pointee.reciprocal)
        let step = UInt32(bitPattern: t.pointee.pitch &- t.pointee.taps)
        """,
      place: "let place = k &+ (((k &* reciprocal) &>> 16) &* step)")
  }

  static func rowText(_ form: SparseForm, name: String) -> String {
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

  static let countBeforeText = """
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
}
