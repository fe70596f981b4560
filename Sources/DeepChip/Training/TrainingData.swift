import Datasets
import Interchange

/// What a run learns from, and what it is measured by.
struct TrainingData {
  let training: Dataset
  /// The test split; the items that the recipe holds back, if it does.
  let evaluation: Dataset
  /// What a person should know, in sentences.
  let notes: [String]

  init(_ configuration: TrainingConfiguration) throws {
    let specifier = try DatasetSpecifier(configuration.data, kinds: DatasetKind.readable)
    let recipe = configuration.recipe
    var whole = try specifier.load(split: .train)
    var notes = [whole.note].compactMap { $0 }
    var test: Dataset?
    if recipe.heldBackCount > 0 {
      guard recipe.heldBackCount < whole.count else {
        throw Failure(.usage, "the recipe holds back \(recipe.heldBackCount) of \(whole.count) items; none is left.")
      }
      let parts = whole.holdingBack(recipe.heldBackCount)
      (whole, test) = (parts.kept, parts.heldBack)
      notes.append("measured by the \(recipe.heldBackCount) training items that are held back, not by the test split")
    }
    training = try Self.resized(whole, recipe.pictureSize)
    evaluation = try Self.resized(try test ?? specifier.load(split: .test), recipe.pictureSize)
    self.notes = notes
  }

  private static func resized(_ dataset: Dataset, _ size: [Int]?) throws -> Dataset {
    guard let size else { return dataset }
    guard dataset.holdsPixels, dataset.itemShape?.rank == 3, size.count == 2 else {
      throw Failure(.usage, "\(dataset.name.escapedForDisplay): items cannot be brought to the recipe's pictureSize.")
    }
    return dataset.resized(rows: size[0], columns: size[1])
  }
}
