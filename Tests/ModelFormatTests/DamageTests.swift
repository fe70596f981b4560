import Coding
import Graphs
import ModelFormat
import Tensors
import Testing

/// Damaged and hostile files: an error, never a trap.
@Suite struct DamageTests {
  @Test("A file cut at any byte is refused")
  func truncationIsRefused() throws {
    let file = try SampleGenerator.everything(seed: 1).serialized()
    for count in 0..<file.count {
      #expect(throws: ModelFormatError.self) { try PackedModel(reading: Array(file[..<count])) }
    }
  }

  @Test("A file with bytes after its end is refused")
  func appendedBytesAreRefused() throws {
    let file = try SampleGenerator.everything(seed: 1).serialized()
    #expect(throws: ModelFormatError(.length(announced: UInt64(file.count), found: file.count + 1), byteOffset: 16)) {
      try PackedModel(reading: file + [0])
    }
  }

  @Test("No flip of a bit goes unnoticed", arguments: UInt64(0)..<4)
  func flipsAreNoticed(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var file = try SampleGenerator.everything(seed: seed).serialized()
    for _ in 0..<2_500 {
      let (index, bit) = (
        Int.random(in: 0..<file.count, using: &random), UInt8(1) << UInt8.random(in: 0...7, using: &random)
      )
      file[index] ^= bit
      #expect(throws: ModelFormatError.self) { try PackedModel(reading: file) }
      #expect(throws: ModelFormatError.self) { try FileLayout(reading: file) }
      file[index] ^= bit
    }
  }

  @Test("Bytes that are no packed file are refused", arguments: [0, 1, 7, 8, 23, 24, 31, 32, 100])
  func otherFilesAreRefused(count: Int) throws {
    #expect(throws: ModelFormatError(.notPackedModel, byteOffset: 0)) {
      try PackedModel(reading: [UInt8](repeating: 0x50, count: count))
    }
  }

  @Test("What changed parts with right checksums give is an error or a sound model", arguments: UInt64(0)..<8)
  func changedPartsAreSafe(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let parts = FileParts(try SampleGenerator.everything(seed: seed % 4).serialized(.plain))
    var accepted = 0
    for _ in 0..<400 {
      var changed = parts
      for _ in 0..<Int.random(in: 1...3, using: &random) { changed.mutate(using: &random) }
      let file = changed.sealed
      guard let model = try? PackedModel(reading: file) else { continue }
      accepted += 1
      try model.graph.validate()
      _ = model.graph.macCount
      let again = try model.serialized(.plain)
      #expect(try PackedModel(reading: again).serialized(.plain) == again)
    }
    #expect(accepted > 0)
  }
}

extension FileParts {
  /// Flips, sets, inserts, deletes or repeats some bytes of one section.
  mutating func mutate(using random: inout SplitMix64) {
    let index = Int.random(in: 0..<sections.count, using: &random)
    var bytes = sections[index].bytes
    let place = Int.random(in: 0..<max(bytes.count, 1), using: &random)
    let special: [UInt8] = [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF]
    switch Int.random(in: 0...5, using: &random) {
    case _ where bytes.isEmpty: bytes.append(0)
    case 0, 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
    case 2: bytes[place] = special.randomElement(using: &random) ?? 0
    case 3: bytes.insert(contentsOf: special.prefix(Int.random(in: 1...7, using: &random)), at: place)
    case 4: bytes.removeSubrange(place..<min(place + Int.random(in: 1...9, using: &random), bytes.count))
    default:
      let large: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x07]
      bytes.replaceSubrange(place..<place + 1, with: large.suffix(Int.random(in: 2...5, using: &random)))
    }
    sections[index].bytes = bytes
  }
}
