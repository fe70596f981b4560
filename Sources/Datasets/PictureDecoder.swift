import Foundation
import Tensors

/// Turns PNG and JPEG files into bytes, `[3, H, W]`, red, green, blue.
///
/// Gray becomes three equal channels, palettes are looked up, 16 bits become 8. Alpha is dropped, not blended; gamma,
/// color profiles and a camera's orientation tag are ignored: that is how Pillow's `convert("RGB")` treats the pictures
/// that networks are trained on.
public struct PictureDecoder: Sendable {
  /// Most bytes that a decoded picture may take; checked against the announced size before decoding.
  public var maximumByteCount: Int

  public init(maximumByteCount: Int = 256 << 20) {
    self.maximumByteCount = maximumByteCount
  }

  /// - Throws: `.missing`, `.unreadable`, and as `decode(_:file:)`.
  public func decode(file: URL) throws(DatasetError) -> Tensor<UInt8> {
    try decode(try FileAccess.contents(of: file), file: file.path)
  }

  /// - Parameters:
  ///   - bytes: a whole PNG or JPEG file.
  ///   - file: its name, for errors.
  /// - Throws: `.damaged`, `.truncated`, `.tooLarge`, `.unsupported`.
  public func decode(_ bytes: Data, file: String) throws(DatasetError) -> Tensor<UInt8> {
    let kind = PictureKind.allCases.first { bytes.starts(with: $0.signature) }
    switch kind {
    case .png: return try decodePNG(try PNGChunks.critical(bytes, file: file), file: file)
    case .jpeg: return try decodeJPEG(bytes, file: file)
    case nil: throw DatasetError(.unsupported("a picture that is neither PNG nor JPEG"), file: file, byteOffset: 0)
    }
  }

  /// The shape `[3, H, W]`, if it is allowed.
  func shape(rows: Int, columns: Int, bytesPerPixel: Int, file: String) throws(DatasetError) -> Shape {
    guard rows > 0, columns > 0 else {
      throw DatasetError(.damaged(reason: "a picture of \(columns)x\(rows) pixels"), file: file)
    }
    let (pixels, overflow) = rows.multipliedReportingOverflow(by: columns)
    let (byteCount, overflow2) = pixels.multipliedReportingOverflow(by: bytesPerPixel)
    guard !overflow, !overflow2, byteCount <= maximumByteCount else {
      let problem = DatasetError.Problem.tooLarge(
        byteCount: overflow || overflow2 ? Int.max : byteCount, limit: maximumByteCount)
      throw DatasetError(problem, file: file)
    }
    return Shape([3, rows, columns])
  }
}

/// The picture files that are read, by the bytes they begin with.
enum PictureKind: CaseIterable {
  case png, jpeg

  var signature: [UInt8] {
    switch self {
    case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    case .jpeg: [0xFF, 0xD8, 0xFF]
    }
  }

  /// Name extensions, in small letters.
  static let extensions: Set<String> = ["png", "jpg", "jpeg"]
}

extension Tensor where Scalar == UInt8 {
  /// `[3, H, W]` from pixels of `stride` bytes whose first three are red, green and blue.
  static func planar(_ shape: Shape, interleaved: UnsafePointer<UInt8>, stride: Int) -> Tensor {
    let plane = shape[1] * shape[2]
    let scalars = [UInt8](unsafeUninitializedCapacity: 3 * plane) { target, count in
      for pixel in 0..<plane {
        target[pixel] = interleaved[pixel * stride]
        target[plane + pixel] = interleaved[pixel * stride + 1]
        target[2 * plane + pixel] = interleaved[pixel * stride + 2]
      }
      count = 3 * plane
    }
    return Tensor(shape: shape, scalars: scalars)
  }
}
