import CZlib
import Foundation

/// The members of a ZIP archive, stored or deflated.
///
/// - Source: PKWARE, *APPNOTE.TXT*, sections 4.3 to 4.5; one volume, no encryption.
struct ZipArchive {
  struct Member {
    var name: String
    var isDeflated: Bool
    var checksum: UInt32
    /// Where the packed bytes are in the file.
    var packed: Range<Int>
    /// Bytes once unpacked, as announced.
    var byteCount: Int
  }

  /// In the order of the directory.
  private(set) var members: [Member] = []
  private let data: Data

  /// Reads and checks the directory: members lie inside the file and do not overlap.
  init(_ data: Data) throws(Fault) {
    self.data = data
    let directory = try Directory(data)
    var place = directory.start
    for _ in 0..<directory.memberCount {
      let (member, end) = try Self.member(data, at: place, limit: directory.end)
      members.append(member)
      place = end
    }
    guard place == directory.end else { throw .damaged("the directory is longer than its members", at: place) }
    try checkOverlap(before: directory.start)
  }

  /// The unpacked bytes, their number and checksum checked.
  func contents(of member: Member) throws(Fault) -> Data {
    let packed = data.dropFirst(member.packed.lowerBound).prefix(member.packed.count)
    let contents: Data
    if member.isDeflated {
      contents = try Inflation.inflated(packed, byteCount: member.byteCount)
    } else {
      guard member.byteCount == packed.count else {
        throw .damaged("\(packed.count) stored bytes announced as \(member.byteCount)", at: member.packed.lowerBound)
      }
      contents = Data(packed)
    }
    guard Inflation.checksum(contents) == member.checksum else {
      throw .damaged("the checksum of '\(member.name.escapedForDisplay)' differs", at: member.packed.lowerBound)
    }
    return contents
  }

  private func checkOverlap(before directory: Int) throws(Fault) {
    var end = 0
    for member in members.sorted(by: { $0.packed.lowerBound < $1.packed.lowerBound }) {
      guard member.packed.lowerBound >= end, member.packed.upperBound <= directory else {
        throw .damaged("'\(member.name.escapedForDisplay)' overlaps what follows", at: member.packed.lowerBound)
      }
      end = member.packed.upperBound
    }
  }

  /// The directory entry at `place`, and where the next one starts.
  private static func member(_ data: Data, at place: Int, limit: Int) throws(Fault) -> (Member, end: Int) {
    guard try data.littleEndian(UInt32.self, at: place) == 0x0201_4B50 else {
      throw .damaged("a directory entry is missing", at: place)
    }
    let flags = try data.littleEndian(UInt16.self, at: place + 8)
    let method = try data.littleEndian(UInt16.self, at: place + 10)
    guard flags & 1 == 0 else { throw .unsupported("encrypted archives", at: place) }
    guard method == 0 || method == 8 else { throw .unsupported("packing method \(method)", at: place) }
    let nameLength = Int(try data.littleEndian(UInt16.self, at: place + 28))
    let extraLength = Int(try data.littleEndian(UInt16.self, at: place + 30))
    let commentLength = Int(try data.littleEndian(UInt16.self, at: place + 32))
    let end = place + 46 + nameLength + extraLength + commentLength
    guard end <= limit else { throw .damaged("a directory entry leaves the directory", at: place) }

    var sizes = ZipSizes(
      unpacked: UInt64(try data.littleEndian(UInt32.self, at: place + 24)),
      packed: UInt64(try data.littleEndian(UInt32.self, at: place + 20)),
      header: UInt64(try data.littleEndian(UInt32.self, at: place + 42)))
    try sizes.widen(data, extra: place + 46 + nameLength..<place + 46 + nameLength + extraLength)
    let start = try sizes.packedStart(data, name: place + 46..<place + 46 + nameLength, method: method)
    let member = Member(
      name: String(decoding: data.dropFirst(place + 46).prefix(nameLength), as: UTF8.self), isDeflated: method == 8,
      checksum: try data.littleEndian(UInt32.self, at: place + 16),
      packed: start..<start + Int(sizes.packed), byteCount: Int(sizes.unpacked))
    return (member, end)
  }
}

/// Where the directory is.
private struct Directory {
  var start: Int
  var end: Int
  var memberCount: Int

