import Coding
import Graphs
import ModelFormat
import Tensors
import Testing

@Suite struct SectionTests {
  private func parts() throws -> FileParts { FileParts(try SampleGenerator.everything(seed: 2).serialized(.plain)) }

  @Test("An unknown section that is not required is skipped, the plan too", arguments: [UInt16(6), 9, 999])
  func unknownSectionsAreSkipped(kind: UInt16) throws {
    var parts = try parts()
    let model = try PackedModel(reading: parts.sealed)
    parts.sections.insert(FileParts.Section(kind: kind, flags: 0, bytes: [1, 2, 3]), at: 1)
    #expect(try PackedModel(reading: parts.sealed) == model)
    let layout = try FileLayout(reading: parts.sealed)
    #expect(layout.sections[1].number == kind)
    #expect(layout.sections[1].byteCount == 3)
    #expect(layout.sections[1].kind == SectionKind(rawValue: kind))
  }

  @Test("An unknown section that is required is refused by its number")
  func unknownRequiredSectionIsRefused() throws {
    var parts = try parts()
    parts.sections.insert(FileParts.Section(kind: 77, flags: 1, bytes: []), at: 0)
    let error = #expect(throws: ModelFormatError(.unknownSection(77), byteOffset: 24)) {
      try PackedModel(reading: parts.sealed)
    }
    #expect(error?.description == "byte 24: section kind 77 is required and not known. Pack the model again.")
  }

  @Test("A later version, a wrong length and a wrong checksum are told apart")
  func headerErrorsAreToldApart() throws {
    let file = try parts().sealed
    func error(_ change: (inout [UInt8]) -> Void) -> String? {
      var changed = file
      change(&changed)
      return #expect(throws: ModelFormatError.self) { try PackedModel(reading: changed) }?.description
    }
    #expect(
      error { $0[8] = 2 }
        == "byte 8: format version 2 is newer than this program knows. Update DeepChip, or pack the model again with this version."
    )
    #expect(
      error { $0.removeLast() }
        == "byte 16: the header announces \(file.count) bytes and the file has \(file.count - 1). The file is damaged: copy or pack it again."
    )
    #expect(
      error { $0[$0.count - 1] ^= 1 }?.hasPrefix("data section, byte ") == true)
    #expect(
      error { $0[0] = 0 }
        == "byte 0: not a packed model (.dchip). Make one with 'deepchip quantize MODEL.onnx --data D -o M.dchip'.")
  }

  @Test("A section that is missing, there twice or wrongly marked is refused", arguments: SectionKind.allCases)
  func sectionRulesAreChecked(kind: SectionKind) throws {
    let parts = try parts()
    guard let index = parts.sections.firstIndex(where: { $0.kind == kind.rawValue }) else {
      #expect(kind == .plan || kind == .condensed)
      return
    }
    var (twice, marked, missing) = (parts, parts, parts)
    twice.sections.append(parts.sections[index])
    marked.sections[index].flags ^= 1
    missing.sections.remove(at: index)
    #expect(throws: ModelFormatError.self) { try PackedModel(reading: twice.sealed) }
    #expect(throws: ModelFormatError.self) { try PackedModel(reading: marked.sealed) }
    if kind == .graph || kind == .data {
      #expect(throws: ModelFormatError.self) { try PackedModel(reading: missing.sealed) }
    } else {
      _ = try PackedModel(reading: missing.sealed)
    }
  }

  @Test("Without names the file is smaller, and nodes are named by operator and place")
  func namesCanBeDropped() throws {
    let model = try SampleGenerator.everything(seed: 2)
    let file = try model.serialized(WritingOptions(includesNames: false))
    #expect(try file.count < model.serialized().count)
    let read = try PackedModel(reading: file)
    #expect(read.graph.nodes[0].name == "convolution 0")
    #expect(read.graph[read.graph.inputs[1]].name == "input 1")
    #expect(try read.serialized(WritingOptions(includesNames: false)) == file)
  }

  @Test("The layout tells where every constant lies")
  func layoutTellsPlaces() throws {
    let model = try SampleGenerator.everything(seed: 3)
    let file = try model.serialized(.plain)
    let layout = try FileLayout(reading: file)
    let graph = model.inFileOrder.graph
    #expect(layout.constants.count == graph.constants.count)
    for (place, id) in zip(layout.constants, graph.constants.keys.sorted()) {
      let constant = try #require(graph.constants[id])
      #expect(place.type == constant.type)
      if case .tensor(.uint8(let tensor)) = constant {
        #expect(Array(file[place.offset..<place.offset + place.byteCount]) == tensor.scalars)
      }
      if case .coded(let coded) = constant {
        #expect(place.encoding == coded.encoding)
        #expect(
          place.code == (coded.encoding.bitsPerCode == 2 && coded.encoding.isTernary ? .trits : .raw)
            || place.byteCount < 4)
      }
    }
    #expect(layout.sections.map(\.kind) == [.graph, .preprocessing, .classNames, .names, .encodings, .data])
  }

  @Test("Payloads of 64 KiB and more start at multiples of 64 in the file")
  func largePayloadsAreAligned() throws {
    var graph = Graph()
    for count in [3, 16_384, 5, 16_385, 1] {
      let tensor = Tensor<Float>.random([count], seed: 1)
      graph.outputs.append(graph.addConstant("c", .float32(tensor)))
      graph.outputs.append(graph.addConstant("b", .bool(Tensor(true))))
    }
    let model = PackedModel(graph: graph)
    let file = try model.serialized()
    #expect(try PackedModel(reading: file) == model)
    for constant in try FileLayout(reading: file).constants {
      #expect(constant.offset % (constant.byteCount >= 65_536 ? 64 : constant.type.elementType.byteCount) == 0)
    }
  }

  @Test(
    "Every weight code of ternary weights carries them through a file",
    arguments: WeightCode.allCases.filter { $0.supports(.ternary) })
  func everyWeightCodeWorks(code: WeightCode) throws {
    let model = try DocumentTests.exampleModel()
    let file = try model.serialized(WritingOptions(weightCodes: [code]))
    #expect(try FileLayout(reading: file).constants[0].code == code)
    #expect(try PackedModel(reading: file) == model)
  }
}

extension Encoding {
  fileprivate var isTernary: Bool { if case .ternary = self { true } else { false } }
}
