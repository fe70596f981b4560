import Foundation
import Graphs
import Interchange
import Tensors
import Testing

/// Weights in other files: inside the model's folder or not at all.
@Suite struct ONNXExternalDataTests {
  /// A folder with a model's folder inside and a secret beside it; removed afterwards.
  private func withFolder(_ body: (_ model: URL, _ outside: URL) throws -> Void) throws {
    let outside = FileManager.default.temporaryDirectory.appending(path: "onnx-\(UUID().uuidString)")
    let folder = outside.appending(path: "model")
    try FileManager.default.createDirectory(
      at: folder.appending(path: "sub"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: outside) }
    try body(folder, outside)
  }

  private func graph(_ folder: URL, _ entries: [(String, String)]) throws -> Graph {
    let model = ONNXBuilder(opset: 13).input("x", ["batch", 3]).external("w", [3], entries)
      .node("Add", ["x", "w"], ["y"]).output("y")
    let url = folder.appending(path: "model.onnx")
    try model.data.write(to: url)
    return try ONNXImporter().graph(of: url)
  }

  private let numbers: [Float] = [1, 2, 3]

  private var bytes: Data {
    var data = Data()
    for number in numbers { withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
    return data
  }

  @Test("Data beside the model, or deeper in its folder, at any offset, is read")
  func readsInside() throws {
    try withFolder { folder, _ in
      try (Data(count: 5) + bytes).write(to: folder.appending(path: "sub/weights.bin"))
      let graph = try graph(folder, [("location", "sub/weights.bin"), ("offset", "5"), ("length", "12")])
      let constant = try #require(graph.constant(graph.nodes[0].inputs[1]))
      #expect(constant.tensor == .float32(Tensor(shape: [3], scalars: numbers)))
    }
  }

  @Test(
    "Places outside the folder are refused",
    arguments: [
      "../secret.bin", "sub/../../secret.bin", "./weights.bin", "/etc/hostname", "", "sub//weights.bin", "sub", "link",
      "linked/secret.bin", "missing.bin", "..\\secret.bin",
    ])
  func refusesOutside(location: String) throws {
    try withFolder { folder, outside in
      try bytes.write(to: outside.appending(path: "secret.bin"))
      let manager = FileManager.default
      try manager.createSymbolicLink(
        at: folder.appending(path: "link"), withDestinationURL: outside.appending(path: "secret.bin"))
      try manager.createSymbolicLink(at: folder.appending(path: "linked"), withDestinationURL: outside)
      let error = #expect(throws: ImportError.self) { try graph(folder, [("location", location)]) }
      #expect(error?.isUnsupported == false)
      #expect(error?.node == "w")
    }
  }

  @Test(
    "Offsets and lengths are checked against the file",
    arguments: [("1", "12"), ("-1", "12"), ("9223372036854775800", "12"), ("0", "11"), ("0", "13"), ("x", "12")])
  func checksRanges(offset: String, length: String) throws {
    try withFolder { folder, _ in
      try bytes.write(to: folder.appending(path: "w.bin"))
      #expect(throws: ImportError.self) {
        try graph(folder, [("location", "w.bin"), ("offset", offset), ("length", length)])
      }
    }
  }

  @Test("Without a folder no file is opened")
  func needsAFolder() throws {
    let model = ONNXBuilder(opset: 13).input("x", ["batch", 3]).external("w", [3], [("location", "w.bin")])
      .node("Add", ["x", "w"], ["y"]).output("y")
    #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model.data, file: "m.onnx") }
  }
}