  init(_ data: Data) throws(Fault) {
    let place = try Self.endRecord(data)
    let entries = try data.littleEndian(UInt16.self, at: place + 10)
    let size = try data.littleEndian(UInt32.self, at: place + 12)
    let offset = try data.littleEndian(UInt32.self, at: place + 16)
    var (count, byteCount, first, limit) = (UInt64(entries), UInt64(size), UInt64(offset), place)
    if entries == .max || size == .max || offset == .max {
      guard try data.littleEndian(UInt32.self, at: place - 20) == 0x0706_4B50 else {
        throw .damaged("the ZIP64 locator is missing", at: place)
      }
      guard let record = Int(exactly: try data.littleEndian(UInt64.self, at: place - 12)), record <= place - 76,
        try data.littleEndian(UInt32.self, at: record) == 0x0606_4B50
      else { throw .damaged("the ZIP64 end record is missing", at: place - 12) }
      count = try data.littleEndian(UInt64.self, at: record + 32)
      byteCount = try data.littleEndian(UInt64.self, at: record + 40)
      first = try data.littleEndian(UInt64.self, at: record + 48)
      limit = record
    }
    guard first <= UInt64(limit), byteCount <= UInt64(limit) - first, count <= byteCount / 46 else {
      throw .damaged("a directory of \(count) members in \(byteCount) bytes from byte \(first)", at: place)
    }
    (start, end, memberCount) = (Int(first), Int(first + byteCount), Int(count))
  }

  /// The end record: the last one whose comment reaches exactly to the end of the file.
  private static func endRecord(_ data: Data) throws(Fault) -> Int {
    var place = data.count - 22
    while place >= 0, place >= data.count - 22 - 65_535 {
      if try data.littleEndian(UInt32.self, at: place) == 0x0605_4B50,
        Int(try data.littleEndian(UInt16.self, at: place + 20)) == data.count - place - 22
      {
        return place
      }
      place -= 1
    }
    throw .damaged("not a ZIP archive: its end record is missing")
  }
}

/// Sizes and place of a member, before they are known to lie inside the file.
private struct ZipSizes {
  var unpacked: UInt64
  var packed: UInt64
  var header: UInt64

  /// Takes those that do not fit in 32 bits from the ZIP64 field.
  mutating func widen(_ data: Data, extra: Range<Int>) throws(Fault) {
    var place = extra.lowerBound
    while place + 4 <= extra.upperBound {
      let kind = try data.littleEndian(UInt16.self, at: place)
      let end = place + 4 + Int(try data.littleEndian(UInt16.self, at: place + 2))
      guard end <= extra.upperBound else { throw .damaged("an extra field leaves its entry", at: place) }
      if kind == 1 {
        var next = place + 4
        for path in [\ZipSizes.unpacked, \.packed, \.header] where self[keyPath: path] == UInt64(UInt32.max) {
          guard next + 8 <= end else { throw .damaged("a ZIP64 field of \(end - place - 4) bytes", at: place) }
          self[keyPath: path] = try data.littleEndian(UInt64.self, at: next)
          next += 8
        }
        return
      }
      place = end
    }
  }

  /// Where the packed bytes start, after the member's own header, which must agree with the directory.
  func packedStart(_ data: Data, name: Range<Int>, method: UInt16) throws(Fault) -> Int {
    guard header <= UInt64(data.count) else { throw .damaged("a member at byte \(header)", at: name.lowerBound) }
    let place = Int(header)
    guard try data.littleEndian(UInt32.self, at: place) == 0x0403_4B50,
      try data.littleEndian(UInt16.self, at: place + 8) == method,
      Int(try data.littleEndian(UInt16.self, at: place + 26)) == name.count
    else { throw .damaged("a member's header differs from the directory", at: place) }
    let start = place + 30 + name.count + Int(try data.littleEndian(UInt16.self, at: place + 28))
    guard start <= data.count, packed <= UInt64(data.count - start) else {
      throw .damaged("\(packed) packed bytes announced outside the file", at: place)
    }
    guard
      data.dropFirst(place + 30).prefix(name.count).elementsEqual(data.dropFirst(name.lowerBound).prefix(name.count))
    else { throw .damaged("a member's name differs from the directory", at: place) }
    // Deflate packs at most 1032 bytes into one.
    guard unpacked <= packed * (method == 8 ? 1032 : 1), unpacked <= UInt64(Int.max) else {
      throw .damaged("\(packed) packed bytes cannot hold \(unpacked)", at: place)
    }
    return start
  }
}

