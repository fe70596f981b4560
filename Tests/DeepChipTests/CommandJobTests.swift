import DeepChip
import Foundation
import Testing

/// What scripts and people get from the command, job by job.
@Suite struct CommandJobTests {
  let folder: TemporaryFolder
  let onnx: String
  let dchip: String

  init() throws {
    folder = try TemporaryFolder()
    onnx = try folder.file("digits.onnx", Digits.onnx).path
    dchip = try folder.file("digits.dchip", Self.packed.get()).path
  }

  /// Made once: the bytes of the int8 file.
  private static let packed = Result { try Digits.quantized(.int8).serialized() }

  private func expectFields(_ document: [String: Any], _ names: String...) {
    for name in ["schemaVersion"] + names {
      #expect(document[name] != nil, "\(name) is missing in \(document.keys.sorted())")
    }
  }

  @Test("inspect tells layers and sizes, of a float file and of a packed one")
  func inspect() throws {
    for file in [onnx, dchip] {
      let run = try deepchip("inspect", file, "--json")
      #expect(run.code == 0)
      #expect(run.standardError == "")
      let document = try run.document()
      expectFields(
        document, "layers", "parameterCount", "macCount", "byteCount", "float32ByteCount", "compressionRatio",
        "weightDensity", "unsupported")
      // Batch norms are folded in the packed file: one number a channel instead of two.
      #expect(document["parameterCount"] as? Int == (file == dchip ? 18_346 : 18_418))
      let byteCount = try #require(document["byteCount"] as? Int)
      #expect(byteCount == (try Data(contentsOf: URL(fileURLWithPath: file)).count))
      if let sections = document["sections"] as? [[String: Any]] {
        let sum = sections.reduce(0) { $0 + ($1["byteCount"] as? Int ?? 0) }
        #expect(file == dchip && sum == byteCount)
      } else {
        #expect(file == onnx)
      }
    }
  }

  @Test("inspect shows people the sections of a packed file, largest first, and they add up")
  func sections() throws {
    let run = try deepchip("inspect", dchip)
    #expect(run.code == 0)
    let line = try #require(run.standardOutput.split(separator: "\n").first { $0.hasPrefix("sections") })
    #expect(line.contains("data ") && line.contains("graph "))
  }

  @Test("inspect --operators lists what can be imported")
  func operators() throws {
    let document = try deepchip("inspect", "--operators", "--json").document()
    expectFields(document, "onnx", "tflite")
    #expect((document["onnx"] as? [String])?.contains("QLinearConv") == true)
    #expect(try deepchip("inspect", "--operators").standardOutput.contains("QLinearConv"))
  }

  @Test("Unsupported operators: exit code 4, all of them at once, with their nodes")
  func unsupported() throws {
    let file = try folder.file("strange.onnx", ONNXBytes.unsupportedNetwork).path
    for command in [["inspect"], ["bench"], ["quantize", "--data", "digits", "-o", file + ".dchip"]] {
      let run = try CommandRun([command[0], file] + command.dropFirst())
      #expect(run.code == 4)
      #expect(run.standardOutput == "")
      #expect(run.standardError.contains("strange.onnx"))
      #expect(run.standardError.contains("Frobnicate") && run.standardError.contains("Defenestrate"))
    }
    let run = try deepchip("inspect", file, "--json")
    #expect(run.code == 4)
    let list = try #require(try run.document()["unsupported"] as? [[String: Any]])
    #expect(list.compactMap { $0["operator"] as? String } == ["Frobnicate", "Defenestrate"])
  }

  @Test("quantize writes the same bytes twice, in a quarter of the space")
  func quantize() throws {
    let arguments = ["quantize", onnx, "--data", "digits", "--scale", "1/16", "--calibration-images", "64", "--json"]
    var files: [Data] = []
    for name in ["a.dchip", "b.dchip"] {
      let run = try CommandRun(arguments + ["-o", folder[name].path])
      #expect(run.code == 0)
      expectFields(try run.document(), "layers", "byteCount", "compressionRatio")
      files.append(try Data(contentsOf: folder[name]))
    }
    #expect(files[0] == files[1])
    #expect(files[0].count * 7 / 2 < Digits.onnx.count)
    #expect(Array(files[0]) == (try Self.packed.get()))
  }

