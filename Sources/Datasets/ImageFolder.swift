import Foundation
import Tensors

extension Dataset {
  /// PNG and JPEG pictures in folders.
  ///
  /// - A folder per class: the classes are the folders in order of their names.
  /// - A flat folder: if every name begins with a number and `_`, as in `207_golden_retriever.jpg`, that number is the
  ///   class; otherwise there are no labels.
  /// - If the folder holds `train` and `test` (or `val`), the split chooses between them; otherwise the same pictures
  ///   serve both, and `note` says so.
  ///
  /// Pictures are decoded when they are asked for; `itemShape` is nil.
  public static func images(_ folder: URL, split: Split) throws(DatasetError) -> Dataset {
    let (source, note) = try imageSource(folder, split)
    let entries = try FileAccess.entries(of: source, advice: "Check the path.")
    let folders = entries.filter(FileAccess.isFolder)
    let pictures = entries.filter(isPicture)
    var files = pictures
    var classNames: [String] = []
    var labels: [Int]?
    if folders.isEmpty {
      labels = leadingNumbers(pictures)
    } else {
      guard pictures.isEmpty else {
        throw DatasetError(.unsupported("a folder with pictures beside class folders"), file: source.path)
      }
      var classes: [Int] = []
      for (label, folder) in folders.enumerated() {
        let members = try FileAccess.entries(of: folder, advice: "Check the path.").filter(isPicture)
        files += members
        classes += Array(repeating: label, count: members.count)
      }
      classNames = folders.map(\.lastPathComponent)
      labels = classes
    }
    guard !files.isEmpty else {
      throw DatasetError(.missing(advice: "The folder holds no .png, .jpg or .jpeg file."), file: source.path)
    }
    return Dataset(
      name: "images", split: split, classNames: classNames, count: files.count, itemShape: nil, labels: labels,
      note: note, items: .pictures(files))
  }

  private static func imageSource(_ folder: URL, _ split: Split) throws(DatasetError) -> (URL, note: String?) {
    let train = folder.appendingPathComponent("train")
    let tests = ["test", "val"].map { folder.appendingPathComponent($0) }
    let parts = [train] + tests
    guard parts.contains(where: FileAccess.isFolder) else {
      return (folder, "Has no train and test folders: the same pictures serve training and testing.")
    }
    let wanted = split == .train ? [train] : tests
    guard let part = wanted.first(where: FileAccess.isFolder) else {
      let advice = "Add the folder '\(split)' with its pictures."
      throw DatasetError(.noSuchSplit(split, advice: advice), file: folder.path)
    }
    return (part, nil)
  }

  private static func isPicture(_ file: URL) -> Bool {
    PictureKind.extensions.contains(file.pathExtension.lowercased()) && !FileAccess.isFolder(file)
  }

  /// The number before the first `_` of each name, or nil if one has none.
  private static func leadingNumbers(_ files: [URL]) -> [Int]? {
    var numbers: [Int] = []
    for file in files {
      let parts = file.lastPathComponent.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(parts[0]) else {
        return nil
      }
      numbers.append(number)
    }
    return numbers
  }
}
