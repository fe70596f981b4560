import Foundation
import Interchange
import Tensors
import Testing

/// What every reader of outside bytes must stand.
enum Damage {
  /// Reads every beginning of `data` but the whole: none may be taken for a good file.
  static func truncate(_ data: Data, _ read: (Data) throws -> Void) {
    for length in 0..<data.count {
      #expect(throws: ImportError.self, "cut after \(length) bytes") { try read(Data(data.prefix(length))) }
    }
  }

  /// Reads copies of `data` with one to three bits turned: each gives a result or an `ImportError`.
  static func flipBits(_ data: Data, count: Int, seed: UInt64, _ read: (Data) throws -> Void) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<count {
      var copy = [UInt8](data)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        copy[Int.random(in: 0..<copy.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      do {
        try read(Data(copy))
      } catch is ImportError {
      } catch {
        Issue.record(error)
      }
    }
  }
}

/// A tensor of any element type with elements from a seed.
func randomTensor(_ type: ElementType, _ shape: Shape, seed: UInt64) -> AnyTensor {
  var generator = SplitMix64(seed: seed)
  let bits = (0..<shape.elementCount).map { _ in generator.next() }
  switch type {
  case .float32: return .float32(Tensor.random(shape, in: -100...100, seed: seed))
  case .uint8: return .uint8(Tensor(shape: shape, scalars: bits.map { UInt8(truncatingIfNeeded: $0) }))
  case .int8: return .int8(Tensor(shape: shape, scalars: bits.map { Int8(truncatingIfNeeded: $0) }))
  case .int16: return .int16(Tensor(shape: shape, scalars: bits.map { Int16(truncatingIfNeeded: $0) }))
  case .int32: return .int32(Tensor(shape: shape, scalars: bits.map { Int32(truncatingIfNeeded: $0) }))
  case .int64: return .int64(Tensor(shape: shape, scalars: bits.map { Int64(bitPattern: $0) }))
  case .bool: return .bool(Tensor(shape: shape, scalars: bits.map { $0 & 1 == 1 }))
  }
}
