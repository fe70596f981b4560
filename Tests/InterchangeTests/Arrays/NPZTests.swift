import Foundation
import Interchange
import Tensors
import Testing

@Suite struct NPZTests {
  /// `numpy.savez_compressed(f, a=numpy.arange(6, dtype="f4").reshape(2, 3), labels=numpy.array([3, 1], dtype="i8"))`.
  private static let deflated = """
    UEsDBC0AAAAIAAAAIQBP6QAq//////////8FABQAYS5ucHkBABAAmAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKu\
    o6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYwaLAHEg5ABMQNQLzAAQBQSwMELQAAAAgAAAAhAIzeM+D/////\
    /////woAFABsYWJlbHMubnB5AQAQAJAAAAAAAAAASgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mhrqOgnpZfVFKUmBefX5SSChJ3\
    S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAuZgYIYITSAFBLAQItAy0AAAAIAAAAIQBP6QAqVQAAAJgAAAAFAAAAAAAAAAAAAACAAQAAAABhLm5w\
    eVBLAQItAy0AAAAIAAAAIQCM3jPgSgAAAJAAAAAKAAAAAAAAAAAAAACAAYwAAABsYWJlbHMubnB5UEsFBgAAAAACAAIAawAAABIBAAAAAA==
    """

  /// `numpy.array([1, 2, 3], dtype="i2")` as `x.npy`, stored by Python's zipfile with `force_zip64`.
  private static let stored = """
    UEsDBC0AAAAAAAAAIQBgggCR//////////8FABQAeC5ucHkBABAAhgAAAAAAAACGAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpMics\
    ICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg\
    ICAgICAgICAgICAgICAgICAgICAKAQACAAMAUEsBAi0DLQAAAAAAAAAhAGCCAJGGAAAAhgAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsF\
    BgAAAAABAAEAMwAAAL0AAAAAAA==
    """

  @Test("What was written is read again, in any number and of all types")
  func roundTrip() throws {
    var arrays: [String: AnyTensor] = [:]
    for (index, type) in ElementType.allCases.enumerated() {
      arrays["array \(index) ü"] = randomTensor(type, Shape(index, 3), seed: UInt64(index))
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + ".npz")
    defer { try? FileManager.default.removeItem(at: file) }
    for content in [[:], arrays] {
      try NPZ.write(content, to: file)
      #expect(try NPZ.read(file) == content)
    }
  }

  @Test("Deflated and stored members that NumPy wrote are read")
  func filesOfNumPy() throws {
    let deflated = try NPZ.read(try bytes(Self.deflated), file: "a.npz")
    #expect(
      deflated == [
        "a": .float32(Tensor(shape: [2, 3], scalars: [0, 1, 2, 3, 4, 5])),
        "labels": .int64(Tensor(shape: [2], scalars: [3, 1])),
      ])
    let stored = try NPZ.read(try bytes(Self.stored), file: "a.npz")
    #expect(stored == ["x": .int16(Tensor(shape: [3], scalars: [1, 2, 3]))])
  }

  @Test("A wrong checksum is found")
  func checksum() throws {
    var data = try bytes(Self.stored)
    let last = try #require(data.range(of: Data([1, 0, 2, 0, 3, 0]))?.lowerBound)
    data[last] = 9
    let found = #expect(throws: ImportError.self) { try NPZ.read(data, file: "a.npz") }
    #expect(found?.problem == .damaged("the checksum of 'x.npy' differs"))
  }

  @Test("Arrays beyond the limit are refused before they are unpacked")
  func limit() throws {
    let data = try bytes(Self.deflated)
    #expect(throws: ImportError.self) { try NPZ.read(data, file: "a.npz", maximumByteCount: 200) }
    #expect(try NPZ.read(data, file: "a.npz", maximumByteCount: 296).count == 2)
  }

  @Test("A cut file is refused at every length")
  func truncation() throws {
    for text in [Self.deflated, Self.stored] {
      Damage.truncate(try bytes(text)) { _ = try NPZ.read($0, file: "a.npz") }
    }
  }

  @Test("Turned bits give a result or an error", arguments: [21] as [UInt64])
  func bitFlips(seed: UInt64) throws {
    for text in [Self.deflated, Self.stored] {
      Damage.flipBits(try bytes(text), count: 2000, seed: seed) { _ = try NPZ.read($0, file: "a.npz") }
    }
  }

  private func bytes(_ text: String) throws -> Data { try #require(Data(base64Encoded: text)) }
}
