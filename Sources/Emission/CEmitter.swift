import Graphs
import ModelFormat
import Planning
import Tensors

/// Prints a packed model as a C99 program that a chip without an operating system runs.
///
///     for file in try CEmitter(model).files() { ... }
///
/// The program allocates nothing, prints nothing, does not recurse, and needs memcpy and memset alone; its integers are
/// those of `Reference`, on any compiler. Floats occur only where values enter and leave. The same model and options give
/// the same bytes.
public struct CEmitter: Sendable {
  public struct Options: Sendable, Equatable {
    /// Begins every identifier and file name.
    public var name = "model"
    /// Whether weights of 16 levels or fewer stay packed and are unpacked when used; else they take a byte each.
    public var packsWeights = true
    /// What the inner loops are written for.
    public var core = CoreKind.portable

    public init(name: String = "model", packsWeights: Bool = true, core: CoreKind = .portable) {
      self.name = name
      self.packsWeights = packsWeights
      self.core = core
    }
  }

  /// A file of the program.
  public struct File: Sendable, Equatable {
    public var name: String
    public var contents: String
  }

  public let options: Options
  /// Layouts, order and memory: what is printed.
  public var schedule: Schedule { program.schedule }
  /// What the program takes on any target.
  public let sizes: EmittedSizes
  let program: CProgram

  /// - Throws: `EmissionError` naming every layer that has no code.
  public init(_ model: PackedModel, options: Options = Options()) throws(EmissionError) {
    try self.init(model.graph, options: options)
  }

  /// - Parameters:
  ///   - graph: packed and well-formed.
  ///   - options: the name in the program, and how weights lie in it.
  public init(_ graph: Graph, options: Options = Options()) throws(EmissionError) {
    guard options.name.isProgramName else { throw .name(options.name) }
    let schedule: Schedule
    do throws(ScheduleError) {
      schedule = try Schedule(graph, batch: 1, form: .compact)
    } catch {
      throw .schedule(error)
    }
    self.options = options
    program = CProgram(
      schedule, name: options.name, core: options.core, packsWeights: options.packsWeights)
    guard program.unsupported.isEmpty else { throw .unsupported(program.unsupported) }
    sizes = EmittedSizes(program)
  }

  /// Interface, program, constants, and an example with a makefile for this machine.
  public func files() -> [File] {
    [
      File(name: options.name + ".h", contents: interfaceText),
      File(name: options.name + ".c", contents: programText),
      File(name: options.name + "_data.h", contents: dataInterfaceText),
      File(name: options.name + "_data.c", contents: dataText),
      File(name: "main.c", contents: exampleText),
      File(name: "Makefile", contents: makefileText),
    ]
  }
}

/// Bytes of an emitted program's constants and memory, the same for every target.
public struct EmittedSizes: Sendable, Equatable {
  /// Static memory, all of it in one array.
  public var arenaByteCount: Int
  /// Constants, weights included.
  public var constantByteCount: Int
  public var weightByteCount: Int
  /// What the caller keeps.
  public var inputByteCount: Int
  /// Of these, what may lie in the arena instead.
  public var placedInputByteCount: Int
  public var outputByteCount: Int

  init(_ program: CProgram) {
    let schedule = program.schedule
    arenaByteCount = (schedule.arena.byteCount + 3) & ~3
    constantByteCount = program.data.entries.reduce(0) { $0 + $1.byteCount }
    weightByteCount = program.data.entries.filter(\.isWeights).reduce(0) { $0 + $1.byteCount }
    inputByteCount = schedule.inputs.reduce(0) { $0 + schedule.buffers[$1.index].layout.byteCount }
    placedInputByteCount = program.placedInputs.reduce(0) {
      $0 + schedule.buffers[schedule.inputs[$1].index].layout.byteCount
    }
    outputByteCount = schedule.outputs.reduce(0) { $0 + schedule.buffers[$1.index].layout.byteCount }
  }
}

extension String {
  /// True if identifiers and files can begin with this.
  fileprivate var isProgramName: Bool {
    let headers = [
      "assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits", "locale", "math",
      "setjmp", "signal", "stdarg", "stdbool", "stddef", "stdint", "stdio", "stdlib", "string", "tgmath", "time",
      "wchar", "wctype",
    ]
    let isLetter: (UInt8) -> Bool = { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 }
    let bytes = Array(utf8)
    guard let first = bytes.first, bytes.count <= 40, first < 0x80, isLetter(first) else { return false }
    let isWord = bytes.allSatisfy {
      ($0 < 0x80 && isLetter($0)) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "_")
    }
    let reserved = ["main", "main_data"] + headers
    return isWord && !reserved.contains(lowercased())
  }
}
