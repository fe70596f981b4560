import CTurboJPEG
import CZlib
import Foundation
import Tensors

/// `bytes` as a gzip member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(
    &stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var input = bytes
  return [UInt8](unsafeUninitializedCapacity: bytes.count + bytes.count / 100 + 100) { output, count in
    input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      deflate(&stream, Z_FINISH)
      count = output.count - Int(stream.avail_out)
    }
  }
}

func bigEndian(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

/// An IDX file of unsigned bytes.
func idx(_ shape: [Int], _ bytes: [UInt8]) -> [UInt8] {
  bigEndian(0x800 + shape.count) + shape.flatMap(bigEndian) + bytes
}

/// A PNG file from its parts: rows without filters.
func png(
  width: Int, height: Int, bitDepth: Int = 8, colorType: UInt8, rows: [[UInt8]], extra: [(String, [UInt8])] = []
) -> [UInt8] {
  func chunk(_ name: String, _ contents: [UInt8]) -> [UInt8] {
    let checked = Array(name.utf8) + contents
    return bigEndian(contents.count) + checked + bigEndian(Int(crc32(0, checked, UInt32(checked.count))))
  }
  let raw: [UInt8] = rows.flatMap { row -> [UInt8] in [0] + row }
  var size = UInt(raw.count + 100)
  var packed = [UInt8](repeating: 0, count: Int(size))
  compress(&packed, &size, raw, UInt(raw.count))
  let header = bigEndian(width) + bigEndian(height) + [UInt8(bitDepth), colorType, 0, 0, 0]
  return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
    + extra.flatMap { chunk($0.0, $0.1) } + chunk("IDAT", Array(packed.prefix(Int(size)))) + chunk("IEND", [])
}

/// A picture `[3, H, W]` as a JPEG file of the best quality without chroma subsampling.
func jpeg(_ picture: Tensor<UInt8>) -> [UInt8] {
  let (rows, columns) = (picture.shape[1], picture.shape[2])
  let plane = rows * columns
  let pixels = (0..<plane).flatMap { pixel in (0..<3).map { picture.scalars[$0 * plane + pixel] } }
  let encoder = tjInitCompress()
  defer { tjDestroy(encoder) }
  var buffer: UnsafeMutablePointer<UInt8>?
  var size: UInt = 0
  tjCompress2(
    encoder, pixels, Int32(columns), 0, Int32(rows), Int32(TJPF_RGB.rawValue), &buffer, &size,
    Int32(TJSAMP_444.rawValue), 100, 0)
  defer { tjFree(buffer) }
  return Array(UnsafeBufferPointer(start: buffer, count: Int(size)))
}

/// A tar archive of regular files; `type` is each entry's type letter.
func tar(_ entries: [(name: String, bytes: [UInt8])], type: Character = "0") -> [UInt8] {
  func octal(_ value: Int, _ width: Int) -> [UInt8] {
    let digits = String(value, radix: 8)
    return Array((String(repeating: "0", count: width - 1 - digits.count) + digits).utf8) + [0]
  }
  var archive: [UInt8] = []
  for (name, bytes) in entries {
    var header = Array(name.utf8) + [UInt8](repeating: 0, count: 100 - name.utf8.count)
    header += octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(bytes.count, 12) + octal(0, 12)
    header += Array("        ".utf8) + Array(String(type).utf8) + [UInt8](repeating: 0, count: 100)
    header += Array("ustar\u{0}00".utf8) + [UInt8](repeating: 0, count: 512 - 265)
    let sum = header.reduce(0) { $0 + Int($1) }
    header.replaceSubrange(148..<156, with: octal(sum, 7) + [32])
    archive += header + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
  }
  return archive + [UInt8](repeating: 0, count: 1024)
}

/// Bytes that look like nothing, the same for the same seed.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SplitMix64(seed: seed)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 32) }
}
