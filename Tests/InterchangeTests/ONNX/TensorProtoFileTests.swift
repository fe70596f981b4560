import Foundation
import Interchange
import Tensors
import Testing

@Suite struct TensorProtoFileTests {
  @Test(
    "A tensor read back is the one that was written",
    arguments: [
      AnyTensor.float32(.random([2, 3], seed: 1)), .uint8(Tensor(shape: [3], scalars: [0, 7, 255])),
      .int8(Tensor(shape: [2], scalars: [-128, 127])), .int16(Tensor(shape: [1, 2], scalars: [-32768, 5])),
      .int32(Tensor(Int32.min)), .int64(Tensor(shape: [0, 4], scalars: [])),
      .bool(Tensor(shape: [2], scalars: [true, false])),
    ])
  func roundTrip(tensor: AnyTensor) throws {
    let read = try TensorProtoFile.read(TensorProtoFile.encode(tensor, name: "t"), file: "t.pb")
    #expect(read.name == "t")
    #expect(read.tensor == tensor)
  }

  @Test("Cut files give a clean error or a tensor")
  func truncation() throws {
    let data = TensorProtoFile.encode(.float32(.random([5, 3], seed: 2)), name: "t")
    for count in 0..<data.count {
      do throws(ImportError) { _ = try TensorProtoFile.read(data.prefix(count), file: "t.pb") } catch {
        #expect(error.description.hasPrefix("t.pb"))
      }
    }
  }

  @Test(
    "Half floats and wide integers become the nearest types that hold them",
    arguments: [
      // Message: one axis of one element, element type, raw bytes.
      (10, [0x00, 0x3C], AnyTensor.float32(Tensor(shape: [1], scalars: [1]))),
      (10, [0x01, 0x80], .float32(Tensor(shape: [1], scalars: [-0x1p-24]))),
      (10, [0x00, 0x7C], .float32(Tensor(shape: [1], scalars: [.infinity]))),
      (16, [0xC0, 0x3F], .float32(Tensor(shape: [1], scalars: [1.5]))),
      (4, [0xFF, 0xFF], .int32(Tensor(shape: [1], scalars: [65535]))),
      (12, [0xFF, 0xFF, 0xFF, 0xFF], .int64(Tensor(shape: [1], scalars: [4_294_967_295]))),
      (11, [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], .float32(Tensor(shape: [1], scalars: [1.5]))),
    ] as [(Int64, [UInt8], AnyTensor)])
  func converts(type: Int64, raw: [UInt8], expected: AnyTensor) throws {
    var message = ONNXBuilder.Message()
    message.varint(1, 1)
    message.varint(2, type)
    message.bytes(9, raw)
    #expect(try TensorProtoFile.read(Data(message.bytes), file: "t.pb").tensor == expected)
  }
}
