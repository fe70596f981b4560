import Coding
import Foundation
import ModelFormat
import Training

/// Everything that it takes to repeat a training run: the `config.json` of its folder.
///
/// Threads are not part of it, and neither are time budgets: they do not change a bit of the result.
public struct TrainingConfiguration: Equatable, Sendable {
  /// The name of a network, or the file of one to start from.
  public var network: String
  /// The data set, as `DatasetSpecifier` reads it.
  public var data: String
  /// Where the packed model goes.
  public var output: String
  /// The first items of each split only; nil for all.
  public var limit: Int?
  public var recipe: TrainingRecipe
  public var preprocessing: StoredPreprocessing
  /// What the run was begun with; 0 until then.
  public var checksums = Checksums()

  /// Of what is outside the configuration (XXH64).
  public struct Checksums: Codable, Equatable, Sendable {
    /// Of the network's constants before the first step.
    public var start: UInt64 = 0
    /// Of the training items, pre-processed, and their labels.
    public var training: UInt64 = 0
    /// Of the teachers' files, in their order; nil without teachers, and in runs from before these were looked at.
    public var teachers: UInt64?

    public init() {}

    /// - Throws: `Failure` when data, network or teachers are not those that a run was begun with.
    func check(_ configuration: TrainingConfiguration) throws {
      guard training == configuration.checksums.training else {
        throw Failure(.usage, "\(configuration.data.escapedForDisplay): not the data that the run was begun with.")
      }
      guard start == configuration.checksums.start else {
        throw Failure(
          .usage, "\(configuration.network.escapedForDisplay): not the network that the run was begun with.")
      }
      guard configuration.checksums.teachers.map({ $0 == teachers }) ?? true else {
        let names = configuration.recipe.distillation?.teachers.map(\.escapedForDisplay).joined(separator: ", ") ?? ""
        throw Failure(.usage, "--teacher \(names): not what the run was begun with.")
      }
    }
  }

  /// The same run with its checksums.
  func with(_ checksums: Checksums) -> Self {
    var copy = self
    copy.checksums = checksums
    return copy
  }

  public init(network: String, data: String, output: String, recipe: TrainingRecipe, limit: Int? = nil) {
    self.network = network
    self.data = data
    self.output = output
    self.recipe = recipe
    preprocessing = StoredPreprocessing(recipe.preprocessing)
    self.limit = limit
  }

  /// The document, the same for the same configuration.
  var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Numbers and texts only: this does not fail.
    guard let data = try? encoder.encode(self) else { return [] }
    return Array(data) + [10]
  }

  /// By which a checkpoint knows its run. A resumed run may write its model elsewhere.
  var checksum: UInt64 {
    var copy = self
    copy.output = ""
    return Checksum.of(copy.json)
  }

  /// For people: `digits.onnx on digits`, without paths.
  var title: String {
    let kind = data.prefix { $0 != ":" }
    return "\(URL(fileURLWithPath: network).lastPathComponent) on \(kind)"
  }

  /// The numbers and texts for the report, without paths.
  var settings: [(name: String, value: String)] {
    let hidden = [
      "network", "data", "output", "schemaVersion", "recipe.network", "recipe.schemaVersion",
      "recipe.distillation.teacher",
    ]
    return Self.leaves(json).filter { !hidden.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// What is not the same in `other`: `recipe.epochs 12, not 10`.
  public func differences(from other: Self) -> [String] {
    let (own, others) = (Self.leaves(json), Self.leaves(other.json))
    return Set(own.keys).union(others.keys).sorted().compactMap { key in
      let (mine, theirs) = (own[key] ?? "none", others[key] ?? "none")
      return mine == theirs ? nil : "\(key) \(mine), not \(theirs)"
    }
  }

  /// The numbers and texts of a document by their paths.
  private static func leaves(_ json: [UInt8]) -> [String: String] {
    var found: [String: String] = [:]
    func visit(_ value: Any, _ path: String) {
      if let object = value as? [String: Any] {
        for (key, value) in object { visit(value, path.isEmpty ? key : "\(path).\(key)") }
      } else if let list = value as? [Any] {
        found[path] = list.map { "\($0)" }.joined(separator: ", ")
      } else if let number = value as? NSNumber, number.objCType.pointee == CChar(bitPattern: UInt8(ascii: "c")) {
        found[path] = number.boolValue ? "yes" : "no"
      } else {
        found[path] = "\(value)"
      }
    }
    if let document = try? JSONSerialization.jsonObject(with: Data(json)) { visit(document, "") }
    return found
  }
}

extension TrainingConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case schemaVersion, network, data, output, limit, recipe, preprocessing, checksums
  }

  /// - Throws: `DecodingError`; `RecipeError` for a recipe that is none.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let version = try container.decode(Int.self, forKey: .schemaVersion)
    guard version == Self.schemaVersion else {
      throw DecodingError.dataCorruptedError(
        forKey: .schemaVersion, in: container, debugDescription: "version \(version)")
    }
    network = try container.decode(String.self, forKey: .network)
    data = try container.decode(String.self, forKey: .data)
    output = try container.decode(String.self, forKey: .output)
    limit = try container.decodeIfPresent(Int.self, forKey: .limit)
    let recipe = try container.decode(JSONValue.self, forKey: .recipe)
    self.recipe = try TrainingRecipe(json: JSONEncoder().encode(recipe), file: "config.json, recipe")
    preprocessing = try container.decode(StoredPreprocessing.self, forKey: .preprocessing)
    checksums = try container.decode(Checksums.self, forKey: .checksums)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.schemaVersion, forKey: .schemaVersion)
    try container.encode(network, forKey: .network)
    try container.encode(data, forKey: .data)
    try container.encode(output, forKey: .output)
    try container.encodeIfPresent(limit, forKey: .limit)
    try container.encode(JSONDecoder().decode(JSONValue.self, from: recipe.json), forKey: .recipe)
    try container.encode(preprocessing, forKey: .preprocessing)
    try container.encode(checksums, forKey: .checksums)
  }

  private static let schemaVersion = 1
}

/// A `Preprocessing` in a configuration.
public struct StoredPreprocessing: Codable, Equatable, Sendable {
  public var scale: Float
  public var mean: [Float]
  public var std: [Float]
  public var channels: String
  public var layout: String
  public var resize: Int?
  public var crop: [Int]?

  public init(_ preprocessing: Preprocessing) {
    scale = preprocessing.scale
    mean = preprocessing.mean
    std = preprocessing.std
    channels = preprocessing.channelOrder == .bgr ? "bgr" : "rgb"
    layout = preprocessing.layout == .interleaved ? "interleaved" : "planar"
    resize = preprocessing.resize
    crop = preprocessing.crop
  }

  public var preprocessing: Preprocessing {
    Preprocessing(
      scale: scale, mean: mean, std: std, channelOrder: channels == "bgr" ? .bgr : .rgb,
      layout: layout == "interleaved" ? .interleaved : .planar, resize: resize, crop: crop)
  }
}