/// Deflated bytes and checksums, by zlib.
enum Inflation {
  /// Unpacks raw deflated bytes.
  ///
  /// - Throws: when they do not give exactly `byteCount` bytes.
  static func inflated(_ packed: Data, byteCount: Int) throws(Fault) -> Data {
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .unreadable("zlib does not start")
    }
    defer { inflateEnd(&stream) }
    // One byte more, so that data that is too long shows itself.
    var result = Data(count: byteCount + 1)
    var (read, written, status) = (0, 0, Z_OK)
    packed.withUnsafeBytes { source in
      result.withUnsafeMutableBytes { target in
        while status == Z_OK {
          let (input, room) = (min(packed.count - read, 1 << 30), min(byteCount + 1 - written, 1 << 30))
          stream.next_in = source.baseAddress.map {
            UnsafeMutablePointer(mutating: ($0 + read).assumingMemoryBound(to: UInt8.self))
          }
          stream.avail_in = UInt32(input)
          stream.next_out = target.baseAddress.map { ($0 + written).assumingMemoryBound(to: UInt8.self) }
          stream.avail_out = UInt32(room)
          status = inflate(&stream, Z_NO_FLUSH)
          read += input - Int(stream.avail_in)
          written += room - Int(stream.avail_out)
        }
      }
    }
    guard status == Z_STREAM_END, written == byteCount, read == packed.count else {
      throw .damaged("\(packed.count) packed bytes do not give the \(byteCount) announced")
    }
    return result.prefix(byteCount)
  }

  /// The CRC-32 of the bytes.
  static func checksum(_ data: Data) -> UInt32 {
    data.withUnsafeBytes { bytes in
      var checksum = crc32(0, nil, 0)
      var place = 0
      while place < bytes.count {
        let count = min(bytes.count - place, 1 << 30)
        let start = bytes.baseAddress.map { ($0 + place).assumingMemoryBound(to: UInt8.self) }
        checksum = crc32(checksum, start, UInt32(count))
        place += count
      }
      return UInt32(truncatingIfNeeded: checksum)
    }
  }
}

/// Builds a ZIP archive of stored members, without time stamps.
struct ZipWriter {
  private var data = Data()
  private var directory = Data()
  private var memberCount = 0

  /// - Throws: when sizes need ZIP64.
  mutating func add(_ name: String, _ contents: Data) throws(Fault) {
    guard data.count + contents.count < 1 << 31, memberCount < 65_534, name.utf8.count < 1 << 15 else {
      throw .unsupported("archives of 2 GiB or 65,534 members and more are not written")
    }
    let offset = UInt32(data.count)
    var fields = Data()
    // Version 2.0, names in UTF-8, stored, 1 January 1980.
    for value: UInt16 in [20, 0x800, 0, 0, 0x21] { fields.append(littleEndian: value) }
    fields.append(littleEndian: Inflation.checksum(contents))
    fields.append(littleEndian: UInt32(contents.count))
    fields.append(littleEndian: UInt32(contents.count))
    fields.append(littleEndian: UInt16(name.utf8.count))
    fields.append(littleEndian: UInt16(0))

    data.append(littleEndian: UInt32(0x0403_4B50))
    data.append(fields)
    data.append(contentsOf: name.utf8)
    data.append(contents)

    directory.append(littleEndian: UInt32(0x0201_4B50))
    directory.append(littleEndian: UInt16(20))
    directory.append(fields)
    directory.append(contentsOf: [UInt8](repeating: 0, count: 10))
    directory.append(littleEndian: offset)
    directory.append(contentsOf: name.utf8)
    memberCount += 1
  }

  func finished() throws(Fault) -> Data {
    var result = data
    result.append(directory)
    result.append(littleEndian: UInt32(0x0605_4B50))
    for value in [0, 0, UInt16(memberCount), UInt16(memberCount)] { result.append(littleEndian: value) }
    result.append(littleEndian: UInt32(directory.count))
    result.append(littleEndian: UInt32(data.count))
    result.append(littleEndian: UInt16(0))
    return result
  }
}
