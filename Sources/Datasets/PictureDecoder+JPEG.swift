import CTurboJPEG
import Foundation
import Tensors

extension PictureDecoder {
  /// Decodes with libjpeg-turbo's accurate transform and smooth chroma, as Pillow does; a warning is an error.
  func decodeJPEG(_ bytes: Data, file: String) throws(DatasetError) -> Tensor<UInt8> {
    guard let decoder = tjInitDecompress() else {
      throw DatasetError(.unreadable(reason: "libjpeg-turbo gives no decoder"), file: file)
    }
    defer { tjDestroy(decoder) }
    let outcome = bytes.withUnsafeBytes { source in
      Result { () throws(DatasetError) in
        try decodeJPEG(decoder, source.bindMemory(to: UInt8.self), file: file)
      }
    }
    return try outcome.get()
  }

  private func decodeJPEG(
    _ decoder: tjhandle, _ source: UnsafeBufferPointer<UInt8>, file: String
  ) throws(DatasetError) -> Tensor<UInt8> {
    var (columns, rows, subsampling, colors) = (Int32(0), Int32(0), Int32(0), Int32(0))
    let size = UInt(source.count)
    guard
      tjDecompressHeader3(decoder, source.baseAddress, size, &columns, &rows, &subsampling, &colors) == 0
    else { throw jpegError(decoder, file) }
    guard colors != TJCS_CMYK.rawValue, colors != TJCS_YCCK.rawValue else {
      throw DatasetError(.unsupported("a JPEG picture in printing colors (CMYK)"), file: file)
    }
    let shape = try shape(rows: Int(rows), columns: Int(columns), bytesPerPixel: 3, file: file)
    var pixels = [UInt8](repeating: 0, count: shape.elementCount)
    let flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS
    let status = tjDecompress2(
      decoder, source.baseAddress, size, &pixels, columns, 0, rows, Int32(TJPF_RGB.rawValue), flags)
    guard status == 0 else { throw jpegError(decoder, file) }
    return pixels.withUnsafeBufferPointer { pixels in
      guard let start = pixels.baseAddress else { return Tensor(repeating: 0, shape: shape) }
      return Tensor.planar(shape, interleaved: start, stride: 3)
    }
  }

  private func jpegError(_ decoder: tjhandle, _ file: String) -> DatasetError {
    let message = tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "unknown"
    return DatasetError(.damaged(reason: "libjpeg-turbo says '\(message)'"), file: file)
  }
}
