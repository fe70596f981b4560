import Coding
import Foundation
import Graphs
import ModelFormat
import Tensors
import Testing

/// Small files that announce much: no reader takes more than 64 MiB and three times the file.
///
/// Each test has a process of its own, whose peak is the reader's.
@Suite struct MemoryTests {
  @Test("Lists of equal integers, which take no bits, cannot fill the memory")
  func equalIntegersAreCounted() async {
    await #expect(processExitsWith: .success) {
      let parts = FileParts(try MemoryTests.wideLayers(count: 200, channels: 100_000))
      let file = parts.sealed
      let before = MemoryTests.peak()
      let error = #expect(throws: ModelFormatError.self) { try PackedModel(reading: file) }
      #expect(error?.problem == .limit("this takes more memory than a file of this size can need"))
      #expect(MemoryTests.peak() - before < 64 << 20 + 3 * file.count)
    }
  }

  @Test("Tens of thousands of nodes of three bytes cannot fill the memory")
  func nodesAreCounted() async {
    await #expect(processExitsWith: .success) {
      var section = ByteWriter()
      // One input of two elements; no constants; relu of the newest value; no outputs.
      section.append([1, 0x12, 4, 0])
      section.varint(65_000)
      for _ in 0..<65_000 { section.append([9 | 1 << 6, 1, 1]) }
      section.byte(0)
      var parts = FileParts(try DocumentTests.exampleModel().serialized())
      parts.sections = [FileParts.Section(kind: 1, flags: 1, bytes: section.bytes)]
      let file = parts.sealed
      let before = MemoryTests.peak()
      let model = try PackedModel(reading: file)
      #expect(model.graph.nodes.count == 65_000)
      #expect(MemoryTests.peak() - before < 64 << 20 + 3 * file.count)
    }
  }

  @Test("Constants that the file does not hold are refused", arguments: [UInt8(1), 8])
  func constantsAreBacked(form: UInt8) throws {
    var section = ByteWriter()
    // No inputs; one constant of 2^31 − 1 elements.
    section.append([0, 1, form | 0x10])
    section.varint(0x7FFF_FFFF)
    section.append([0x80, 1, 1, 0, 0, 0x80, 0x3F, 2, 0, 0])
    var parts = FileParts(try DocumentTests.exampleModel().serialized())
    parts.sections = [FileParts.Section(kind: 1, flags: 1, bytes: section.bytes)]
    let error = #expect(throws: ModelFormatError.self) { try PackedModel(reading: parts.sealed) }
    #expect(error?.problem.description.hasSuffix(" bytes leaves the data section") == true)
  }

  /// A file with `count` dense layers of the same weights, each with lists of equal integers.
  static func wideLayers(count: Int, channels: Int) throws -> [UInt8] {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.uint8, [.batch(1), 1]))
    let encoding = Encoding.affine(AffineEncoding(scale: 1, bitWidth: 1, isSigned: true))
    let codes = Tensor<Int8>(repeating: 1, shape: [channels, 1])
    let weights = graph.addConstant("w", .coded(CodedTensor(codes: codes, encoding: encoding)))
    let requantization = Requantization(
      multipliers: [Int32](repeating: 1, count: channels), offsets: [Int64](repeating: 0, count: channels), shift: 1,
      codeRange: 0...255)
    graph.outputs = [
      try graph.append(.integer(.dense(.codes(requantization))), [x, weights], name: "dense")
    ]
    let options = WritingOptions(includesNames: false, condenses: false)
    var parts = FileParts(try PackedModel(graph: graph).serialized(options))
    // The graph section ends with the number of nodes, the node, and two bytes for the output.
    let bytes = parts.sections[0].bytes
    let node = try #require(bytes.lastIndex(of: 27 | 2 << 6))
    var section = ByteWriter()
    section.append(Array(bytes[..<(node - 1)]))
    section.varint(UInt64(count))
    for index in 0..<count {
      // The input lies further back from node to node.
      section.append([bytes[node]])
      section.varint(UInt64(2 * index + 1))
      section.append(Array(bytes[(node + 2)..<(bytes.count - 2)]))
    }
    section.byte(0)
    parts.sections[0].bytes = section.bytes
    return parts.sealed
  }

  /// The largest memory of this process so far, in bytes; 0 where it cannot be told.
  static func peak() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let match = status.firstMatch(of: /VmHWM:\s+(\d+) kB/), let kibibytes = Int(match.1)
    else { return 0 }
    return kibibytes << 10
  }
}
