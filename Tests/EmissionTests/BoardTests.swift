import DeepChip
import Foundation
import Testing

/// An emitted network with a program for a board, in a folder of its own.
struct BoardFolder {
  enum Language: String, CaseIterable, Sendable { case c, swift }

  let folder = try? ScratchFolder()
  let url: URL
  let board: Board

  init(_ packed: Graph, _ language: Language, _ board: Board) throws {
    self.board = board
    url = try #require(folder).url
    let files: [CEmitter.File]
    switch language {
    case .c:
      let emitter = try CEmitter(packed, options: .init(core: CoreKind(board.core)))
      files = emitter.files() + emitter.files(for: board)
    case .swift:
      let emitter = try SwiftEmitter(packed)
      files = emitter.files() + emitter.files(for: board)
    }
    for file in files { try write(file.contents, file.name) }
  }

  func write(_ text: String, _ name: String) throws {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  func make(_ goal: String = "all") throws {
    let errors = url.appending(path: "errors")
    let make = try #require(CCompiler.tool("make"))
    guard try run(make, ["-C", url.appending(path: "board").path, goal], errors: errors) == 0 else {
      throw CompiledProgram.Failure(description: try String(contentsOf: errors, encoding: .utf8))
    }
  }

  /// Runs the network under emulation on each input, with a `main` that goes through files of this machine.
  func outputs(_ inputs: [AnyTensor]) throws -> [UInt8] {
    try write(Self.mainText(count: inputs.count, isArm: board.core != .rv32imc), "board/main.c")
    try make("model.elf")
    try Data(inputs.flatMap(\.bytes)).write(to: url.appending(path: "board/inputs"))
    guard let emulator = board.emulator, let tool = CCompiler.tool(emulator[0]) else { return [] }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = Array(emulator.dropFirst()) + ["model.elf"]
    process.currentDirectoryURL = url.appending(path: "board")
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CompiledProgram.Failure(description: "\(board) ends with status \(process.terminationStatus)")
    }
    return [UInt8](try Data(contentsOf: url.appending(path: "board/outputs")))
  }

  /// Boards under emulation whose tools are installed.
  static let emulated = compiled.filter { $0.emulator.map { CCompiler.tool($0[0]) != nil } ?? false }

  /// Boards whose compiler is installed.
  static let compiled = Board.all.filter {
    CCompiler.tool("make") != nil && CCompiler.tool(($0.core.compilerPrefix ?? "") + "gcc") != nil
  }

  static let languages = Language.allCases.filter { $0 == .c || BuiltPackage.canBuild }

  private static func mainText(count: Int, isArm: Bool) -> String {
    """
    #include "../model.h"
    #include "board.h"

    static uint32_t input[(MODEL_INPUT_BYTES + 3) / 4], output[(MODEL_OUTPUT_BYTES + 3) / 4];

    __attribute__((naked, noinline, aligned(16))) static int32_t semihost(int32_t operation, const void *arguments) {
      (void)operation;
      (void)arguments;
      __asm__ volatile(
          "\(isArm ? "bkpt 0xab\\n bx lr" : ".option push\\n .option norvc\\n slli x0, x0, 0x1f\\n ebreak\\n srai x0, x0, 7\\n ret\\n .option pop")");
    }

    static void leave(uintptr_t status) {
      const uintptr_t arguments[2] = {0x20026, status};
      semihost(0x20, arguments);
    }

    int main(void) {
      const uintptr_t from[3] = {(uintptr_t) "inputs", 1, 6}, to[3] = {(uintptr_t) "outputs", 5, 7};
      uintptr_t transfer[3];
      int32_t index, inputs, outputs;
      board_start();
      inputs = semihost(1, from);
      outputs = semihost(1, to);
      for (index = 0; index < \(count); index++) {
        transfer[0] = (uintptr_t)inputs, transfer[1] = (uintptr_t)input, transfer[2] = MODEL_INPUT_BYTES;
        if (semihost(6, transfer) != 0) leave(3);
        if (model_run((const void *)input, (void *)output) != 0) leave(4);
        transfer[0] = (uintptr_t)outputs, transfer[1] = (uintptr_t)output, transfer[2] = MODEL_OUTPUT_BYTES;
        if (semihost(5, transfer) != 0) leave(5);
      }
      leave(0);
      return 0;
    }

    """
  }
}

@Suite(.enabled(if: !BoardFolder.compiled.isEmpty)) struct BoardTests {
  @Test("Programs for every board link without a warning", arguments: BoardFolder.compiled, BoardFolder.languages)
  func links(_ board: Board, _ language: BoardFolder.Language) throws {
    let graph = try #require(IntegerGraph.all.first { $0.name == "residual additions" }).graph
    let folder = try BoardFolder(graph, language, board)
    try folder.make()
    let errors = try String(contentsOf: folder.url.appending(path: "errors"), encoding: .utf8)
    #expect(!errors.contains("warning: model"), "\(errors)")
    #expect(FileManager.default.fileExists(atPath: folder.url.appending(path: "board/model.elf").path))
  }

  @Test(
    "Whole networks give the runtime's bytes on emulated chips, on 20 real inputs",
    .enabled(if: ModelTests.hasShared), arguments: EmulatedNetwork.all, BoardFolder.emulated)
  func networks(_ network: EmulatedNetwork, _ board: Board) throws {
    let contents = try network.contents()
    for language in BoardFolder.languages {
      let outputs = try BoardFolder(contents.packed.graph, language, board).outputs(contents.inputs)
      #expect(outputs == contents.outputs, "\(language)")
    }
  }

  @Test(
    "A float input and a float result are those of the runtime on emulated chips, on 20 real pictures",
    arguments: BoardFolder.emulated)
  func digits(_ board: Board) throws {
    let scratch = try ScratchFolder()
    let packed = try PackedModel(contentsOf: Demonstration(in: scratch.url).packedFile)
    let test = try Dataset.digits(split: .test)
    let inputs = try (0..<20).map { index in
      AnyTensor.float32(Tensor(shape: [1, 1, 8, 8], scalars: try test.item(at: index).doubles.map { Float($0) / 16 }))
    }
    let executor = try Executor(packed)
    let expected = try inputs.flatMap { try executor.run([$0]).flatMap(\.bytes) }
    for language in BoardFolder.languages {
      #expect(try BoardFolder(packed.graph, language, board).outputs(inputs) == expected, "\(language)")
    }
  }

  @Test("Boards carry targets that exist, and names are words of a command line", arguments: Board.all)
  func names(_ board: Board) {
    #expect(Board.named(board.name) == board)
    if let target = board.target { #expect(Target.named(target)?.core == board.core) }
    #expect(board.target != nil || board.emulator != nil)
  }
}
