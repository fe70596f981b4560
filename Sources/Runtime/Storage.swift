#if !hasFeature(Embedded) && canImport(Glibc)
  import Glibc
#elseif !hasFeature(Embedded) && canImport(Musl)
  import Musl
#elseif !hasFeature(Embedded) && canImport(Darwin)
  import Darwin
#endif

/// Memory that lives as long as an executor: the arena, packed weights, tables that kernels point into.
final class Storage {
  private var chunks: [Chunk] = []
  /// What is left of the last chunk that small blocks come from.
  private var rest = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  /// Bytes allocated so far.
  private(set) var byteCount = 0

  private static let alignment = 64
  /// Blocks from this size on have a chunk of their own.
  private static let chunkByteCount = 64 << 10

  /// Zeroed memory, aligned to 64 bytes.
  func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    self.byteCount += byteCount
    let needed = (max(byteCount, 1) + Self.alignment - 1) & ~(Self.alignment - 1)
    if needed >= Self.chunkByteCount { return newChunk(needed).start }
    if needed > rest.count {
      let chunk = newChunk(Self.chunkByteCount)
      rest = UnsafeMutableRawBufferPointer(start: chunk.start, count: Self.chunkByteCount)
    }
    guard let start = rest.baseAddress else { preconditionFailure("A chunk has an address") }
    rest = UnsafeMutableRawBufferPointer(start: start + needed, count: rest.count - needed)
    return start
  }

  private func newChunk(_ byteCount: Int) -> Chunk {
    let chunk = Chunk(byteCount)
    chunks.append(chunk)
    return chunk
  }

  /// A copy of `elements`, followed by zeros until a multiple of `multiple` elements.
  func copy<Element: BitwiseCopyable>(_ elements: [Element], roundedUpTo multiple: Int = 1) -> UnsafePointer<Element> {
    let count = (elements.count + multiple - 1) / multiple * multiple
    let block = allocate(count * MemoryLayout<Element>.stride)
    elements.withUnsafeBytes { source in
      if let base = source.baseAddress { block.copyMemory(from: base, byteCount: source.count) }
    }
    return UnsafePointer(block.bindMemory(to: Element.self, capacity: max(count, 1)))
  }

  deinit {
    for chunk in chunks { chunk.free() }
  }
}

/// Zeroed memory from the system.
private struct Chunk {
  let start: UnsafeMutableRawPointer
  /// What was mapped; nil for memory of the heap.
  private let mapping: UnsafeMutableRawBufferPointer?

  #if !hasFeature(Embedded) && (canImport(Glibc) || canImport(Musl) || canImport(Darwin))
    /// Bytes of a large page: weights that come from memory arrive faster through few large pages.
    private static let largePage = 2 << 20

    init(_ byteCount: Int) {
      // Fresh pages hold zeros, and cost nothing before they are touched.
      let whole = byteCount + Self.largePage
      guard byteCount >= Self.largePage,
        let start = mmap(nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), start != MAP_FAILED
      else {
        self.init(fromHeap: byteCount)
        return
      }
      let first = start.alignedUp(toMultipleOf: Self.largePage)
      self.init(start: first, mapping: UnsafeMutableRawBufferPointer(start: start, count: whole))
      #if os(Linux)
        madvise(first, byteCount & ~(Self.largePage - 1), MADV_HUGEPAGE)
      #endif
    }

    func free() {
      if let mapping { munmap(mapping.baseAddress, mapping.count) } else { start.deallocate() }
    }
  #else
    init(_ byteCount: Int) { self.init(fromHeap: byteCount) }

    func free() { start.deallocate() }
  #endif

  private init(fromHeap byteCount: Int) {
    let start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    self.init(start: start, mapping: nil)
  }

  private init(start: UnsafeMutableRawPointer, mapping: UnsafeMutableRawBufferPointer?) {
    self.start = start
    self.mapping = mapping
  }
}