  @Test("A packed model is written again with other codes, and keeps its weights")
  func recoding() throws {
    let small = folder["small.dchip"].path
    #expect(try deepchip("quantize", dchip, "--codes", "small", "--no-names", "-o", small).code == 0)
    #expect(try Data(contentsOf: folder["small.dchip"]).count < (try Self.packed.get().count))
    let predictions = try [dchip, small].map { file in
      #expect(try deepchip("eval", file, "--data", "digits", "--predictions", folder["p"].path).code == 0)
      return try Data(contentsOf: folder["p"])
    }
    #expect(predictions[0] == predictions[1])

    #expect(try deepchip("quantize", dchip, "--resize", "8", "--crop", "8", "-o", small).code == 0)
    let before = try Model(contentsOf: URL(fileURLWithPath: dchip)).packed
    let after = try Model(contentsOf: folder["small.dchip"]).packed
    var expected = before.preprocessing ?? Preprocessing()
    expected.resize = 8
    expected.crop = [8, 8]
    #expect(after.preprocessing == expected && after.graph == before.graph)

    for options in [["--data", "digits"], ["--weights", "ternary"], ["--layer", "1=real"], ["--equalize"]] {
      let anew = try CommandRun(["quantize", dchip, "-o", small] + options)
      #expect(anew.code == 2 && anew.standardError.contains("already packed"), "\(options)")
    }
  }

  @Test("eval gives counts and fractions; predictions are a byte each")
  func eval() throws {
    let run = try deepchip(
      "eval", dchip, "--data", "digits", "--limit", "100", "--json", "--predictions", folder["p"].path)
    #expect(run.code == 0)
    let document = try run.document()
    expectFields(document, "images", "top1", "top5", "top1Count", "loss")
    #expect(document["images"] as? Int == 100)
    let (top1, count) = (document["top1"] as? Double, document["top1Count"] as? Int)
    #expect(top1 == count.map { Double($0) / 100 })
    #expect(try Data(contentsOf: folder["p"]).count == 100)
  }

