import Tensors

/// Why a picture cannot become a model's input.
public enum PreprocessingError: Error, Equatable, Sendable {
  case unsupportedInputShape(Shape)
  case wrongCount(of: String, count: Int, channels: Int)
  case invalidScale(Float)
  case invalidMean(Float)
  case invalidStd(Float)
  case invalidResize(Int)
  case invalidCrop([Int])
  case tooLarge(resize: Int, picture: Shape)
  case pictureTooSmall(picture: Shape, crop: [Int])
  case channelMismatch(item: Int, input: Int)
  case shapeMismatch(item: Shape, input: Shape)
}

extension PreprocessingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupportedInputShape(let shape):
      "a model input of shape \(shape) takes no items: its extents are 0 or too large."
    case .wrongCount(let name, let count, let channels):
      "\(count) values of \(name) for \(channels) channels. Give one, or one for each channel."
    case .invalidScale(let value): "the scale \(value) is not a finite number."
    case .invalidMean(let value): "the mean \(value) is not a finite number."
    case .invalidStd(let value): "the standard deviation \(value) is not a finite number other than 0."
    case .invalidResize(let value): "cannot resize to \(value) pixels. Give 1 or more."
    case .invalidCrop(let extents): "cannot crop to \(extents). Give rows and columns, each 1 or more."
    case .tooLarge(let resize, let picture):
      "a picture of \(picture) with its shorter side at \(resize) pixels takes too much memory. Give a smaller --resize."
    case .pictureTooSmall(let picture, let crop):
      "a picture of \(picture) is smaller than the crop \(crop[0])x\(crop[1]). Give --resize."
    case .channelMismatch(let item, let input):
      "an item of \(item) channels does not fit a model input of \(input). Check --layout."
    case .shapeMismatch(let item, let input):
      "an item of shape \(item) does not fit the model input \(input)."
    }
  }
}
