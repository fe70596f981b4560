import DeepChip
import Foundation
import Kernels
import Testing

/// The whole way on built-in data: import, quantize, pack, write, read, run.
@Suite struct DigitsTests {
  struct Coding: Sendable, CustomTestStringConvertible {
    var weights: WeightQuantizerKind
    var ternaryThreshold: Float?
    /// Items on which kernels and definitions are compared.
    var compared: Int
    /// Points of top-1 that may be lost, where anything is promised.
    var tolerance: Double?

    var testDescription: String { weights.name + (ternaryThreshold.map { ", threshold \($0)" } ?? "") }

    static let all = [
      Coding(weights: .int8, compared: 360, tolerance: 0.01), Coding(weights: .int4, compared: 20, tolerance: 0.05),
      Coding(weights: .int2, compared: 20), Coding(weights: .ternary, compared: 20),
      Coding(weights: .ternary, ternaryThreshold: 0, compared: 20), Coding(weights: .binary, compared: 20),
    ]
  }

  @Test("A coded network: what is read is what was written, kernels give the definition's bytes", arguments: Coding.all)
  func pipeline(coding: Coding) throws {
    let packed = try Digits.quantized(coding.weights, ternaryThreshold: coding.ternaryThreshold)
    let bytes = try packed.serialized()
    let folder = try TemporaryFolder()
    let read = try Model(contentsOf: folder.file("digits.dchip", bytes))
    #expect(try read.packed.serialized() == bytes)

    let test = try Dataset.digits(split: .test)
    let feeder = try InputFeeder(read.packed.graph, Digits.preprocessing)
    let inputs = try (0..<coding.compared).map { try feeder.input(test, [$0]) }
    try expectEqualToTheReference(read.packed, inputs, coding.testDescription)

    let all = Array(0..<test.count)
    let coded = try #require(Evaluator(read).evaluate(test, indices: all).evaluation.top1)
    let real = try #require(Evaluator(Digits.float()).evaluate(test, indices: all).evaluation.top1)
    #expect(real > 0.97)
    if let tolerance = coding.tolerance { #expect(abs(real - coded) <= tolerance, "\(real) became \(coded)") }
  }

  @Test("A batch gives each item the bytes it gets alone", arguments: [2, 5, 16])
  func batches(count: Int) throws {
    let packed = try Digits.quantized(.int8)
    let test = try Dataset.digits(split: .test)
    let feeder = try InputFeeder(packed.graph, Digits.preprocessing)
    let together = try Executor(packed, batch: count, threads: 2).run([feeder.input(test, Array(0..<count))])[0]
    let single = try Executor(packed)
    let apart = try (0..<count).flatMap { try single.run([feeder.input(test, [$0])])[0].doubles }
    #expect(together.doubles == apart)
  }
}
