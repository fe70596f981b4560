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
    /// Whether ternary layers, where they are packed, become lists of additions; else they are multiplied.
    public var addsOnlyNonzeros = true

    public init(
      name: String = "model", packsWeights: Bool = true, core: CoreKind = .portable, addsOnlyNonzeros: Bool = true
    ) {
      self.name = name
      self.packsWeights = packsWeights
      self.core = core
      self.addsOnlyNonzeros = addsOnlyNonzeros
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
    program = CProgram(schedule, options)
    guard program.unsupported.isEmpty else { throw .unsupported(program.unsupported) }
    sizes = EmittedSizes(program)
  }

  /// Interface, program, constants, and two programs for this machine with a makefile and a CMake project.
  public func files() -> [File] {
    [
      File(name: options.name + ".h", contents: interfaceText),
      File(name: options.name + ".c", contents: programText),
      File(name: options.name + "_data.h", contents: dataInterfaceText),
      File(name: options.name + "_data.c", contents: dataText),
      File(name: "main.c", contents: exampleText),
      File(name: "device.h", contents: DeviceProgram.header),
      File(name: "device.c", contents: DeviceProgram(emitter: self).text),
      File(name: "device_host.c", contents: DeviceProgram.hostText),
      File(name: "Makefile", contents: makefileText),
      File(name: "CMakeLists.txt", contents: cmakeText),
    ]
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
