import Foundation
import Kernels

/// The file that `deepchip tune` writes: what the kernels of weighted sums cost on this machine.
///
/// JSON: `schemaVersion` 1, `processor`, `instructionSet`, `arrival` (nanoseconds for a byte of weights: `near`, `shared`,
/// `memory`) and `methods`: by method (`dense`, `gather`, `packed`, `binary`, `add`) and class of shape (`fewPixels`, `upTo16`, `sliding`,
/// `upTo32`, `more`) the nanoseconds of an output pixel for each `step`, `table`, `block` and `addition`, as at `KernelCosts`.
public struct CostFile: Codable, Hashable, Sendable {
  /// See `KernelCosts.Factors`.
  public struct Factors: Codable, Hashable, Sendable {
    public var step: Double
    public var table: Double
    public var block: Double
    public var addition: Double
  }

  /// See `KernelCosts.Arrival`.
  public struct Arrival: Codable, Hashable, Sendable {
    public var near: Double
    public var shared: Double
    public var memory: Double
  }

  public var schemaVersion = 1
  /// The processor that was measured, as its system calls it.
  public var processor: String
  /// The instruction set whose kernels were measured.
  public var instructionSet: String
  public var arrival: Arrival
  public var methods: [String: [String: Factors]]

  public init(_ costs: KernelCosts, processor: String, instructionSet: InstructionSet) {
    self.processor = processor
    self.instructionSet = "\(instructionSet.name)"
    arrival = Arrival(near: costs.arrival.near, shared: costs.arrival.shared, memory: costs.arrival.memory)
    methods = [:]
    for method in WeightedSumMethod.allCases {
      for shape in KernelCosts.ShapeClass.allCases {
        let factors = costs[method, shape]
        methods[method.rawValue, default: [:]][shape.rawValue] = Factors(
          step: factors.step, table: factors.table, block: factors.block, addition: factors.addition)
      }
    }
  }

  /// Largest file that is read, in bytes.
  private static let mostBytes = 1 << 20

  /// - Throws: `Failure`, `.badFile` unless every method and class is there, with finite numbers of at least 0.
  public init(contentsOf url: URL) throws {
    let name = url.lastPathComponent.escapedForDisplay
    let handle: FileHandle
    do { handle = try FileHandle(forReadingFrom: url) } catch { throw Failure(error) }
    guard let data = try? handle.read(upToCount: Self.mostBytes + 1), data.count <= Self.mostBytes,
      let file = try? JSONDecoder().decode(CostFile.self, from: data)
    else { throw Failure(.badFile, "\(name): no file of kernel costs. 'deepchip tune -o FILE' makes one.") }
    guard file.schemaVersion == 1 else {
      throw Failure(.badFile, "\(name): version \(file.schemaVersion) of kernel costs; this program reads version 1.")
    }
    if let problem = file.problem { throw Failure(.badFile, "\(name): \(problem). Make it again: 'deepchip tune'.") }
    self = file
  }

  private var problem: String? {
    func isValid(_ numbers: [Double]) -> Bool { numbers.allSatisfy { $0.isFinite && $0 >= 0 && $0 < 1e9 } }
    guard isValid([arrival.near, arrival.shared, arrival.memory]) else { return "a time of arrival is not a time" }
    for method in WeightedSumMethod.allCases {
      for shape in KernelCosts.ShapeClass.allCases {
        guard let factors = methods[method.rawValue]?[shape.rawValue] else {
          return "\(method.rawValue)/\(shape.rawValue) is missing"
        }
        guard isValid([factors.step, factors.table, factors.block, factors.addition]) else {
          return "a time of \(method.rawValue)/\(shape.rawValue) is not a time"
        }
      }
    }
    return nil
  }

  public var costs: KernelCosts {
    KernelCosts(arrival: .init(near: arrival.near, shared: arrival.shared, memory: arrival.memory)) { method, shape in
      let factors = methods[method.rawValue]?[shape.rawValue]
      return KernelCosts.Factors(
        step: factors?.step ?? 0, table: factors?.table ?? 0, block: factors?.block ?? 0,
        addition: factors?.addition ?? 0)
    }
  }

  /// The bytes of the file.
  public func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [10]
  }
}

extension CostFile {
  /// Where `deepchip tune` puts the costs of an instruction set, and where they are looked for: the user's cache folder.
  public static func location(_ set: InstructionSet) -> URL {
    let environment = ProcessInfo.processInfo.environment
    let cache: URL
    if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") {
      cache = URL(fileURLWithPath: folder, isDirectory: true)
    } else {
      cache =
        FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
        ?? FileManager.default.temporaryDirectory
    }
    return cache.appendingPathComponent("deepchip/costs-\(set.name).json")
  }

  /// The costs that this user has measured of an instruction set; nil when there are none, or none that fit.
  public static func measured(_ set: InstructionSet) -> CostFile? {
    let file = try? CostFile(contentsOf: location(set))
    guard let file, file.instructionSet == "\(set.name)", file.processor == Machine.processorName else { return nil }
    return file
  }

  /// What a run goes by: a given file, what this user has measured, or nil for what is shipped.
  ///
  /// - Throws: `Failure` when the given file is none, or is of another instruction set.
  public static func costs(_ given: URL?, _ set: InstructionSet) throws -> KernelCosts? {
    guard let given else { return measured(set)?.costs }
    let file = try CostFile(contentsOf: given)
    guard file.instructionSet == "\(set.name)" else {
      throw Failure(
        .usage, "--costs is of \(file.instructionSet.escapedForDisplay); kernels of \(set.name) run here.")
    }
    return file.costs
  }
}