  @Test("The reference and the kernels evaluate alike")
  func backends() throws {
    let outputs = try ["runtime", "reference"].map {
      try deepchip("eval", dchip, "--data", "digits", "--limit", "20", "--json", "--backend", $0).standardOutput
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test("A missed accuracy gate: the figures, and exit code 6")
  func gate() throws {
    let arguments = ["eval", dchip, "--data", "digits", "--limit", "50", "--json", "--minimum-top1"]
    #expect(try CommandRun(arguments + ["0.5"]).code == 0)
    let run = try CommandRun(arguments + ["1.0", "--scale", "0"])
    #expect(run.code == 6)
    expectFields(try run.document(), "images", "top1")
    #expect(run.standardError.hasPrefix("error: top-1 is "))
  }

  @Test("bench tells latencies, layers and memory; the peer line is one line")
  func bench() throws {
    let document = try deepchip("bench", dchip, "--iterations", "20", "--json").document()
    expectFields(
      document, "medianMicroseconds", "p95Microseconds", "iterations", "threads", "batch", "layers", "arenaBytes",
      "fileBytes")
    let layer = try #require((document["layers"] as? [[String: Any]])?.first)
    for name in ["name", "operator", "kernel", "medianMicroseconds", "macCount", "byteCount", "density"] {
      #expect(layer[name] != nil, "\(name)")
    }
    let both = try deepchip("bench", dchip, "--against", onnx, "--iterations", "20", "--json").document()
    expectFields(both, "model", "against")
    let input = try folder.file("x.npy", NPY.encoded(.float32(Tensor.random([1, 1, 8, 8], seed: 1)))).path
    let run = try deepchip("bench", dchip, "--peer", "--iterations", "20", "--input", input)
    #expect(run.code == 0)
    #expect(run.standardOutput.split(separator: "\n").count == 1)
    let line = try run.document()
    for name in ["median_us", "load_us", "base_rss_kb", "peak_rss_kb", "file_bytes"] { #expect(line[name] is NSNumber) }
    #expect((line["output"] as? [Double])?.count == 10)
  }

  @Test("explain names the three worst layers, each with a remedy")
  func explain() throws {
    let run = try deepchip(
      "explain", dchip, "--reference", onnx, "--data", "digits", "--limit", "16", "--scale", "1/16", "--json")
    #expect(run.code == 0)
    let document = try run.document()
    expectFields(document, "layers", "worst", "agreement", "images")
    let layers = try #require(document["layers"] as? [[String: Any]])
    let worst = try #require(document["worst"] as? [String])
    #expect(worst.count == 3)
    for name in worst {
      // Weights of 8 bits are not what costs most.
      let remedy = layers.first { $0["name"] as? String == name }?["remedy"] as? String
      #expect(remedy?.hasPrefix("The weights") == false)
      #expect(layers.first { $0["name"] as? String == name }?["remedy"] is String)
    }
  }

  @Test("doctor finds this machine's arithmetic equal to the definitions")
  func doctor() throws {
    let run = try deepchip("doctor", "--json")
    #expect(run.code == 0)
    let document = try run.document()
    expectFields(document, "processor", "instructionSets", "kernels", "best")
    #expect(try deepchip("doctor").standardOutput.contains("equal to the definitions"))
  }

  @Test("demo trains, gives two rows, float and ternary, and leaves a file that can be read and a page")
  func demo() throws {
    let run = try deepchip("demo", "--json", "-o", folder["demo"].path)
    #expect(run.code == 0)
    let models = try #require(try run.document()["models"] as? [[String: Any]])
    #expect(models.count == 2)
    let top1 = models.compactMap { $0["top1"] as? Double }
    #expect(top1.count == 2 && top1[0] > 0.95 && abs(top1[0] - top1[1]) <= 0.01)
    let files = folder["demo"]
    #expect(try deepchip("inspect", files.appendingPathComponent("digits.dchip").path).code == 0)
    #expect(FileManager.default.fileExists(atPath: files.appendingPathComponent("digits.run/report.html").path))
  }

  @Test("data info counts items by class")
  func dataInfo() throws {
    let document = try deepchip("data", "info", "digits", "--json").document()
    let parts = try #require(document["parts"] as? [[String: Any]])
    #expect(parts.compactMap { $0["items"] as? Int } == [1437, 360])
    #expect(try deepchip("data", "info").standardOutput.contains("cifar10:DIR"))
  }

  @Test("run writes a file or fills a folder, and both backends write the same")
  func run() throws {
    let input = try folder.file("x.npy", NPY.encoded(.float32(Tensor.random([1, 1, 8, 8], seed: 1)))).path
    #expect(try deepchip("run", dchip, "--input", input, "-o", folder["y.npy"].path).code == 0)
    let reference = try deepchip(
      "run", dchip, "--input", input, "--backend", "reference", "-o", folder.url.path)
    #expect(reference.code == 0)
    #expect(try Data(contentsOf: folder["y.npy"]) == Data(contentsOf: folder["output_0.npy"]))
    #expect(try NPY.read(folder["y.npy"]).shape == [1, 10])
  }

  @Test("Inputs that do not fit: exit code 2, and a message that says what fits")
  func wrongInputs() throws {
    let small = try folder.file("x.npy", NPY.encoded(.float32(Tensor.random([1, 1, 4, 4], seed: 1)))).path
    let none = try deepchip("run", dchip, "-o", folder["y.npy"].path)
    #expect(none.code == 2)
    #expect(none.standardError.contains("input"))
    let two = try deepchip("run", dchip, "--input", small, small, "-o", folder["y.npy"].path)
    #expect(two.code == 2)
    for backend in ["runtime", "reference"] {
      let wrong = try deepchip("run", dchip, "--input", small, "--backend", backend, "-o", folder["y.npy"].path)
      #expect(wrong.code == 2, "\(backend)")
      #expect(wrong.standardError.contains("digits.dchip"), "\(wrong.standardError)")
    }
    let text = try folder.file("x.npy", Array("not an array".utf8)).path
    #expect(try deepchip("run", dchip, "--input", text, "-o", folder["y.npy"].path).code == 3)
    #expect(try deepchip("run", dchip, "--input", onnx, "-o", folder["y.npy"].path).code == 2)
    #expect(!(try folder.names.contains("y.npy")))
  }

  @Test("Items that do not fit the model: exit code 2. Activations that do not fit in memory: exit code 5")
  func doesNotFit() throws {
    func network(batch: Int) -> [UInt8] {
      ONNXBytes.file(
        inputs: [("x", [batch, 3, 512, 512])], initializers: [], nodes: [("Relu", ["x"], ["y"], [])], outputs: ["y"])
    }
    let file = try folder.file("large.onnx", network(batch: 0)).path
    let items = try deepchip("eval", file, "--data", "digits")
    #expect(items.code == 2)
    #expect(items.standardError.contains("digits, item 0"))
    let memory = try deepchip("bench", file, "--batch", "65536")
    #expect(memory.code == 5, "\(memory.standardError)")
    #expect(memory.standardOutput == "")
    let fixed = try deepchip("bench", folder.file("fixed.onnx", network(batch: 1)).path, "--batch", "2")
    #expect(fixed.code == 2)
    #expect(fixed.standardError == "error: fixed.onnx: the model fixes its batch; leave out --batch.\n")
  }

  @Test("An output that cannot be written: exit code 1, the path named, the old file intact and no other left")
  func unwritable() throws {
    let command = ["quantize", onnx, "--data", "digits", "--scale", "1/16", "--calibration-images", "16", "-o"]
    let nowhere = folder["nowhere/m.dchip"].path
    let missing = try CommandRun(command + [nowhere])
    #expect(missing.code == 1)
    #expect(missing.standardOutput == "")
    #expect(missing.standardError.contains(nowhere))
    let asFolder = try CommandRun(command + [folder.url.path])
    #expect(asFolder.code == 1)

    // The superuser may write everywhere: there this part cannot fail as it should.
    guard geteuid() != 0 else { return }
    let old = try folder.file("old.dchip", [1, 2, 3])
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.url.path)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.url.path) }
    let run = try CommandRun(command + [old.path])
    #expect(run.code == 1)
    #expect(run.standardError.contains("old.dchip"))
    #expect(try Data(contentsOf: old) == Data([1, 2, 3]))
    #expect(try folder.names == ["digits.dchip", "digits.onnx", "old.dchip"])
  }

