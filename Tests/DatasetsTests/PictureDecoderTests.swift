import Datasets
import Foundation
import Tensors
import Testing

@Suite struct PNGTests {
  private func decode(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> Tensor<UInt8> {
    try PictureDecoder(maximumByteCount: limit).decode(Data(bytes), file: "a.png")
  }

  /// `[3, H, W]` from a function of channel, row and column.
  private func picture(_ rows: Int, _ columns: Int, _ value: (Int, Int, Int) -> UInt8) -> Tensor<UInt8> {
    let scalars = (0..<3).flatMap { c in (0..<rows).flatMap { y in (0..<columns).map { x in value(c, y, x) } } }
    return Tensor(shape: [3, rows, columns], scalars: scalars)
  }

  @Test("Every bit depth of gray becomes three equal channels", arguments: [1, 2, 4, 8, 16])
  func gray(bitDepth: Int) throws {
    let values = noise(3 * 5, seed: 1).map { bitDepth < 8 ? $0 & (1 << bitDepth - 1) : $0 }
    let rows = (0..<3).map { y -> [UInt8] in
      let row = Array(values[y * 5..<y * 5 + 5])
      if bitDepth == 16 { return row.flatMap { [$0, $0] } }
      var bits = row.flatMap { value in (0..<bitDepth).map { value >> (bitDepth - 1 - $0) & 1 } }
      bits += [UInt8](repeating: 0, count: (8 - bits.count % 8) % 8)
      return stride(from: 0, to: bits.count, by: 8).map { start in bits[start..<start + 8].reduce(0) { $0 << 1 | $1 } }
    }
    let decoded = try decode(png(width: 5, height: 3, bitDepth: bitDepth, colorType: 0, rows: rows))
    let step: Int = bitDepth < 8 ? 255 / (1 << bitDepth - 1) : 1
    #expect(decoded == picture(3, 5) { _, y, x in UInt8(Int(values[y * 5 + x]) * step) })
  }

  @Test("Colors stay, alpha is dropped", arguments: [UInt8(2), 4, 6])
  func colors(colorType: UInt8) throws {
    let channels = [2: 3, 4: 2, 6: 4][colorType] ?? 0
    let rows = (0..<4).map { noise(7 * channels, seed: $0) }
    let decoded = try decode(png(width: 7, height: 4, colorType: colorType, rows: rows))
    #expect(decoded == picture(4, 7) { c, y, x in rows[y][x * channels + (colorType == 4 ? 0 : c)] })
  }

  @Test("A palette is looked up, with and without transparency", arguments: [false, true])
  func palette(isTransparent: Bool) throws {
    let colors = noise(12, seed: 3)
    let rows: [[UInt8]] = [[0, 1, 2], [3, 2, 0]]
    var extra = [("PLTE", colors)]
    if isTransparent { extra.append(("tRNS", [0, 128, 255])) }
    let decoded = try decode(png(width: 3, height: 2, colorType: 3, rows: rows, extra: extra))
    #expect(decoded == picture(2, 3) { c, y, x in colors[Int(rows[y][x]) * 3 + c] })
  }

  @Test("A gamma does not change the stored colors")
  func gamma() throws {
    let rows = [noise(15, seed: 1)]
    let plain = try decode(png(width: 5, height: 1, colorType: 2, rows: rows))
    let marked = png(width: 5, height: 1, colorType: 2, rows: rows, extra: [("gAMA", bigEndian(100_000))])
    #expect(try decode(marked) == plain)
  }

  private static let small = png(
    width: 5, height: 4, colorType: 2, rows: (0..<4).map { noise(15, seed: $0) }, extra: [("tEXt", [65, 0, 66])])

  @Test("A file that is cut at any byte is refused")
  func truncation() {
    for length in Self.small.indices {
      #expect(throws: DatasetError.self) { try decode(Array(Self.small.prefix(length))) }
    }
  }

  @Test("A file with any bit flipped is refused")
  func flips() {
    for bit in 0..<Self.small.count * 8 {
      var flipped = Self.small
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: DatasetError.self) { try decode(flipped) }
    }
  }

  @Test("A picture above the limit is refused before it is decoded")
  func limit() throws {
    #expect(throws: DatasetError(.tooLarge(byteCount: 80, limit: 79), file: "a.png")) {
      try decode(Self.small, limit: 79)
    }
    _ = try decode(Self.small, limit: 80)
    // 1,000,000 x 1,000,000 pixels announced, none there.
    let huge = png(width: 1_000_000, height: 1_000_000, colorType: 2, rows: [[0]])
    #expect(throws: DatasetError.self) { try PictureDecoder().decode(Data(huge), file: "a.png") }
    let flat = png(width: 0, height: 3, colorType: 2, rows: [])
    #expect(throws: DatasetError.self) { try decode(flat) }
  }

  @Test("Too few rows, and what is no picture, are refused")
  func damage() {
    #expect(throws: DatasetError.self) {
      try decode(png(width: 5, height: 9, colorType: 2, rows: [noise(15, seed: 1)]))
    }
    let error = DatasetError(.unsupported("a picture that is neither PNG nor JPEG"), file: "a.png", byteOffset: 0)
    #expect(throws: error) { try decode(Array("GIF89a".utf8)) }
    #expect(error.description == "a.png, byte 0: a picture that is neither PNG nor JPEG is not supported.")
    #expect(throws: error) { try decode([]) }
  }
}

