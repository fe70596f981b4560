import DeepChip
import Foundation
import Testing

/// Files that lost their end or some bits: a `Failure` or a model, whatever the place.
@Suite struct DamagedFileTests {
  /// A small file of each format, by the name it gets.
  enum Sample: String, CaseIterable {
    case onnx, dchip

    func bytes() throws -> [UInt8] {
      switch self {
      case .onnx: ONNXBytes.smallNetwork
      case .dchip: try Digits.quantized(.int2).serialized()
      }
    }
  }

  @Test("The sample is a good file", arguments: Sample.allCases)
  func sampleIsGood(sample: Sample) throws {
    let folder = try TemporaryFolder()
    let model = try Model(contentsOf: folder.file("m.\(sample.rawValue)", sample.bytes()))
    #expect(try model.executor().run([.float32(input(of: model))]).count == 1)
  }

  @Test("A file cut after any byte", arguments: Sample.allCases)
  func truncation(sample: Sample) throws {
    let folder = try TemporaryFolder()
    let bytes = try sample.bytes()
    let file = try folder.file("m.\(sample.rawValue)", bytes)
    var wholeCount = 0
    for count in (0..<bytes.count).reversed() {
      truncate(file.path, off_t(count))
      if try load(file, "cut after \(count) bytes") { wholeCount += 1 }
    }
    // An ONNX file has no mark at its end: what lacks the operator set, which comes last, may pass for a whole one.
    #expect(wholeCount <= (sample == .dchip ? 0 : 6))
  }

  @Test("A file with one to three bits turned, run where it loads", arguments: Sample.allCases, UInt64(0)..<4)
  func turnedBits(sample: Sample, seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let bytes = try sample.bytes()
    var generator = SplitMix64(seed: seed)
    for _ in 0..<500 {
      var copy = bytes
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        copy[Int.random(in: 0..<copy.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      _ = try load(folder.file("m.\(sample.rawValue)", copy), "seed \(seed)")
    }
  }

  /// Loads and, if that works, runs a model; true if it is one.
  ///
  /// - Throws: every error but a `Failure` that names the file.
  private func load(_ file: URL, _ comment: String) throws -> Bool {
    let model: Model
    do {
      model = try Model(contentsOf: file)
    } catch let failure as Failure {
      #expect(failure.description.hasPrefix(file.lastPathComponent), "\(comment): \(failure)")
      #expect(failure.code != .usage, "\(comment): \(failure)")
      return false
    }
    do {
      let input = try input(of: model)
      guard input.shape.elementCount < 1 << 16 else { return true }
      _ = try model.executor().run([.float32(input)])
    } catch is Failure {
    } catch is RuntimeError {
    }
    return true
  }

  private func input(of model: Model) throws -> Tensor<Float> {
    guard let id = model.packed.graph.inputs.first else { return Tensor(0) }
    guard let shape = try? model.packed.graph[id].type.shape(batch: 1), shape.elementCount < 1 << 16
    else { return Tensor(repeating: 0, shape: [1 << 16]) }
    return .random(shape, seed: 1)
  }
}
