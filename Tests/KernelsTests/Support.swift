import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers that are the same for the same seed: SplitMix64.
struct Generator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func real(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &self) }

  mutating func codes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
  mutating func weights(_ count: Int) -> [Int8] {
    (0..<count).map { _ in Int8(truncatingIfNeeded: next()) }
  }
  mutating func values(_ count: Int) -> [Float] { (0..<count).map { _ in real(-1...1) } }
}

/// Memory between two pages that may not be touched: one byte too far, and the test ends with a fault.
final class Guarded<Element: BitwiseCopyable> {
  /// At which end of the memory the elements stand, right beside the page.
  enum Side: CaseIterable {
    case start
    case end
  }

  let elements: UnsafeMutableBufferPointer<Element>
  private let pages: UnsafeMutableRawPointer
  private let pagesByteCount: Int

  init(_ values: [Element], at side: Side, tail: Int = 0) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let byteCount = values.count * MemoryLayout<Element>.stride + tail
    let inside = (byteCount + page - 1) / page * page
    pagesByteCount = inside + 2 * page
    pages = mmap(nil, pagesByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(pages != MAP_FAILED)
    precondition(mprotect(pages, page, PROT_NONE) == 0)
    precondition(mprotect(pages + page + inside, page, PROT_NONE) == 0)
    let start = pages + page + (side == .start ? 0 : inside - byteCount)
    elements = UnsafeMutableBufferPointer(
      start: start.assumingMemoryBound(to: Element.self), count: values.count)
    _ = elements.initialize(from: values)
  }

  deinit { munmap(pages, pagesByteCount) }

  var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(elements.baseAddress!) }
  var array: [Element] { Array(elements) }
}

extension Guarded.Side {
  /// Takes turns, so that both are tested.
  init(_ seed: UInt64) { self = seed % 2 == 0 ? .end : .start }
}

/// The kernels of the list that run here and compute an operation.
func kernels(for operation: Kernels.Operation) -> [Kernel] {
  KernelList.all.filter { $0.operation == operation && $0.runsHere }
}

/// `clamp((sum * multiplier + K + 2^(shift-1)) >> shift)`, as the design states it.
func requantized(
  _ sum: Int, _ multiplier: Int32, _ k: Int64, _ rule: (shift: Int, low: UInt8, high: UInt8)
) -> UInt8 {
  let wide = sum * Int(multiplier) + Int(k) + (1 << (rule.shift - 1))
  return UInt8(clamping: min(max(wide >> rule.shift, Int(rule.low)), Int(rule.high)))
}

extension Filters {
  /// Of one pixel, without weights: an output's lie side by side.
  init(outputs: Int, channels: Int) {
    self.init()
    self.outputs = Int32(outputs)
    rows = 1
    columns = 1
    self.channels = Int32(channels)
    outputStride = channels
    channelStride = 1
    mapChannelStride = Int32(channels)
  }
}
