import Foundation
import Interchange
import Tensors
import Testing

@Suite struct SafetensorsTests {
  @Test("What was written is read again")
  func roundTrip() throws {
    var tensors: [String: AnyTensor] = ["quote \" \\ \n ü": .float32(Tensor(1))]
    for (index, type) in ElementType.allCases.enumerated() {
      tensors["\(type)"] = randomTensor(type, Shape(3, index), seed: UInt64(index))
    }
    for content in [[:], tensors] {
      let data = Safetensors.encoded(content)
      #expect(data.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } % 8 == 0)
      #expect(try Safetensors.read(data, file: "a.safetensors") == content)
    }
  }

  @Test(
    "Narrow and wide types become those that a tensor can have",
    arguments: [
      ("F16", [0, 0x3C], [1]), ("BF16", [0x80, 0xBF], [-1]), ("F64", [0, 0, 0, 0, 0, 0, 0xF0, 0x3F], [1]),
      ("U16", [0xFF, 0xFF], [65535]), ("U32", [0, 0, 0, 0x80], [2_147_483_648]),
      ("U64", [9, 0, 0, 0, 0, 0, 0, 0], [9]),
      ("BOOL", [1], [1]),
    ] as [(String, [UInt8], [Double])])
  func elementTypes(type: String, bytes: [UInt8], expected: [Double]) throws {
    let header = #"{"__metadata__":{"a":"b"},"x":{"dtype":"\#(type)","shape":[1],"data_offsets":[0,\#(bytes.count)]}}"#
    let tensors = try Safetensors.read(file(header, bytes), file: "a.safetensors")
    #expect(tensors["x"]?.doubles == expected)
    #expect(tensors.count == 1)
  }

  @Test(
    "Gaps, overlaps, wrong sizes and unknown types are refused",
    arguments: [
      #"{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
      #"{"x":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
      #"{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
      #"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
      #"{"x":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}"#,
      #"{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}"#,
      #"{"x":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}"#,
      #"{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}}"#,
      #"{"x":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, #"{"x":[]}"#, "[]", "{", "",
    ])
  func badHeaders(header: String) {
    #expect(throws: ImportError.self) { try Safetensors.read(file(header, [1, 2, 3, 4]), file: "a.safetensors") }
  }

  @Test("A cut file is refused at every length")
  func truncation() {
    let data = Safetensors.encoded(["a": .int8(Tensor(shape: [3], scalars: [1, 2, 3])), "b": .float32(Tensor(2))])
    Damage.truncate(data) { _ = try Safetensors.read($0, file: "a.safetensors") }
  }

  @Test("Turned bits give a result or an error", arguments: [31] as [UInt64])
  func bitFlips(seed: UInt64) {
    let data = Safetensors.encoded(["a": randomTensor(.int16, [2, 3], seed: 1), "b": .float32(Tensor(2))])
    Damage.flipBits(data, count: 2000, seed: seed) { _ = try Safetensors.read($0, file: "a.safetensors") }
  }

  @Test("A published state dict is read", .enabled(if: ModelFiles.isThere))
  func stateDict() throws {
    let tensors = try Safetensors.read(ModelFiles.model("resnet20.safetensors"))
    #expect(tensors["conv1.weight"]?.shape == [16, 3, 3, 3])
    #expect(tensors["linear.bias"]?.shape == [10])
    let trained = tensors.filter { !$0.key.contains("running_") && !$0.key.contains("num_batches") }
    #expect(trained.values.reduce(0) { $0 + $1.shape.elementCount } == 269_722)
  }

  private func file(_ header: String, _ bytes: [UInt8]) -> Data {
    let length = header.utf8.count
    var data: [UInt8] = [UInt8(length & 255), UInt8(length >> 8), 0, 0, 0, 0, 0, 0]
    data += Array(header.utf8)
    return Data(data + bytes)
  }
}
