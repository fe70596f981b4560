import DeepChip
import Foundation
import Testing

/// Damage to files of real networks, whose weights are coded in every way that pays.
@Suite(.enabled(if: SharedData.has("data/models/resnet44.onnx"))) struct WholeFileDamageTests {
  static let networks = ["resnet20.onnx", "resnet44.onnx", "lenet/lenet-mnist.onnx"]

  /// The network with ternary weights, packed.
  private func file(_ network: String, density: Float) throws -> [UInt8] {
    var graph = try Model(contentsOf: SharedData.model(network)).packed.graph
    let quantizer = TernaryQuantizer(thresholdRatio: density)
    for node in graph.nodes {
      guard case let id?? = node.inputs.dropFirst().first, case .tensor(.float32(let tensor))? = graph.constants[id],
        tensor.shape.rank > 1, tensor.shape.elementCount > 64
      else { continue }
      graph.constants[id] = .coded(try quantizer.quantize(tensor))
    }
    return try PackedModel(graph: graph).serialized()
  }

  @Test("Cut at any byte, a file is refused", arguments: networks)
  func truncations(network: String) throws {
    let file = try file(network, density: 0.1)
    var accepted = 0
    file.withUnsafeBytes { bytes in
      for count in 0..<bytes.count {
        if (try? PackedModel(reading: UnsafeRawBufferPointer(rebasing: bytes[..<count]))) != nil { accepted += 1 }
      }
    }
    #expect(accepted == 0)
  }

  /// DEEPCHIP_FLIPS says how many; 10,000 take a minute.
  @Test("With any bit changed, a file is refused", arguments: networks)
  func flips(network: String) throws {
    var file = try file(network, density: 0.2)
    let count = ProcessInfo.processInfo.environment["DEEPCHIP_FLIPS"].flatMap { Int($0) } ?? 500
    var random = SplitMix64(seed: 17)
    var accepted = 0
    for _ in 0..<count {
      let (index, bit) = (Int(random.next() % UInt64(file.count)), UInt8(1) << UInt8(random.next() % 8))
      file[index] ^= bit
      let isAccepted = file.withUnsafeBytes { (try? PackedModel(reading: $0)) != nil }
      if isAccepted { accepted += 1 }
      file[index] ^= bit
    }
    #expect(accepted == 0)
  }

  @Test("The decoder in Python, written from the document, reads the same weights", arguments: networks)
  func decoderOfTheDocument(network: String) throws {
    let file = try file(network, density: 0.15)
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).dchip")
    try Data(file).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("ModelFormatTests/decode.py")
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script.path, url.path]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    // 127: there is no Python here.
    guard process.terminationStatus != 127 else { return }
    #expect(process.terminationStatus == 0)
    let model = try PackedModel(reading: file)
    let layout = try FileLayout(reading: file)
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    try #require(lines.count == layout.constants.count)
    for (line, (id, stored)) in zip(lines, zip(model.graph.constants.keys.sorted(), layout.constants)) {
      guard case .coded(let coded)? = model.graph.constants[id] else { continue }
      #expect(line.last == stored.code?.name)
      #expect(Double(line[3]) == Double(coded.codes.scalars.reduce(0) { $0 + Int($1) }))
      #expect(line[4] == Self.crc32(coded.codes.scalars), "constant \(line[0])")
    }
  }

  private static func crc32(_ codes: [Int8]) -> String {
    var sum = UInt32.max
    for code in codes {
      sum ^= UInt32(UInt8(bitPattern: code))
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 0 ? 0 : 0xEDB8_8320) }
    }
    let text = String(~sum, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }
}
