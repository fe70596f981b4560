import CResources
import Datasets
import Foundation
import Interchange
import ModelFormat
import Tensors

/// The main job on built-in data: a float network for the digits, quantized, packed, evaluated and timed.
public struct Demonstration {
  /// What the table shows of one model.
  public struct Row: Codable, Sendable {
    public var model: String
    public var top1: Double
    public var byteCount: Int
    public var medianMicroseconds: Double
  }

  public var rows: [Row] = []
  /// Where the packed file lies.
  public var packedFile: URL

  /// Runs it, writing into `folder`.
  ///
  /// - Parameters:
  ///   - folder: exists; gets the float and the packed file.
  ///   - step: told what is being done.
  public init(in folder: URL, step: (String) -> Void = { _ in }) throws {
    let floatFile = folder.appendingPathComponent("digits.onnx")
    packedFile = folder.appendingPathComponent("digits.dchip")
    do {
      step("writing the float network that comes with the program")
      try AtomicFile.write(Self.network, to: floatFile.path)
      let preprocessing = Preprocessing(scale: 1 / 16)
      let float = try Model(contentsOf: floatFile, preprocessing: preprocessing)
      step("choosing activation ranges on 512 training digits")
      var quantization = Quantization()
      quantization.preprocessing = preprocessing
      let packed = try quantization.run(float, calibration: .digits(split: .train))
      step("packing")
      try AtomicFile.write(packed.serialized(), to: packedFile.path)
      step("reading both on the 360 test digits")
      let integer = try Model(contentsOf: packedFile)
      let test = try Dataset.digits(split: .test)
      let accuracies = try [float, integer].map { model in
        try Evaluator(model).evaluate(test, indices: Array(0..<test.count)).evaluation.top1 ?? 0
      }
      step("timing both in turns")
      let benchmark = Benchmark()
      let reports = try benchmark.measure([benchmark.subject(floatFile), benchmark.subject(packedFile)])
      for (index, name) in ["float32, digits.onnx", "int8, digits.dchip"].enumerated() {
        rows.append(
          Row(
            model: name, top1: accuracies[index], byteCount: reports[index].fileBytes,
            medianMicroseconds: reports[index].medianMicroseconds))
      }
    } catch { throw Failure(error) }
  }

  private static var network: [UInt8] {
    var count = 0
    guard let start = dc_digits_onnx(&count) else { return [] }
    return Array(UnsafeBufferPointer(start: start, count: count))
  }
}