@Suite struct JPEGTests {
  /// A slow slope in each channel.
  private static let picture: Tensor<UInt8> = {
    var scalars: [UInt8] = []
    for channel in 0..<3 {
      for row in 0..<12 {
        for column in 0..<17 { scalars.append(UInt8(channel * 60 + row * 7 + column * 3)) }
      }
    }
    return Tensor(shape: [3, 12, 17], scalars: scalars)
  }()

  private func decode(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> Tensor<UInt8> {
    try PictureDecoder(maximumByteCount: limit).decode(Data(bytes), file: "a.jpg")
  }

  @Test("A smooth picture comes back")
  func roundTrip() throws {
    let decoded = try decode(jpeg(Self.picture))
    #expect(decoded.shape == Self.picture.shape)
    // Quality 100 rounds coefficients and colors: a few steps.
    #expect(zip(decoded.scalars, Self.picture.scalars).allSatisfy { abs(Int($0) - Int($1)) <= 4 })
  }

  @Test("A file that is cut at any byte is refused")
  func truncation() {
    let bytes = jpeg(Self.picture)
    for length in bytes.indices {
      #expect(throws: DatasetError.self) { try decode(Array(bytes.prefix(length))) }
    }
  }

  @Test("A flipped bit gives an error or a picture within the limit, never a trap")
  func flips() {
    let bytes = jpeg(Self.picture)
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      do {
        #expect(try decode(flipped).shape.elementCount <= 1 << 20)
      } catch {
        #expect(error is DatasetError)
      }
    }
  }

  @Test("A picture above the limit is refused before it is decoded")
  func limit() {
    #expect(throws: DatasetError(.tooLarge(byteCount: 612, limit: 611), file: "a.jpg")) {
      try decode(jpeg(Self.picture), limit: 611)
    }
  }
}

@Suite struct ImageFolderTests {
  private static let dot = png(width: 1, height: 1, colorType: 0, rows: [[77]])
  private static let wide = png(width: 2, height: 1, colorType: 2, rows: [[1, 2, 3, 4, 5, 6]])

  @Test("Folders are classes in order of their names; other files are passed over")
  func classes() throws {
    let folder = try TemporaryFolder()
    for name in ["zebra/1.PNG", "ape/2.png", "ape/1.png", "ape/notes.txt", "ape/.hidden.png"] {
      try folder.write(Self.dot, name)
    }
    try folder.write("x".utf8, "README.md")
    let dataset = try Dataset.images(folder.url, split: .test)
    #expect(dataset.classNames == ["ape", "zebra"])
    #expect(dataset.labels == [0, 0, 1])
    #expect(dataset.itemShape == nil && dataset.holdsPixels)
    #expect(dataset.note == "Has no train and test folders: the same pictures serve training and testing.")
    #expect(try dataset.batch([2, 0]) == .uint8(Tensor(repeating: 77, shape: [2, 3, 1, 1])))
  }

  @Test("Leading numbers are labels if all names have one")
  func numbers() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.dot, "015_b.png")
    try folder.write(Self.dot, "007_a.png")
    #expect(try Dataset.images(folder.url, split: .test).labels == [7, 15])
    try folder.write(Self.dot, "x_1.png")
    #expect(try Dataset.images(folder.url, split: .test).labels == nil)
  }

  @Test("Train and test folders are the split")
  func splits() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.dot, "train/a/1.png")
    let error = DatasetError(
      .noSuchSplit(.test, advice: "Add the folder 'test' with its pictures."), file: folder.url.path)
    #expect(throws: error) { try Dataset.images(folder.url, split: .test) }
    try folder.write(Self.dot, "val/b/1.png")
    #expect(try Dataset.images(folder.url, split: .train).classNames == ["a"])
    #expect(try Dataset.images(folder.url, split: .test).classNames == ["b"])
    #expect(try Dataset.images(folder.url, split: .test).note == nil)
  }

  @Test("Pictures of different sizes form no batch, but each can be had")
  func sizes() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.dot, "1.png")
    let file = try folder.write(Self.wide, "2.png")
    let dataset = try Dataset.images(folder.url, split: .test)
    let error = DatasetError(.differingShapes([3, 1, 1], [3, 1, 2]), file: file.path)
    #expect(throws: error) { try dataset.batch(0..<2) }
    #expect(try dataset.item(at: 1) == .uint8(Tensor(shape: [3, 1, 2], scalars: [1, 4, 2, 5, 3, 6])))
  }

  @Test("Empty, missing and mixed folders are refused")
  func refusals() throws {
    let folder = try TemporaryFolder()
    #expect(throws: DatasetError.self) { try Dataset.images(folder.url, split: .test) }
    let none = folder.url.appendingPathComponent("none")
    #expect(throws: DatasetError(.missing(advice: "Check the path."), file: none.path)) {
      try Dataset.images(none, split: .test)
    }
    try folder.write(Self.dot, "a/1.png")
    try folder.write(Self.dot, "1.png")
    #expect(throws: DatasetError.self) { try Dataset.images(folder.url, split: .test) }
  }

  @Test("The real sample has a label every 5 classes", .enabled(if: SharedData.has("imagenet-sample")))
  func real() throws {
    let dataset = try Dataset.images(SharedData.url("imagenet-sample"), split: .test)
    #expect(dataset.count == 200)
    #expect(dataset.labels == (0..<200).map { $0 * 5 })
    for index in stride(from: 0, to: 200, by: 20) {
      let shape = try dataset.item(at: index).shape
      #expect(shape[0] == 3 && min(shape[1], shape[2]) == 256)
    }
  }
}
