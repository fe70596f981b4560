import Datasets
import Foundation
import Interchange
import Tensors

extension DatasetKind {
  /// All kinds that a command can read: those of `Datasets`, and arrays from NPZ files.
  public static let readable: [DatasetKind] = all + [npz]

  private static let npz = DatasetKind(
    name: "npz", argument: "FILE", help: "Arrays 'inputs' and 'labels'; both splits are the whole file."
  ) { (file, split) throws(DatasetError) in
    let arrays: [String: AnyTensor]
    do throws(ImportError) {
      arrays = try NPZ.read(file)
    } catch {
      throw DatasetError(.unsupported("\(error)"), file: file.lastPathComponent)
    }
    guard let inputs = arrays["inputs"] else {
      throw DatasetError(.unsupported("an NPZ file without an array 'inputs'"), file: file.lastPathComponent)
    }
    return try Dataset(name: file.lastPathComponent, inputs: inputs, labels: arrays["labels"], split: split)
  }
}