  @Test("Features without labels, outputs of the input's shape: eval gives the mean squared error")
  func autoEncoder() throws {
    let network = ONNXBytes.file(
      inputs: [("x", [1, 4])], initializers: [("w", [4, 4], (0..<16).map { $0 % 5 == 0 ? 0.5 : 0 })],
      nodes: [("MatMul", ["x", "w"], ["y"], [])], outputs: ["y"])
    let model = try folder.file("half.onnx", network).path
    let inputs = AnyTensor.float32(Tensor(shape: [2, 4], scalars: [1, 2, 3, 4, 0, 0, 2, -2]))
    let data = try folder.file("x.npz", storedZip("inputs.npy", Array(NPY.encoded(inputs)))).path
    let document = try deepchip("eval", model, "--data", "npz:\(data)", "--json").document()
    // (1 + 4 + 9 + 16 + 4 + 4) / 4 / 8
    #expect(document["meanSquaredError"] as? Double == 1.1875)
    #expect(document["top1"] == nil)
  }
}

/// An archive of one file, as it is.
private func storedZip(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
  func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  let checksum = Int(crc32(bytes))
  let common =
    little(20, 2) + little(0, 8) + little(checksum, 4) + little(bytes.count, 4) + little(bytes.count, 4)
    + little(name.utf8.count, 2) + little(0, 2)
  let local = little(0x0403_4B50, 4) + common + Array(name.utf8) + bytes
  let central = little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 14) + Array(name.utf8)
  let end =
    little(0x0605_4B50, 4) + little(0, 4) + little(1, 2) + little(1, 2) + little(central.count, 4)
    + little(local.count, 4) + little(0, 2)
  return local + central + end
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
  var register: UInt32 = ~0
  for byte in bytes {
    register ^= UInt32(byte)
    for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
  return ~register
}
