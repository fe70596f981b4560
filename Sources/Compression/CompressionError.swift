import Quantizers

/// Why a graph could not be quantized.
public enum CompressionError: Error, Equatable, Sendable {
  /// Not of the form `LAYER=real` or `LAYER=KIND`.
  case override(String)
  /// No layer has that number or name.
  case noSuchLayer(LayerOverride.Selection, layerCount: Int)
  /// The calibration data had no values for an activation.
  case noSamples(value: String)
  /// An activation took NaN or infinite values on calibration data.
  case notFinite(value: String, count: Int)
}

extension CompressionError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .override(let text):
      "'\(text)' is no override. Write LAYER=real or LAYER=KIND, with KIND one of "
        + WeightQuantizerKind.all.map(\.name).joined(separator: ", ") + "."
    case .noSuchLayer(.index(let index), let count):
      "there is no layer \(index): the network has \(count), numbered from 0."
    case .noSuchLayer(.name(let pattern), let count):
      "none of the \(count) layers has a name like '\(pattern)'. 'deepchip inspect' lists them."
    case .noSamples(let value):
      "the calibration data gave no values for '\(value)'. Give at least one sample."
    case .notFinite(let value, let count):
      "'\(value)' took \(count) NaN or infinite values on the calibration data. Check the pre-processing."
    }
  }
}
