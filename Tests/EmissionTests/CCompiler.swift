import Emission
import Foundation
import Tensors

/// A C compiler of this machine.
struct CCompiler: Sendable, CustomStringConvertible {
  var name: String
  var path: String

  var description: String { name }

  /// Those of gcc and clang that are installed.
  static let all: [CCompiler] = ["gcc", "clang"].compactMap { name in tool(name).map { CCompiler(name: name, path: $0) }
  }

  static func tool(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// As the emitted makefile has them.
  static let strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]

  /// Whether programs can be checked for undefined behavior and bad addresses while they run.
  static let sanitizing: CCompiler? = all.first { compiler in
    guard let folder = try? ScratchFolder() else { return false }
    try? Data("int main(void) { return 0; }".utf8).write(to: folder.url.appending(path: "empty.c"))
    let status = try? run(
      compiler.path,
      sanitizers + ["-o", folder.url.appending(path: "empty").path, folder.url.appending(path: "empty.c").path])
    return status == 0 && (try? run(folder.url.appending(path: "empty").path, [])) == 0
  }

  static let sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
}

/// A folder that goes when the last reference does.
final class ScratchFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "emission-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// Runs a program to its end and returns its status.
func run(_ path: String, _ arguments: [String], input: URL? = nil, output: URL? = nil, errors: URL? = nil) throws
  -> Int32
{
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.standardInput = try input.map(FileHandle.init(forReadingFrom:)) ?? FileHandle.nullDevice
  process.standardError = try errors.map(writer) ?? FileHandle.nullDevice
  process.standardOutput = try output.map(writer) ?? FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  return process.terminationStatus
}

private func writer(_ url: URL) throws -> FileHandle {
  try Data().write(to: url)
  return try FileHandle(forWritingTo: url)
}

/// An emitted program, compiled with its example.
struct CompiledProgram {
  let folder: ScratchFolder
  let executable: URL

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  init(_ emitter: CEmitter, _ compiler: CCompiler, flags: [String] = ["-O1"]) throws {
    folder = try ScratchFolder()
    for file in emitter.files() {
      try Data(file.contents.utf8).write(to: folder.url.appending(path: file.name))
    }
    executable = folder.url.appending(path: "program")
    let name = emitter.options.name
    let sources = ["\(name).c", "\(name)_data.c", "main.c"].map { folder.url.appending(path: $0).path }
    let errors = folder.url.appending(path: "errors")
    guard
      try run(
        compiler.path, CCompiler.strict + flags + ["-o", executable.path] + sources, errors: errors) == 0
    else { throw Failure(description: try String(contentsOf: errors, encoding: .utf8)) }
  }

  /// The outputs for each list of inputs, all bytes in a row.
  func outputs(_ inputs: [[AnyTensor]]) throws -> [UInt8] {
    let (from, to) = (folder.url.appending(path: "input"), folder.url.appending(path: "output"))
    let errors = folder.url.appending(path: "errors")
    try Data(inputs.flatMap { $0.flatMap(\.bytes) }).write(to: from)
    let status = try run(executable.path, [], input: from, output: to, errors: errors)
    guard status == 0 else {
      throw Failure(description: "status \(status): " + (try String(contentsOf: errors, encoding: .utf8)))
    }
    return [UInt8](try Data(contentsOf: to))
  }
}

extension AnyTensor {
  /// The elements as this machine stores them.
  var bytes: [UInt8] {
    func bytes<Scalar>(_ tensor: Tensor<Scalar>) -> [UInt8] { tensor.scalars.withUnsafeBytes { Array($0) } }
    return switch self {
    case .float32(let tensor): bytes(tensor)
    case .uint8(let tensor): bytes(tensor)
    case .int8(let tensor): bytes(tensor)
    case .int16(let tensor): bytes(tensor)
    case .int32(let tensor): bytes(tensor)
    case .int64(let tensor): bytes(tensor)
    case .bool(let tensor): bytes(tensor)
    }
  }

  /// Any codes, or reals in −4...4 with some halves between codes, an infinity and a NaN.
  static func sample(_ elementType: ElementType, _ shape: Shape, seed: UInt64) -> AnyTensor {
    var random = SplitMix64(seed: seed)
    switch elementType {
    case .uint8:
      return .uint8(
        Tensor(shape: shape, scalars: (0..<shape.elementCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }))
    case .int8:
      return .int8(
        Tensor(shape: shape, scalars: (0..<shape.elementCount).map { _ in Int8(truncatingIfNeeded: random.next()) }))
    default:
      var reals = (0..<shape.elementCount).map { index in
        index % 3 == 0 ? (random.nextUnit() * 64).rounded() / 8 - 4 + 1 / 16 : random.nextUnit() * 8 - 4
      }
      if shape.elementCount > 8 { reals.replaceSubrange(1...3, with: [.infinity, -.infinity, .nan]) }
      return .float32(Tensor(shape: shape, scalars: reals))
    }
  }
}
