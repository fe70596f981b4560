/// How much more memory a reader may ask for.
///
/// A few bytes of a file can announce much (a list of equal integers takes none), so everything that is read into
/// memory is charged here first. Weight codes are not: a byte of the file backs at most 256 of
/// them.
struct MemoryBudget {
  private var remaining: Int

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
}
