import Coding

/// The sections of a file but its data, coded together: `MixedBytes`, with the bits of lists of integers, which no
/// model makes shorter, behind them as they are.
///
///     size       number of parts, 1...5
///     parts      each: byte, its kind, ascending; size, its bytes; size, bytes of its lists
///     coded      the parts, one after the other
///     numbers    the bits of lists of all parts, to the end of the section
final class CondensedSections {
  struct Part {
    var kind: SectionKind
    fileprivate var range: Range<Int>
    fileprivate var numbers: Range<Int>
  }

  private(set) var parts: [Part] = []
  private let decoded: UnsafeMutableBufferPointer<UInt8>
  /// The section in the file.
  private let contents: UnsafeRawBufferPointer

  /// Reads the condensed section, whose bytes have to stay while this is used.
  ///
  /// - Parameters:
  ///   - start: where it starts in the file.
  ///   - budget: pays for what comes out, before memory is asked for.
  init(
    _ contents: UnsafeRawBufferPointer, start: Int, budget: inout MemoryBudget
  ) throws(ModelFormatError) {
    self.contents = contents
    var reader = SectionReader(contents, section: .condensed, start: start, budget: budget)
    var (end, numbersEnd) = (0, 0)
    for _ in 0..<(try reader.size(1...Self.kinds.count, "the number of parts")) {
      let offset = reader.position
      let number = UInt16(try reader.byte())
      guard let kind = SectionKind(rawValue: number), Self.kinds.contains(kind) else {
        throw reader.error(.unknownSection(number), at: offset)
      }
      guard parts.last.map({ $0.kind.rawValue < number }) ?? true else {
        throw reader.error(.layout("parts do not ascend"), at: offset)
      }
      let (first, firstNumber) = (end, numbersEnd)
      end += try reader.size(0...Limits.extent - end, "the length of a part")
      numbersEnd += try reader.size(0...Limits.extent - numbersEnd, "the length of lists")
      parts.append(Part(kind: kind, range: first..<end, numbers: firstNumber..<numbersEnd))
    }
    let codedStart = reader.position
    guard numbersEnd <= contents.count - codedStart else {
      throw reader.error(.layout("the lists leave the section"))
    }
    let numbersStart = contents.count - numbersEnd
    let coded = UnsafeRawBufferPointer(rebasing: contents[codedStart..<numbersStart])
    guard end / MixedBytes.bytesPerByte <= coded.count, budget.charge(end, byteCount: 1) else {
      throw reader.error(.limit("the parts take more memory than a file of this size can need"))
    }
    for index in parts.indices {
      let numbers = parts[index].numbers
      parts[index].numbers = numbers.lowerBound + numbersStart..<numbers.upperBound + numbersStart
    }
    decoded = UnsafeMutableBufferPointer.allocate(capacity: end)
    do throws(CodingError) { try MixedBytes.decode(coded, into: decoded) } catch {
      throw ModelFormatError(
        .coding(error.problem), section: .condensed, byteOffset: start + codedStart + error.offset)
    }
  }

  deinit { decoded.deallocate() }

  subscript(kind: SectionKind) -> Part? { parts.first { $0.kind == kind } }

  func bytes(of part: Part) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(decoded)[part.range])
  }

  func numbers(of part: Part) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: contents[part.numbers]) }

  /// What can be a part.
  private static let kinds: [SectionKind] = [.graph, .preprocessing, .classNames, .names, .encodings]
}

// MARK: - Writing

extension CondensedSections {
  /// The bytes of a condensed section with these parts.
  static func bytes(_ parts: [(kind: SectionKind, contents: SectionWriter)]) throws(ModelFormatError) -> [UInt8] {
    let parts = parts.sorted { $0.kind.rawValue < $1.kind.rawValue }
    var (section, all, numbers) = (SectionWriter(), ByteWriter(), ByteWriter())
    section.size(parts.count)
    for part in parts {
      section.writer.byte(UInt8(truncatingIfNeeded: part.kind.rawValue))
      section.size(part.contents.writer.count)
      section.size(part.contents.numbers.count)
      all.append(part.contents.writer.bytes)
      numbers.append(part.contents.numbers.bytes)
    }
    do throws(CodingError) { section.writer.append(try MixedBytes.encode(all.bytes)) } catch {
      throw ModelFormatError(.coding(error.problem), section: .condensed)
    }
    section.writer.append(numbers.bytes)
    return section.bytes
  }
}
