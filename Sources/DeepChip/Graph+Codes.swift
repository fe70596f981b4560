import Graphs
import Reference
import Tensors

extension Graph {
  /// What the codes of an input mean: the encoding of the dequantization that reads it, or its own.
  func inputEncoding(_ id: ValueID) -> AffineEncoding? {
    for node in nodes where node.inputs.contains(id) {
      if case .dequantize(let encoding) = node.operator { return encoding }
    }
    if case .affine(let encoding)? = self[id].encoding { return encoding }
    return nil
  }

  /// What the codes of an output mean: the encoding of the quantization that makes it, or its own.
  func outputEncoding(_ id: ValueID) -> AffineEncoding? {
    for node in nodes where node.output == id {
      if case .quantize(let encoding, _) = node.operator { return encoding }
    }
    if case .affine(let encoding)? = self[id].encoding { return encoding }
    return nil
  }
}

extension AnyTensor {
  /// The real numbers that codes stand for; other tensors as they are.
  func decoded(_ encoding: AffineEncoding?) throws -> AnyTensor {
    switch self {
    case .uint8, .int8:
      guard let encoding else { return self }
      do throws(ReferenceError) {
        return try Reference.evaluate(.dequantize(encoding), [.tensor(self)])
      } catch { throw Failure(error) }
    case .float32, .int16, .int32, .int64, .bool: return self
    }
  }
}
