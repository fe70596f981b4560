import CResources
import DeepChip
import Foundation

/// The built-in network and data.
enum Digits {
  static var onnx: [UInt8] {
    var count = 0
    guard let start = dc_digits_onnx(&count) else { return [] }
    return Array(UnsafeBufferPointer(start: start, count: count))
  }

  static let preprocessing = Preprocessing(scale: 1 / 16)

  /// The float network, as read from a file.
  static func float() throws -> Model {
    let folder = try TemporaryFolder()
    return try Model(contentsOf: folder.file("digits.onnx", onnx), preprocessing: preprocessing)
  }

  /// The network with coded weights.
  static func quantized(
    _ weights: WeightQuantizerKind, ternaryThreshold: Float? = nil, calibrationCount: Int = 64
  ) throws -> PackedModel {
    var quantization = Quantization()
    quantization.preprocessing = preprocessing
    quantization.calibrationCount = calibrationCount
    quantization.options.weights = weights
    if let ternaryThreshold { quantization.options.weightOptions.ternaryThreshold = ternaryThreshold }
    return try quantization.run(float(), calibration: .digits(split: .train))
  }
}
