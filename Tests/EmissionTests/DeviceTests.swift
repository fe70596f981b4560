import DeepChip
import Foundation
import Testing

/// A device that speaks the serial protocol, and a runner's end of the line.
final class DeviceConnection {
  private let process = Process()
  private let write: FileHandle
  private let read: FileHandle
  private var pending: [UInt8] = []

  /// A program whose standard input and output are the line.
  init(_ path: String, _ arguments: [String]) throws {
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    (write, read) = (input.fileHandleForWriting, output.fileHandleForReading)
  }

  /// A program that opens a pseudo-terminal and prints its name.
  init(terminalOf path: String) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    try process.run()
    var name: [UInt8] = []
    while name.last != UInt8(ascii: "\n"), let byte = try output.fileHandleForReading.read(upToCount: 1)?.first {
      name.append(byte)
    }
    let terminal = String(decoding: name.dropLast(), as: UTF8.self)
    let descriptor = open(terminal, O_RDWR | O_NOCTTY)
    try #require(descriptor >= 0)
    write = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    read = write
  }

  /// The lines up to the next `m-ready`, without it.
  func answer() throws -> [String] {
    var lines: [String] = []
    while true {
      while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: pending[..<end].filter { $0 != 13 }, as: UTF8.self)
        pending.removeFirst(end + 1)
        if line == "m-ready" { return lines }
        lines.append(line)
      }
      let bytes = read.availableData
      try #require(!bytes.isEmpty, "The device has gone after \(lines)")
      pending += bytes
    }
  }

  func send(_ command: String) throws -> [String] {
    try write.write(contentsOf: Data((command + "%").utf8))
    return try answer()
  }

  func end() {
    process.terminate()
    process.waitUntilExit()
  }
}

@Suite struct DeviceTests {
  private static let graph = IntegerGraph.all.first { $0.name == "reals at the borders" }?.graph

  /// Loads an input, infers, and compares the results with the definition's, to three decimals.
  private func converse(_ device: DeviceConnection, _ graph: Graph) throws {
    #expect(try device.answer() == ["m-timestamp-mode-performance", "m-init-done"])
    #expect(try device.send("name") == ["m-name-dut-[deepchip, unofficial]"])
    #expect(try device.send("profile").last == "m-model-[model]")
    #expect(try device.send("timestamp").first?.hasPrefix("m-lap-us-") == true)
    #expect(try device.send("bogus") == ["e-[Unknown command: bogus]"])
    #expect(try device.send("db") == ["e-[Command 'db' requires a subcommand]"])
    #expect(try device.send("infer 0") == ["e-[Inference iterations must be >0]"])
    #expect(try device.send("db load 99999999").first?.hasPrefix("e-[") == true)
    let id = graph.inputs[0]
    var generator = SplitMix64(seed: 3)
    let shape = try graph[id].type.shape(batch: 1)
    let input: AnyTensor =
      graph[id].type.elementType == .float32
      ? .float32(Tensor(shape: shape, scalars: (0..<shape.elementCount).map { _ in generator.nextUnit() * 4 - 2 }))
      : .sample(graph[id].type.elementType, shape, seed: 3)
    let bytes = input.bytes
    #expect(try device.send("db load \(bytes.count)") == ["m-[Expecting \(bytes.count) bytes]"])
    for start in stride(from: 0, to: bytes.count, by: 31) {
      let chunk = bytes[start..<min(start + 31, bytes.count)]
      let isLast = chunk.endIndex == bytes.count
      let hex = chunk.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      #expect(try device.send("db " + hex) == (isLast ? ["m-load-done"] : []))
    }
    #expect(try device.send("db print").joined().replacing("m-buffer", with: "") == bytes.map {
      "-" + ($0 < 16 ? "0" : "") + String($0, radix: 16)
    }.joined())
    let lines = try device.send("infer 2 1")
    #expect(lines.map { $0.hasPrefix("m-lap-us-") ? "m-lap-us" : $0.hasPrefix("m-results-[") ? "m-results" : $0 } == [
      "m-warmup-start-1", "m-warmup-done", "m-infer-start-2", "m-lap-us", "m-lap-us", "m-infer-done", "m-results",
    ])
    let laps = lines.filter { $0.hasPrefix("m-lap-us-") }.compactMap { Int($0.dropFirst(9)) }
    #expect(laps.count == 2 && laps[0] <= laps[1])
    let results = (lines.last ?? "").dropFirst("m-results-[".count).dropLast().split(separator: ",").compactMap {
      Double($0)
    }
    let expected = try GraphEvaluator(graph).outputs([input]).flatMap { $0.asFloat32?.scalars ?? $0.doubles.map(Float.init) }
    #expect(results.count == expected.count)
    // Half of the last decimal, and the float rounding of the product before it.
    for (result, real) in zip(results, expected) { #expect(abs(result - Double(real)) <= 0.00051 * max(1, abs(Double(real)))) }
    #expect(try device.send("results") == [lines.last ?? ""])
  }

  private func program(_ graph: Graph) throws -> (folder: ScratchFolder, device: URL) {
    let folder = try ScratchFolder()
    for file in try CEmitter(graph).files() {
      try Data(file.contents.utf8).write(to: folder.url.appending(path: file.name))
    }
    let compiler = try #require(CCompiler.all.first)
    let device = folder.url.appending(path: "device")
    let sources = ["device.c", "device_host.c", "model.c", "model_data.c"].map { folder.url.appending(path: $0).path }
    #expect(try run(compiler.path, CCompiler.strict + ["-o", device.path] + sources) == 0)
    return (folder, device)
  }

  @Test("The device of this machine answers on a pseudo-terminal", .enabled(if: !CCompiler.all.isEmpty))
  func terminal() throws {
    let graph = try #require(Self.graph)
    let (folder, path) = try program(graph)
    defer { withExtendedLifetime(folder) {} }
    let device = try DeviceConnection(terminalOf: path.path)
    defer { device.end() }
    try converse(device, graph)
  }

  @Test("And on standard input and output", .enabled(if: !CCompiler.all.isEmpty))
  func pipe() throws {
    let graph = try #require(Self.graph)
    let (folder, path) = try program(graph)
    defer { withExtendedLifetime(folder) {} }
    let device = try DeviceConnection(path.path, ["-"])
    defer { device.end() }
    try converse(device, graph)
  }

  @Test(
    "The device of an emulated chip answers on its serial port", .enabled(if: !BoardFolder.emulated.isEmpty),
    arguments: BoardFolder.emulated)
  func emulated(_ board: Board) throws {
    let graph = try #require(Self.graph)
    let folder = try BoardFolder(graph, .c, board)
    try folder.make("model_device.elf")
    var arguments = try #require(board.emulator)
    let tool = try #require(CCompiler.tool(arguments.removeFirst()))
    arguments.removeAll { $0 == "-nographic" }
    arguments.insert(contentsOf: ["-display", "none", "-serial", "stdio"], at: 0)
    let device = try DeviceConnection(tool, arguments + [folder.url.appending(path: "board/model_device.elf").path])
    defer { device.end() }
    try converse(device, graph)
  }
}
