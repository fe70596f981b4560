import Foundation
import Graphs
import Interchange
import Testing

@Suite struct TFLiteDamageTests {
  @Test("A cut file is refused at every length", arguments: [false, true])
  func truncation(isDepthwise: Bool) {
    Damage.truncate(QuantizedFile.convolution(isDepthwise: isDepthwise)) { _ = try importGraph($0) }
  }

  @Test("Turned bits give a valid graph or an error", arguments: [41, 42] as [UInt64])
  func bitFlips(seed: UInt64) {
    for data in [QuantizedFile.convolution(isDepthwise: seed % 2 == 0), network()] {
      Damage.flipBits(data, count: 2000, seed: seed) { try importGraph($0).validate() }
    }
  }

  @Test("Turned bits in every kind of operator give a valid graph or an error", arguments: OperatorCase.all)
  func bitFlips(operatorCase: OperatorCase) {
    var builder = TFLiteBuilder()
    let x = builder.tensor(operatorCase.input)
    let outputs = operatorCase.build(&builder, x)
    let data = builder.data(inputs: [x], outputs: outputs)
    Damage.flipBits(data, count: 200, seed: 43) { try importGraph($0).validate() }
  }

  @Test("All unsupported operators are named at once, custom ones by their own name")
  func unsupportedOperators() {
    var builder = TFLiteBuilder()
    let x = builder.tensor([1, 2])
    let (a, b) = (builder.tensor([1, 2], name: "svdf"), builder.tensor([1, 2], name: "line\nfeed\u{202E}"))
    builder.append(27, [x], [a])
    builder.append(103, [a], [b])
    let expected = ImportError(
      .unsupportedOperators([
        UnsupportedOperator(name: "svdf", operator: "SVDF", opset: 1, reason: "there is no rule for it"),
        UnsupportedOperator(
          name: "line\nfeed\u{202E}", operator: "UNIQUE", opset: 1, reason: "there is no rule for it"),
      ]), file: "a.tflite")
    let found = #expect(throws: ImportError.self) { try importGraph(builder.data(inputs: [x], outputs: [b])) }
    #expect(found == expected)
    #expect(found?.isUnsupported == true)
    #expect(found?.description.unicodeScalars.contains { $0 == "\n" || $0 == "\u{202E}" } == false)
  }

  @Test(
    "Tensors and networks that need more than one file's weights and one network are refused",
    arguments: [
      ([0: .int32(2)], "TFLite schema version 2; version 3 is known"),
      ([2: .tables([[:], [:]])], "2 networks in one file (control flow or signatures); one is known"),
      ([4: .tables([[1: .int64(9)]])], "weights outside the FlatBuffers part of the file"),
      (
        [2: .tables([[0: .tables([[5: .int8(1)]]), 3: .tables([[1: .int32s([]), 2: .int32s([])]])]])],
        "tensor '' keeps its value between runs"
      ),
    ] as [([Int: FlatField], String)])
  func unsupportedFiles(fields: [Int: FlatField], reason: String) {
    var model: [Int: FlatField] = [0: .int32(3), 1: .tables([[0: .int8(0)]])]
    model.merge(fields) { $1 }
    let data = FlatWriter.file(model, identifier: "TFL3")
    let found = #expect(throws: ImportError.self) { try importGraph(data) }
    #expect(found?.problem == .unsupported(reason))
  }

  @Test("A file of another kind is recognized")
  func otherKinds() {
    let data = FlatWriter.file([0: .int32(3)], identifier: "TFL2")
    let expected = ImportError(.damaged("not a TFLite file: 'TFL3' is missing"), file: "a.tflite", byteOffset: 4)
    #expect(throws: expected) { try importGraph(data) }
  }

  @Test("A small file that refers to its parts many times over is refused instead of filling the memory")
  func manyReferences() {
    // 60,000 tensors that share one shape of 60,000 extents would take 29 GB.
    let data = manyTensors(60_000)
    #expect(data.count < 2_000_000)
    let reason = "its parts are referred to so often that reading them would take too much memory"
    let found = #expect(throws: ImportError.self) { try importGraph(data) }
    #expect(found?.problem == .damaged(reason))
  }

  private func importGraph(_ data: Data) throws -> Graph { try TFLiteImporter().graph(data, file: "a.tflite") }

  /// A pooling, an addition, a reshape, a dense layer and a softmax.
  private func network() -> Data {
    var builder = TFLiteBuilder()
    let x = builder.tensor([1, 4, 4, 2])
    let pooled = builder.tensor([1, 2, 2, 2])
    let sum = builder.tensor([1, 2, 2, 2])
    let flat = builder.tensor([1, 8])
    let (scores, result) = (builder.tensor([1, 3]), builder.tensor([1, 3]))
    let constant = builder.constant([2], [1, 2])
    let shape = builder.constant([2], integers: [-1, 8])
    let weights = builder.constant([3, 8], Grid.random([3, 8], seed: 1).values)
    builder.append(
      1, [x], [pooled], optionsType: 5, options: [1: .int32(2), 2: .int32(2), 3: .int32(2), 4: .int32(2)])
    builder.append(0, [pooled, constant], [sum], optionsType: 11, options: [0: .int8(1)])
    builder.append(22, [sum, shape], [flat], optionsType: 17, options: [:])
    builder.append(9, [flat, weights], [scores], optionsType: 8, options: [:])
    builder.append(25, [scores], [result], optionsType: 9, options: [0: .float(1)])
    return builder.data(inputs: [x], outputs: [result])
  }

  /// A model whose tensors are all the same table with a long shape.
  private func manyTensors(_ count: Int) -> Data {
    let one: [Int: FlatField] = [0: .int32s([Int](repeating: 1, count: count))]
    let tensors = [[Int: FlatField]](repeating: [:], count: count - 1) + [one]
    let model: [Int: FlatField] = [
      0: .int32(3), 1: .tables([]), 2: .tables([[0: .tables(tensors), 3: .tables([])]]), 4: .tables([]),
    ]
    var bytes = [UInt8](FlatWriter.file(model, identifier: "TFL3"))
    func number(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }
    // The list of tensors: root, field 2, its first table, field 0.
    let root = number(0)
    let list = root + 20 + number(root + 20)
    let subgraph = list + 4 + number(list + 4)
    let vector = subgraph + 4 + number(subgraph + 4)
    let last = vector + 4 * count
    let target = last + number(last)
    for index in 1..<count {
      let place = vector + 4 * index
      withUnsafeBytes(of: UInt32(target - place).littleEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
    }
    return Data(bytes)
  }
}
