import DeepChip
import Foundation

/// A reader under test. An error is a good answer; a trap, a fault, a leak or too much time or memory is a finding.
enum Target: String, CaseIterable {
  case dchip, sealedDchip, onnx, tflite, safetensors, npy, npz, png, jpeg, idx, cifar10, kws01, svhn
  case raw, trits, bitmap, gaps, rans, runs, codebook, mixed, integers, bytes

  func run(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .dchip: _ = try? PackedModel(reading: bytes)
    case .sealedDchip: readSealed(Array(bytes))
    case .onnx: _ = try? ONNXImporter().graph(of: Data(bytes), file: "f.onnx")
    case .tflite: _ = try? TFLiteImporter().graph(Data(bytes), file: "f.tflite")
    case .safetensors: _ = try? Safetensors.read(Data(bytes), file: "f.safetensors")
    case .npy: _ = try? NPY.read(Data(bytes), file: "f.npy")
    case .npz: _ = try? NPZ.read(Data(bytes), file: "f.npz", maximumByteCount: 64 << 20)
    case .png, .jpeg: _ = try? PictureDecoder(maximumByteCount: 64 << 20).decode(Data(bytes), file: "f")
    case .idx: readFolder(bytes, ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"], Dataset.mnist)
    case .cifar10: readFolder(bytes, ["test_batch.bin"], Dataset.cifar10)
    case .kws01: readFolder(bytes, ["features_int8.bin", "labels.csv"], Dataset.keywordFeatures)
    case .svhn: readFolder(bytes, ["test_32x32.mat"], Dataset.svhn)
    case .raw: readCodes(.raw, bytes)
    case .trits: readCodes(.trits, bytes)
    case .bitmap: readCodes(.bitmap, bytes)
    case .gaps: readCodes(.gaps, bytes)
    case .rans: readCodes(.rans, bytes)
    case .runs: readCodes(.runs, bytes)
    case .codebook: readCodes(.codebook, bytes)
    case .mixed: readCodes(.mixed, bytes)
    case .integers: readIntegers(bytes)
    case .bytes: readBytes(bytes)
    }
  }
}

// MARK: - Packed files

extension Target {
  /// With checksums and length put right, so that what is behind them is reached; a model that is accepted has to be one.
  private func readSealed(_ file: [UInt8]) {
    var file = file
    guard file.count >= 32 else { return }
    func write(_ value: UInt64, at offset: Int) {
      for index in 0..<8 { file[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }
    func read(_ offset: Int) -> Int {
      Int(truncatingIfNeeded: (0..<8).reduce(UInt64(0)) { $0 | UInt64(file[offset + $1]) << UInt64(8 * $1) })
    }
    write(UInt64(file.count), at: 16)
    let sectionCount = Int(file[10])
    let end = 24 + 32 * sectionCount
    guard file.count >= end + 8 else { return }
    for entry in stride(from: 24, to: end, by: 32) {
      let (start, count) = (read(entry + 8), read(entry + 16))
      guard start >= 0, start <= file.count, count >= 0, count <= file.count - start else { continue }
      write(Checksum.of(Array(file[start..<start + count])), at: entry + 24)
    }
    write(Checksum.of(Array(file[..<end])), at: end)
    _ = try? FileLayout(reading: file)
    guard let model = try? PackedModel(reading: file) else { return }
    do { try model.graph.validate() } catch { fatalError("an accepted model is not sound: \(error)") }
    guard (try? model.serialized()) != nil else { fatalError("an accepted model cannot be written") }
    guard let streamed = try? StreamedModel(reading: file, decoding: .stream) else {
      fatalError("an accepted model cannot be read to be streamed")
    }
    for (id, weights) in streamed.weights {
      guard let decoded = try? weights.decoded(), .coded(decoded) == model.graph.constants[id] else {
        fatalError("weights that stay coded differ")
      }
    }
  }
}

// MARK: - Weight codes

extension Target {
  private static let alphabets: [CodeAlphabet] = [
    .ternary, .binary, .signed(bitWidth: 2), .signed(bitWidth: 4), .signed(bitWidth: 8), .unsigned(bitWidth: 3),
  ]

  /// The first bytes say how many codes, in rows of what length, of which alphabet.
  private func readCodes(_ code: WeightCode, _ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 5 else { return }
    let rows = 1 + Int(bytes[0]) | Int(bytes[1]) << 8
    let rowLength = 1 + Int(bytes[2]) | Int(bytes[3] & 3) << 8
    let alphabet = Self.alphabets[Int(bytes[4]) % Self.alphabets.count]
    let payload = UnsafeRawBufferPointer(rebasing: bytes[5...])
    let count = rows * rowLength
    guard count <= 1 << 20 else { return }
    let codes = try? code.decode(payload, count: count, rowLength: rowLength, alphabet: alphabet)
    if let codes {
      guard codes.count == count, codes.allSatisfy(alphabet.contains) else { fatalError("codes outside the alphabet") }
    }
    var streamed: [Int8] = []
    let isWhole: Void? = try? code.forEachRowGroup(payload, count: count, rowLength: rowLength, alphabet: alphabet) {
      streamed += $1
    }
    if let codes { guard isWhole != nil, streamed == codes else { fatalError("streaming differs from the whole") } }
  }

  private func readIntegers(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 2 else { return }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[1...]))
    _ = try? PackedIntegers.read(count: Int(bytes[0]), from: &reader)
    _ = try? reader.varint()
    _ = try? reader.signedVarint()
  }
}

// MARK: - Coded bytes

extension Target {
  /// The first two bytes say how many.
  private func readBytes(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 2 else { return }
    let payload = UnsafeRawBufferPointer(rebasing: bytes[2...])
    var decoded = [UInt8](repeating: 0, count: Int(bytes[0]) | Int(bytes[1]) << 8)
    decoded.withUnsafeMutableBufferPointer { decoded in
      guard (try? MixedBytes.decode(payload, into: decoded)) != nil else { return }
      guard let again = try? MixedBytes.encode(Array(decoded)), again.elementsEqual(payload) else {
        fatalError("accepted bytes are not what an encoder writes")
      }
    }
  }
}

// MARK: - Data sets

extension Target {
  private static let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("deepchip-fuzz-\(ProcessInfo.processInfo.processIdentifier)")

  /// The bytes as files in a folder, cut in as many parts as there are names.
  private func readFolder(
    _ bytes: UnsafeRawBufferPointer, _ names: [String], _ load: (URL, Split) throws(DatasetError) -> Dataset
  ) {
    try? FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
    // Of two files, the first byte says how many bytes, in 256ths of the rest, are the first file's.
    var rest = names.count == 1 ? bytes[...] : bytes.dropFirst()
    for (index, name) in names.enumerated() {
      let isLast = index == names.count - 1
      let part = isLast ? rest : rest.prefix(rest.count * Int(bytes.first ?? 128) / 256)
      rest = rest.dropFirst(part.count)
      try? Data(part).write(to: Self.folder.appendingPathComponent(name))
    }
    guard let dataset = try? load(Self.folder, .test), dataset.count > 0 else { return }
    _ = try? dataset.item(at: dataset.count - 1)
  }
}
