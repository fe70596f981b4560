/// Memory for floats that stays where it is, aligned for vectors, zeros at first.
final class FloatBuffer {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  init(_ count: Int) {
    // A little more at the end: packed parameters are readable up to the next block of channels.
    let raw = UnsafeMutableRawPointer.allocate(byteCount: (count + 16) * 4, alignment: 64)
    pointer = raw.bindMemory(to: Float.self, capacity: count + 16)
    pointer.initialize(repeating: 0, count: count + 16)
    self.count = count
  }

  convenience init(_ values: [Float]) {
    self.init(values.count)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  func assign(_ values: [Float]) {
    precondition(values.count == count, "A buffer keeps its count")
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.update(from: base, count: count) }
    }
  }
}
