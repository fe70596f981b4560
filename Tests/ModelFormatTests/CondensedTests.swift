import Coding
import Graphs
import ModelFormat
import Tensors
import Testing

/// All but the weights, coded together.
@Suite struct CondensedTests {
  @Test("A condensed file is smaller, and the same model as one that is not", arguments: UInt64(0)..<8)
  func condensedIsTheSame(seed: UInt64) throws {
    let model = try SampleGenerator.everything(seed: seed)
    let (plain, condensed) = (try model.serialized(.plain), try model.serialized())
    #expect(condensed.count < plain.count)
    #expect(try PackedModel(reading: condensed) == PackedModel(reading: plain))
    let layout = try FileLayout(reading: condensed)
    #expect(layout.sections.map(\.kind) == [.condensed, .data])
    #expect(try layout.constants.map(\.byteCount) == FileLayout(reading: plain).constants.map(\.byteCount))
  }

  @Test("What would grow is left as it is, and what has to be read fast")
  func plainWhereThatIsBetter() throws {
    let small = PackedModel(graph: Graph())
    let file = try small.serialized(WritingOptions(includesNames: false))
    #expect(try FileLayout(reading: file).sections.map(\.kind) == [.graph])
    let model = try SampleGenerator.everything(seed: 1)
    let fast = try FileLayout(reading: model.serialized(WritingOptions(codePreference: .fast)))
    #expect(fast.sections.count == 6)
  }

  @Test("Damaged parts with a right checksum are an error or a sound model", arguments: UInt64(0)..<6)
  func damageIsSafe(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let parts = FileParts(try SampleGenerator.everything(seed: seed).serialized())
    for _ in 0..<60 {
      var changed = parts
      let place = Int.random(in: 0..<changed.sections[0].bytes.count, using: &random)
      // Half of them in the head, where lengths are.
      let index = Bool.random(using: &random) ? place % 24 : place
      switch Int.random(in: 0..<4, using: &random) {
      case 0: changed.sections[0].bytes.remove(at: index)
      case 1: changed.sections[0].bytes.insert(0xFF, at: index)
      default: changed.sections[0].bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      guard let model = try? PackedModel(reading: changed.sealed) else { continue }
      try model.graph.validate()
    }
  }

  private func error(_ change: (inout FileParts) -> Void) throws -> ModelFormatError? {
    var parts = FileParts(try SampleGenerator.everything(seed: 3).serialized())
    change(&parts)
    return #expect(throws: ModelFormatError.self) { try PackedModel(reading: parts.sealed) }
  }

  @Test("Parts that are unknown, do not ascend, are there twice, or announce too much are refused")
  func rulesAreChecked() throws {
    #expect(try error { $0.sections[0].bytes[1] = 7 }?.problem == .unknownSection(7))
    #expect(try error { $0.sections[0].bytes[1] = 5 }?.problem == .layout("parts do not ascend"))
    #expect(try error { $0.sections[0].bytes[0] = 6 }?.problem == .invalid("the number of parts is 6, not in 1...5"))
    let twice = try error {
      $0.sections.insert(FileParts.Section(kind: 3, flags: 0, bytes: [1, 1, 65]), at: 1)
    }
    #expect(twice?.problem == .layout("the section is there twice"))
    #expect(twice?.section == .classNames)
    let huge: [UInt8] = [1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0, 1, 2, 3]
    #expect(
      try error { $0.sections[0].bytes = huge }?.problem
        == .limit("the parts take more memory than a file of this size can need"))
    let lists: [UInt8] = [1, 1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 1, 2, 3]
    #expect(try error { $0.sections[0].bytes = lists }?.problem == .layout("the lists leave the section"))
  }

  @Test("Of ResNet-44, all but weights and numbers per channel takes under 1.6 KB, with names")
  func bookkeepingIsSmall() throws {
    let model = try ResidualNetwork(blocksPerStage: 7, bitWidth: 2).model(seed: 3)
    let file = try model.serialized()
    let weights = try FileLayout(reading: file).constants.reduce(0) { $0 + $1.byteCount }
    #expect(file.count - weights - model.parametersPerChannelByteCount < 1_600)
  }
}
