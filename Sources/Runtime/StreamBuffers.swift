/// Memory for decoding weights in every run, shared by all layers that do: they run one after the other.
final class StreamBuffers {
  /// A group of rows as it comes from the decoder.
  private(set) var decoded = UnsafeMutableBufferPointer<Int8>(start: nil, count: 0)
  /// Rows that were left over.
  private(set) var rest = UnsafeMutableBufferPointer<Int8>(start: nil, count: 0)
  /// Rows as a kernel wants them.
  private(set) var packed = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var counts = (decoded: 0, rest: 0, packed: 0)

  /// Asks for at least so many bytes of each, before `allocate`.
  func reserve(decoded: Int, rest: Int, packed: Int) {
    counts = (max(counts.decoded, decoded), max(counts.rest, rest), max(counts.packed, packed))
  }

  /// Gets what was asked for.
  func allocate(from storage: Storage) {
    guard counts.decoded > 0 else { return }
    decoded = Self.codes(counts.decoded, storage)
    rest = Self.codes(counts.rest, storage)
    packed = UnsafeMutableRawBufferPointer(start: storage.allocate(counts.packed), count: counts.packed)
  }

  private static func codes(_ count: Int, _ storage: Storage) -> UnsafeMutableBufferPointer<Int8> {
    UnsafeMutableBufferPointer(
      start: storage.allocate(count).bindMemory(to: Int8.self, capacity: max(count, 1)), count: count)
  }
}
