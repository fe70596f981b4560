import Foundation

/// A kind of data set that can be named on the command line: one list for parsing, help texts and tests.
public struct DatasetKind: Sendable {
  /// What stands before the colon.
  public let name: String
  /// What stands after it, as help texts write it (`DIR`, `FILE`); nil if nothing does.
  public let argument: String?
  /// A sentence for help texts.
  public let help: String
  /// Opens the set at a path (the current folder for a kind without argument).
  public let load: @Sendable (URL, Split) throws(DatasetError) -> Dataset

  public init(
    name: String, argument: String?, help: String,
    load: @escaping @Sendable (URL, Split) throws(DatasetError) -> Dataset
  ) {
    self.name = name
    self.argument = argument
    self.help = help
    self.load = load
  }

  /// How a specifier of this kind is written: `cifar10:DIR`.
  public var usage: String { argument.map { "\(name):\($0)" } ?? name }

  /// The kinds that this module reads.
  public static let all: [DatasetKind] = [
    DatasetKind(
      name: "digits", argument: nil, help: "UCI handwritten digits, 8x8, built in: 1,437 train, 360 test."
    ) { (_, split) throws(DatasetError) in try .digits(split: split) },
    DatasetKind(
      name: "cifar10", argument: "DIR", help: "CIFAR-10 in binary form; training takes the batches that are there."
    ) { (folder, split) throws(DatasetError) in try .cifar10(folder, split: split) },
    DatasetKind(
      name: "mnist", argument: "DIR", help: "MNIST as IDX files, plain or .gz."
    ) { (folder, split) throws(DatasetError) in try .mnist(folder, split: split) },
    DatasetKind(
      name: "fashion-mnist", argument: "DIR", help: "Fashion-MNIST as IDX files, plain or .gz."
    ) { (folder, split) throws(DatasetError) in try .fashionMNIST(folder, split: split) },
    DatasetKind(
      name: "svhn", argument: "DIR", help: "SVHN, cropped digits, as MATLAB files; training takes the extra ones too."
    ) { (folder, split) throws(DatasetError) in try .svhn(folder, split: split) },
    DatasetKind(
      name: "kws01", argument: "DIR", help: "Keyword features of MLPerf Tiny, 49x10, test only."
    ) { (folder, split) throws(DatasetError) in try .keywordFeatures(folder, split: split) },
    DatasetKind(
      name: "images", argument: "DIR",
      help: "PNG and JPEG files: a folder per class, or names that begin with the class number and '_'."
    ) { (folder, split) throws(DatasetError) in try .images(folder, split: split) },
  ]
}
