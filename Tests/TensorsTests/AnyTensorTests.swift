import Tensors
import Testing

@Suite struct AnyTensorTests {
  /// One tensor of each element type, elements 1, 0 (and for numbers 1, 0).
  static let all: [AnyTensor] = [
    .float32(Tensor(shape: [2], scalars: [1, 0])), .uint8(Tensor(shape: [2], scalars: [1, 0])),
    .int8(Tensor(shape: [2], scalars: [1, 0])), .int16(Tensor(shape: [2], scalars: [1, 0])),
    .int32(Tensor(shape: [2], scalars: [1, 0])), .int64(Tensor(shape: [2], scalars: [1, 0])),
    .bool(Tensor(shape: [2], scalars: [true, false])),
  ]

  @Test("The list of tensors has every element type once")
  func coversElementTypes() {
    #expect(Self.all.map(\.elementType) == ElementType.allCases)
  }

  @Test("A tensor knows its size, its numbers and its other shapes", arguments: all)
  func properties(tensor: AnyTensor) {
    #expect(tensor.shape == [2])
    #expect(tensor.byteCount == 2 * tensor.elementType.byteCount)
    #expect(tensor.doubles == [1, 0])
    #expect(tensor.integers == (tensor.elementType == .float32 ? nil : [1, 0]))
    #expect((tensor.asFloat32 != nil) == (tensor.elementType == .float32))
    #expect(tensor.reshaped([1, 2]).shape == [1, 2])
    #expect(tensor.reshaped([1, 2]).elementType == tensor.elementType)
    #expect(tensor.reshaped([1, 2]).doubles == [1, 0])
  }

  @Test("Whole numbers are the integer types; bool is none")
  func isInteger() {
    #expect(ElementType.allCases.filter(\.isInteger) == [.uint8, .int8, .int16, .int32, .int64])
  }
}
