import Graphs
import ModelFormat
import Planning
import Tensors

/// Prints a packed model as a package in Embedded Swift.
///
///     for file in try SwiftEmitter(model).files() { ... }
///
/// The schedule, the arena and the constants are those of `CEmitter`: the constants stay in a C file, which the package
/// compiles along, so that they lie in flash whatever the optimizer does; the functions and calls are Swift. Nothing is
/// allocated. `model_run` is there for C as well, with the header that `CEmitter` prints.
public struct SwiftEmitter: Sendable {
  public let options: CEmitter.Options
  public var schedule: Schedule { base.schedule }
  /// The same as in C.
  public var sizes: EmittedSizes { base.sizes }
  let base: CEmitter
  /// One list of calls per step.
  let calls: [[SwiftCall]]

  /// - Throws: `EmissionError` naming every layer that has no code.
  public init(_ model: PackedModel, options: CEmitter.Options = .init()) throws(EmissionError) {
    try self.init(model.graph, options: options)
  }

  /// - Parameters:
  ///   - graph: packed and well-formed.
  ///   - options: the name in the program, and how weights lie in it. The functions in Swift are the portable ones,
  ///     whatever the core is.
  public init(_ graph: Graph, options: CEmitter.Options = .init()) throws(EmissionError) {
    var options = options
    options.core = .portable
    let base = try CEmitter(graph, options: options)
    let kernels = CKernel.closure(base.program.kernels)
    let missing = kernels.filter { SwiftKernel.text($0) == nil }
    let calls = base.program.calls.map { SwiftCall.calls($0, base.program.data) }
    guard missing.isEmpty, !calls.joined().contains(where: { $0 == nil }) else {
      let names = missing.map(\.name).joined(separator: ", ")
      throw .unsupported([.init(name: names, reason: "there is no such function in Swift")])
    }
    self.calls = calls.map { $0.compactMap { $0 } }
    self.options = options
    self.base = base
  }

  /// The package, with the sources of a test program for this machine and a makefile for chips.
  public func files() -> [CEmitter.File] {
    let (data, program) = ("Sources/\(dataModule)/", "Sources/\(programModule)/")
    let name = options.name
    return [
      CEmitter.File(name: "Package.swift", contents: packageText),
      .init(name: "Makefile", contents: makefileText),
      .init(name: name + ".h", contents: base.interfaceText),
      .init(name: program + typeName + ".swift", contents: programText),
      .init(name: program + "Kernels.swift", contents: kernelText),
      .init(name: data + name + "_data.c", contents: base.dataText),
      .init(name: data + name + "_arena.c", contents: arenaText),
      .init(name: data + "include/" + name + "_data.h", contents: base.dataInterfaceText),
      .init(name: data + "include/" + name + "_access.h", contents: accessText),
      .init(name: data + "include/module.modulemap", contents: moduleMapText),
      .init(name: "Sources/Example/main.swift", contents: exampleText),
    ]
  }

  // MARK: Names

  private var capitalName: String { options.name.prefix(1).uppercased() + options.name.dropFirst() }
  /// The module of the constants, and the one of the program.
  var dataModule: String { capitalName + "Data" }
  var programModule: String { capitalName + "Program" }
  /// The type with the sizes and `run`.
  var typeName: String { capitalName + "Network" }
}
