/// Memory that lives as long as an executor: the arena, packed weights, tables that kernels point into.
final class Storage {
  private var blocks: [UnsafeMutableRawPointer] = []
  /// Bytes allocated so far.
  private(set) var byteCount = 0

  /// Zeroed memory, aligned to 64 bytes.
  func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    blocks.append(block)
    self.byteCount += byteCount
    return block
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
    for block in blocks { block.deallocate() }
  }
}
