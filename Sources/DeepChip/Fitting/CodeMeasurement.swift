import Emission
import Foundation
import Targets

/// What a compiler made of an emitted program.
public struct CodeMeasurement: Sendable, Equatable {
  /// Machine code, without the compiler's own routines.
  public var codeByteCount: Int
  /// Frames of the deepest chain of calls, and 32 bytes for memcpy.
  public var stackByteCount: Int
  /// Sections of the object with the constants, and of the one with the arena.
  public var constantByteCount: Int
  public var arenaByteCount: Int

  /// Compiles the program with the target's cross compiler and reads the objects.
  ///
  /// - Throws: `Failure` if there is no such compiler or it refuses.
  public init(_ emitter: CEmitter, core: Core, optimization: String = "-O2") throws {
    guard let prefix = core.compilerPrefix else {
      throw Failure(.usage, "--measure: there is no cross compiler for \(core.title); leave it out.")
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "deepchip-fits-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for file in emitter.files() { try Data(file.contents.utf8).write(to: folder.appending(path: file.name)) }
    try Data(Self.stringHeader.utf8).write(to: folder.appending(path: "string.h"))
    let name = emitter.options.name
    func compile(_ source: String) throws -> [String: Int] {
      _ = try Self.run(
        prefix + "gcc",
        core.compilerFlags + [
          optimization, "-std=c99", "-ffreestanding", "-fstack-usage", "-I.", "-c", source + ".c", "-o", source + ".o",
        ], in: folder)
      return Self.sections(try Self.run(prefix + "size", ["-A", source + ".o"], in: folder))
    }
    let (program, data) = (try compile(name), try compile(name + "_data"))
    codeByteCount = program.filter { $0.key.hasPrefix(".text") || $0.key.hasPrefix(".rodata") }.values.reduce(0, +)
    arenaByteCount = program[".bss"] ?? 0
    constantByteCount = data.filter { $0.key.hasPrefix(".rodata") }.values.reduce(0, +)
    let frames = try String(contentsOf: folder.appending(path: name + ".su"), encoding: .utf8)
    stackByteCount = 32 + emitter.stackByteCount(frames: Self.frames(frames, name: name))
  }

  /// For tool chains without a C library.
  private static let stringHeader = """
    #include <stddef.h>
    void *memcpy(void *to, const void *from, size_t count);
    void *memset(void *to, int byte, size_t count);

    """

  /// Sizes by section, from `size -A`.
  private static func sections(_ text: String) -> [String: Int] {
    var result: [String: Int] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count >= 2, fields[0].hasPrefix("."), let size = Int(fields[1]) {
        result[String(fields[0]), default: 0] += size
      }
    }
    return result
  }

  /// Frames by function, from gcc's `.su` file: `model.c:12:8:model_run<tab>176<tab>static`.
  private static func frames(_ text: String, name: String) -> [String: Int] {
    var result: [String: Int] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t")
      guard fields.count >= 2, let size = Int(fields[1]), let function = fields[0].split(separator: ":").last else {
        continue
      }
      // Clones are called model_add.constprop.0, .part.0, .isra.0.
      let base = String(function.split(separator: ".")[0].dropFirst(name.utf8.count + 1))
      result[base] = max(result[base] ?? 0, size)
    }
    return result
  }

  private static func run(_ tool: String, _ arguments: [String], in folder: URL) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    process.currentDirectoryURL = folder
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(
        .failed,
        "\(tool): " + (process.terminationStatus == 127 ? "is not installed." : message.escapedForDisplay))
    }
    return text
  }
}
