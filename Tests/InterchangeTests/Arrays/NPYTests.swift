import Foundation
import Interchange
import Tensors
import Testing

@Suite struct NPYTests {
  @Test(
    "What was written is read again", arguments: ElementType.allCases,
    [Shape(), Shape(1), Shape(7), Shape(0, 3), Shape(2, 3, 4), Shape(1, 2, 1, 5, 3)])
  func roundTrip(type: ElementType, shape: Shape) throws {
    let tensor = randomTensor(type, shape, seed: 3)
    let data = NPY.encoded(tensor)
    #expect((data.count - tensor.byteCount) % 64 == 0)
    #expect(try NPY.read(data, file: "a.npy") == tensor)
  }

  @Test("The bytes are those that NumPy writes")
  func bytes() {
    let data = NPY.encoded(.int16(Tensor(shape: [2, 1], scalars: [1, -2])))
    let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }"
    let padding = String(repeating: " ", count: 117 - header.count) + "\n"
    var expected: [UInt8] = [0x93] + Array("NUMPY".utf8)
    expected += [1, 0, 118, 0]
    expected += Array((header + padding).utf8)
    expected += [1, 0, 0xFE, 0xFF]
    #expect([UInt8](data) == expected)
  }

  @Test(
    "Both byte orders and all types give the numbers that were meant",
    arguments: [
      ("<f2", [0x00, 0x3C, 0x01, 0x80], [1, -0x1p-24]), (">f2", [0x3C, 0x00, 0x7B, 0xFF], [1, 65504]),
      ("<f4", [0, 0, 0x80, 0x3F], [1]), (">f4", [0xC0, 0x20, 0, 0], [-2.5]),
      ("<f8", [0, 0, 0, 0, 0, 0, 0xF0, 0x3F], [1]), (">f8", [0x40, 0x09, 0, 0, 0, 0, 0, 0], [3.125]),
      ("|i1", [0xFF, 0x7F], [-1, 127]), ("<i2", [0xFE, 0xFF], [-2]), (">i4", [0, 0, 1, 0], [256]),
      (">i8", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE], [-2]), ("|u1", [0xFF], [255]),
      ("<u2", [0xFF, 0xFF], [65535]), (">u4", [0xFF, 0xFF, 0xFF, 0xFF], [4_294_967_295]),
      ("<u8", [1, 0, 0, 0, 0, 0, 0, 0], [1]), ("|b1", [0, 1], [0, 1]),
    ] as [(String, [UInt8], [Double])])
  func elementTypes(description: String, bytes: [UInt8], expected: [Double]) throws {
    let tensor = try NPY.read(npy(description, "(\(expected.count),)", bytes), file: "a.npy")
    #expect(tensor.doubles == expected)
  }

  @Test("An unsigned number beyond int64 is refused")
  func tooLarge() {
    let data = npy("<u8", "(1,)", [UInt8](repeating: 0xFF, count: 8))
    let expected = ImportError(
      .unsupported("the unsigned number 18446744073709551615 does not fit in int64"), file: "a.npy")
    #expect(throws: expected) { try NPY.read(data, file: "a.npy") }
  }

  @Test("Fortran's order is turned into row-major order", arguments: [1, 2, 3] as [UInt8])
  func fortranOrder(version: UInt8) throws {
    // Element (i, j) of [2, 3] is 10 i + j; Fortran's order runs down the columns.
    let data = npy("|i1", "(2, 3)", [0, 10, 1, 11, 2, 12], fortran: "True", version: version)
    #expect(try NPY.read(data, file: "a.npy") == .int8(Tensor(shape: [2, 3], scalars: [0, 1, 2, 10, 11, 12])))
  }

  @Test(
    "A header that is not exactly of the known form is refused",
    arguments: [
      "", "{}", "{'descr': '|i1', 'fortran_order': False}", "{'descr': '|i1', 'fortran_order': 0, 'shape': (1,)}",
      "{'descr': '|i1', 'fortran_order': False, 'shape': (1)}",
      "{'descr': '|i1', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '|i1', 'fortran_order': False, 'shape': (1,), 'x': 1}",
      "{'descr': '|i1', 'descr': '|i1', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '|i1', 'fortran_order': False, 'shape': (1,)} x",
      "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '|i2', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': [('a', '<i2')], 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '|i1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      "{'descr': '|i1', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
      "{'descr': '|i1', 'fortran_order': False, 'shape': (2,)}",
    ])
  func badHeaders(header: String) {
    var data: [UInt8] = [0x93] + Array("NUMPY".utf8)
    data += [1, 0, UInt8(header.utf8.count), 0]
    data += Array(header.utf8) + [7]
    #expect(throws: ImportError.self) { try NPY.read(Data(data), file: "a.npy") }
  }

  @Test("A cut file is refused at every length")
  func truncation() {
    Damage.truncate(NPY.encoded(.int32(Tensor(shape: [3], scalars: [1, 2, 3])))) { _ = try NPY.read($0, file: "a.npy") }
  }

  @Test("Turned bits give a result or an error", arguments: [11] as [UInt64])
  func bitFlips(seed: UInt64) {
    let data = NPY.encoded(randomTensor(.float32, [3, 5], seed: 1))
    Damage.flipBits(data, count: 2000, seed: seed) { _ = try NPY.read($0, file: "a.npy") }
  }
}

/// An NPY file with a header of its own.
private func npy(
  _ description: String, _ shape: String, _ bytes: [UInt8], fortran: String = "False", version: UInt8 = 1
) -> Data {
  let header = "{\"shape\":\(shape),'descr' : '\(description)', 'fortran_order': \(fortran)}\n"
  var data: [UInt8] = [0x93] + Array("NUMPY".utf8)
  data += [version, 0, UInt8(header.utf8.count), 0]
  if version > 1 { data += [0, 0] }
  return Data(data + Array(header.utf8) + bytes)
}
