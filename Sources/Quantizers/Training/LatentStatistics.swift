/// Sums and bounds that quantizers take over latent weights.
///
/// A weight that is exactly 0 counts as pruned: it takes no part in means, so that scales fit the weights that are left.
enum LatentStatistics {
  /// The largest |w|; 0 when there are none.
  static func largestMagnitude(_ latent: UnsafeBufferPointer<Float>) -> Float {
    var largest: UInt32 = 0
    // Magnitudes order like their bit patterns.
    for w in latent { largest = max(largest, w.bitPattern & 0x7FFF_FFFF) }
    return Float(bitPattern: largest)
  }

  /// The mean of |w| over weights that are not 0; 0 when there are none.
  static func meanMagnitude(_ latent: UnsafeBufferPointer<Float>) -> Double {
    var sum = 0.0
    var count = 0
    for w in latent {
      sum += Double(w.magnitude)
      count &+= w != 0 ? 1 : 0
    }
    return count > 0 ? sum / Double(count) : 0
  }

  /// The magnitude of the weight that is number `rank` when they are ordered from the largest, counted from 1.
  ///
  /// Exact, by three passes over digits of the bit patterns.
  ///
  /// - Parameter rank: 1...count.
  /// - Complexity: O(*n*).
  static func magnitude(ofRank rank: Int, in latent: UnsafeBufferPointer<Float>) -> Float {
    var prefix: UInt32 = 0
    var left = rank
    for (shift, width) in [(UInt32(20), UInt32(11)), (10, 10), (0, 10)] {
      withUnsafeTemporaryAllocation(of: Int.self, capacity: 1 << 11) { counts in
        counts.initialize(repeating: 0)
        let mask = (UInt32(1) << width) - 1
        for w in latent {
          let bits = w.bitPattern & 0x7FFF_FFFF
          if bits >> (shift + width) == prefix { counts[Int((bits >> shift) & mask)] &+= 1 }
        }
        var digit = Int(mask)
        while digit > 0 && counts[digit] < left {
          left -= counts[digit]
          digit -= 1
        }
        prefix = prefix << width | UInt32(digit)
      }
    }
    return Float(bitPattern: prefix)
  }
}

/// Arithmetic that all quantizers in the training loop share.
enum QuantizerArithmetic {
  /// Smallest scale in use: its reciprocal and all its multiples by codes are normal numbers.
  static let leastScale: Float = 0x1p-100
  /// Largest scale in use: 128 times it is finite.
  static let largestScale: Float = 0x1p119

  /// The scale itself where it can be used, else the nearest that can; NaN becomes the least.
  static func usable(_ scale: Float) -> Float {
    scale > leastScale ? (scale < largestScale ? scale : largestScale) : leastScale
  }

  /// Rounds half to even, and never to −0.
  ///
  /// By adding and subtracting 1.5 · 2²³, which compiles to two vector instructions everywhere.
  ///
  /// - Precondition: |x| is at most 2²².
  @inline(__always)
  static func nearest(_ x: Float) -> Float { (x + 0x1.8p23) - 0x1.8p23 }

  /// x, or the end of the range that it lies beyond; NaN stays NaN.
  @inline(__always)
  static func clamp(_ x: Float, _ lowest: Float, _ highest: Float) -> Float {
    // Two choices one after the other become vector instructions, nested ones branches.
    let raised = x < lowest ? lowest : x
    return raised > highest ? highest : raised
  }
}
