import CPNG
import CZlib
import Foundation
import Tensors

extension PictureDecoder {
  /// Decodes through libpng's simplified interface, which needs no `setjmp` on this side.
  func decodePNG(_ bytes: Data, file: String) throws(DatasetError) -> Tensor<UInt8> {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    let outcome = bytes.withUnsafeBytes { source -> Result<Tensor<UInt8>, DatasetError> in
      guard png_image_begin_read_from_memory(&image, source.baseAddress, source.count) != 0 else {
        return .failure(pngError(image, file))
      }
      // Four bytes a pixel: with three, libpng would blend the alpha channel away.
      image.format = UInt32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
      image.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
      return Result { () throws(DatasetError) in
        let shape = try shape(rows: Int(image.height), columns: Int(image.width), bytesPerPixel: 4, file: file)
        var pixels = [UInt8](repeating: 0, count: shape[1] * shape[2] * 4)
        guard png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 else { throw pngError(image, file) }
        return pixels.withUnsafeBufferPointer { pixels in
          guard let start = pixels.baseAddress else { return Tensor(repeating: 0, shape: shape) }
          return Tensor.planar(shape, interleaved: start, stride: 4)
        }
      }
    }
    return try outcome.get()
  }

  private func pngError(_ image: png_image, _ file: String) -> DatasetError {
    let message = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return DatasetError(.damaged(reason: "libpng says '\(message)'"), file: file)
  }
}

/// The frame of a PNG file: a signature, then chunks of a length, a name, contents and a sum, up to `IEND`.
enum PNGChunks {
  /// The file without its ancillary chunks (texts, gamma, color profiles, transparent colors), all sums checked.
  ///
  /// libpng stops reading at the last pixel and forgives damage in chunks that it does not need; a file with damage
  /// anywhere is refused here, with the place. And it would convert colors where a gamma is given; networks are trained
  /// on pixels as they are stored.
  static func critical(_ bytes: Data, file: String) throws(DatasetError) -> Data {
    let outcome = bytes.withUnsafeBytes { bytes in
      Result { () throws(DatasetError) in try critical(bytes, file: file) }
    }
    return try outcome.get()
  }

  private static func critical(_ bytes: UnsafeRawBufferPointer, file: String) throws(DatasetError) -> Data {
    var result = Data(PictureKind.png.signature)
    var offset = result.count
    while true {
      let available = bytes.count - offset
      guard available >= 12 else {
        throw DatasetError(.truncated(needed: 12, available: max(available, 0)), file: file, byteOffset: offset)
      }
      let length = Int(word(bytes, offset))
      guard available - 12 >= length else {
        throw DatasetError(.truncated(needed: length + 12, available: available), file: file, byteOffset: offset)
      }
      let checked = UnsafeRawBufferPointer(rebasing: bytes[offset + 4..<offset + 8 + length])
      let sum = crc32_z(0, checked.bindMemory(to: UInt8.self).baseAddress, checked.count)
      guard UInt32(truncatingIfNeeded: sum) == word(bytes, offset + 8 + length) else {
        throw DatasetError(.damaged(reason: "the sum of a chunk is wrong"), file: file, byteOffset: offset)
      }
      // The fifth bit of a name's first letter says that a reader may pass over the chunk.
      let isCritical = checked[0] & 0x20 == 0
      if isCritical { result += bytes[offset..<offset + length + 12] }
      offset += length + 12
      if checked.prefix(4).elementsEqual("IEND".utf8) { return result }
    }
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
