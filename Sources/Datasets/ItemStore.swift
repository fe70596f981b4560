import Foundation

/// Where items lie.
enum ItemStore: Sendable {
  /// Bytes of fixed size in files or memory, block after block.
  case records([RecordBlock])
  /// All features, item after item.
  case features([Float])
  /// A PNG or JPEG file for each item.
  case pictures([URL])
  /// Items of another set, some of them or of another size.
  indirect case view(DatasetView)
}

/// Items of equal size at equal distances in one run of bytes.
struct RecordBlock: Sendable {
  var bytes: Data
  /// Where the first item begins.
  var offset: Int
  /// Bytes from one item to the next.
  var stride: Int
  var count: Int

  /// - Precondition: the last item lies inside `bytes`.
  init(bytes: Data, offset: Int, stride: Int, byteCount: Int, count: Int) {
    precondition(count == 0 || offset + stride * (count - 1) + byteCount <= bytes.count, "Items lie inside the bytes")
    self.bytes = bytes
    self.offset = offset
    self.stride = stride
    self.count = count
  }

  /// Items side by side.
  init(bytes: Data, byteCount: Int, count: Int) {
    self.init(bytes: bytes, offset: 0, stride: byteCount, byteCount: byteCount, count: count)
  }
}

extension [RecordBlock] {
  /// The bytes of the items at `indices`, one after the other.
  func gather(_ indices: some Collection<Int>, _ byteCount: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: indices.count * byteCount) { buffer, initialized in
      var target = UnsafeMutableRawBufferPointer(buffer)[...]
      for index in indices {
        copy(index, byteCount, to: UnsafeMutableRawBufferPointer(rebasing: target.prefix(byteCount)))
        target = target.dropFirst(byteCount)
      }
      initialized = indices.count * byteCount
    }
  }

  private func copy(_ index: Int, _ byteCount: Int, to target: UnsafeMutableRawBufferPointer) {
    var index = index
    for block in self {
      if index < block.count {
        let start = block.offset + index * block.stride
        block.bytes.withUnsafeBytes { target.copyMemory(from: .init(rebasing: $0[start..<start + byteCount])) }
        return
      }
      index -= block.count
    }
    preconditionFailure("An item's index lies in 0..<count")
  }
}
