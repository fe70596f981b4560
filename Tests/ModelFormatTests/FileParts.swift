import Coding
import ModelFormat

/// A packed file taken apart after Documentation/format.md, so that tests can change parts and seal it again.
struct FileParts {
  struct Section: Equatable {
    var kind: UInt16
    var flags: UInt16
    var bytes: [UInt8]
  }

  var sections: [Section] = []

  init(_ file: [UInt8]) {
    let count = Int(file[10]) | Int(file[11]) << 8
    for index in 0..<count {
      let entry = 24 + 32 * index
      let (offset, length) = (Self.integer(file, at: entry + 8), Self.integer(file, at: entry + 16))
      sections.append(
        Section(
          kind: UInt16(Self.integer(file, at: entry) & 0xFFFF),
          flags: UInt16(Self.integer(file, at: entry) >> 16 & 0xFFFF), bytes: Array(file[offset..<offset + length])))
    }
  }

  /// The file, with offsets, lengths and checksums that fit.
  var sealed: [UInt8] {
    var (table, contents) = (ByteWriter(), ByteWriter())
    let start = 24 + 32 * sections.count + 8
    for section in sections {
      while section.kind == 7 && (start + contents.count) % 64 != 0 { contents.byte(0) }
      table.uint16(section.kind)
      table.uint16(section.flags)
      table.uint32(0)
      table.uint64(UInt64(start + contents.count))
      table.uint64(UInt64(section.bytes.count))
      table.uint64(Checksum.of(section.bytes))
      contents.append(section.bytes)
    }
    var file = ByteWriter()
    file.append([0x89, 0x64, 0x63, 0x68, 0x69, 0x70, 0x0D, 0x0A])
    file.uint16(1)
    file.uint16(UInt16(sections.count))
    file.uint32(0)
    file.uint64(UInt64(start + contents.count))
    file.append(table.bytes)
    file.uint64(Checksum.of(file.bytes))
    file.append(contents.bytes)
    return file.bytes
  }

  private static func integer(_ bytes: [UInt8], at offset: Int) -> Int {
    (0..<8).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }
}

extension WritingOptions {
  /// With every section in its own place.
  static let plain = WritingOptions(condenses: false)
}
