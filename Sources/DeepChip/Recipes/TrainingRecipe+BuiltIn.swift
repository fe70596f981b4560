import CResources
import Foundation

extension TrainingRecipe {
  /// The recipes in the folder `Recipes`, which are built into the program: their names, by the alphabet.
  public static let builtInNames: [String] = builtIn.map(\.name)

  /// A built-in recipe by name.
  ///
  /// - Throws: `.unknownName` with those that there are.
  public static func named(_ name: String) throws(RecipeError) -> TrainingRecipe {
    try TrainingRecipe(json: try builtInJSON(name), file: name)
  }

  /// The file of a built-in recipe, to be copied and changed.
  public static func builtInJSON(_ name: String) throws(RecipeError) -> Data {
    guard let entry = builtIn.first(where: { $0.name == name }) else {
      throw RecipeError(.unknownName(known: builtInNames), file: name)
    }
    return entry.json
  }

  /// A built-in recipe by name, or one from a file.
  ///
  /// - Throws: what reading throws; `.unknownName` if there is neither.
  public static func load(_ nameOrPath: String) throws(RecipeError) -> TrainingRecipe {
    if builtInNames.contains(nameOrPath) { return try named(nameOrPath) }
    guard FileManager.default.fileExists(atPath: nameOrPath) else {
      throw RecipeError(.unknownName(known: builtInNames), file: nameOrPath)
    }
    let json: Data
    do {
      json = try Data(contentsOf: URL(fileURLWithPath: nameOrPath), options: .mappedIfSafe)
    } catch {
      throw RecipeError(.unreadable(reason: error.localizedDescription), file: nameOrPath)
    }
    return try TrainingRecipe(json: json, file: nameOrPath)
  }

  private static let builtIn: [(name: String, json: Data)] = {
    var count = 0
    guard let entries = dc_recipes(&count) else { return [] }
    return UnsafeBufferPointer(start: entries, count: count).compactMap { entry in
      guard let name = entry.name, let bytes = entry.bytes else { return nil }
      return (String(cString: name), Data(bytes: bytes, count: entry.count))
    }
  }()
}
