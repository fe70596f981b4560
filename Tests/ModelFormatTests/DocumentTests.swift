import Coding
import Foundation
import Graphs
import ModelFormat
import Tensors
import Testing

/// Documentation/format.md says what the code does.
@Suite struct DocumentTests {
  let document: String

  init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    document = try String(contentsOf: root.appendingPathComponent("Documentation/format.md"), encoding: .utf8)
  }

  @Test("The worked example is the file of the model that it describes")
  func exampleIsTheFile() throws {
    let file = try Self.exampleModel().serialized(WritingOptions(includesNames: false, condenses: false))
    #expect(try exampleBytes() == file, "The file is:\n\(Self.dump(file))")
  }

  @Test("The document numbers every member of every list as the code does")
  func numbersAreDocumented() {
    expectTable(ElementType.self)
    expectTable(WeightCode.self)
    expectTable(Operator.Kind.self)
    expectTable(UnaryKind.self)
    expectTable(BinaryFunction.self)
    expectTable(Comparison.self)
    expectTable(Reduction.self)
    expectTable(Pooling.Kind.self)
    expectTable(PaddingKind.self)
    expectTable(InterpolationKind.self)
    expectTable(Resize.Rounding.self)
    expectTable(Resize.Coordinates.self)
    expectTable(SumResultKind.self)
    expectTable(ClampKind.self)
    expectTable(Preprocessing.ChannelOrder.self)
    expectTable(Preprocessing.Layout.self)
    for kind in SectionKind.allCases {
      #expect(document.contains("| \(kind.rawValue) | \(kind.name) | \(kind.isRequired ? "yes" : "no") |"))
    }
  }

  private func expectTable<List: WireNumbered>(_: List.Type) {
    let members = List.allCases.map { "\($0.wireNumber) `\($0)`" }.joined(separator: ", ")
    let line = "- \(List.listName): \(members)"
    #expect(document.contains(line + "\n"), "missing: \(line)")
    #expect(Set(List.allCases.map(\.wireNumber)).count == List.allCases.count)
  }

  /// A dense layer with three ternary rows of two weights, and names of classes.
  static func exampleModel() throws -> PackedModel {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.uint8, [.batch(1), 2]))
    let encoding = TernaryEncoding(positiveLevel: 3, negativeLevel: 2, scales: [0.5], axis: nil)
    let codes = Tensor<Int8>(shape: [3, 2], scalars: [1, 0, -1, 1, 0, -1])
    let weights = graph.addConstant("weights", .coded(CodedTensor(codes: codes, encoding: .ternary(encoding))))
    let requantization = Requantization(
      multipliers: [40, 41, 43], offsets: [-256, 0, 512], shift: 8, codeRange: 0...255)
    graph.outputs = [try graph.append(.integer(.dense(.codes(requantization))), [x, weights], name: "dense")]
    return PackedModel(graph: graph, classNames: ["no", "yes", "?"])
  }

  /// The bytes between an offset and a comment in the lines of the example.
  private func exampleBytes() throws -> [UInt8] {
    var bytes: [UInt8] = []
    for line in document.split(separator: "\n") {
      guard let match = line.wholeMatch(of: /([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)(?: .*)?/) else { continue }
      #expect(Int(match.1, radix: 16) == bytes.count, "\(line)")
      bytes += match.2.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
    return bytes
  }

  private static func dump(_ file: [UInt8]) -> String {
    stride(from: 0, to: file.count, by: 16).map { start in
      let row = file[start..<min(start + 16, file.count)].map { String(format: "%02x", $0) }
      return String(format: "%04x  ", start) + row.joined(separator: " ")
    }.joined(separator: "\n")
  }
}
