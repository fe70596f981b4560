/// How much more memory a reader may ask for.
///
/// A few bytes of a file can announce much (a list of equal integers takes none), so everything that is read into
/// memory is charged here first. Of weight codes those are free that the file pays for: 64 for each byte of their payload,
/// which is a density of 1.5 %.
struct MemoryBudget {
  private var remaining: Int
  /// Weight codes that a byte of the file pays for.
  private static let freeCodesPerByte = 64

  /// 32 MiB and twice the file.
  init(fileByteCount: Int) {
    let (twice, overflow) = fileByteCount.multipliedReportingOverflow(by: 2)
    let (sum, overflow2) = twice.addingReportingOverflow(32 << 20)
    remaining = overflow || overflow2 ? Int.max : sum
  }

  /// False when `count` items of `byteCount` bytes each are too much.
  mutating func charge(_ count: Int, byteCount: Int) -> Bool {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: byteCount)
    guard count >= 0, !overflow, bytes <= remaining else { return false }
    remaining -= bytes
    return true
  }

  /// False when `count` weight codes from a payload of `byteCount` bytes are too much.
  mutating func charge(codes count: Int, payload byteCount: Int) -> Bool {
    let (free, overflow) = byteCount.multipliedReportingOverflow(by: Self.freeCodesPerByte)
    return charge(overflow ? 0 : max(count - free, 0), byteCount: 1)
  }
}
