/// What is wrong with a file, before the file's name is known: readers throw it, their entry points turn it into an
/// `ImportError`.
struct Fault: Error, Equatable {
  var problem: ImportError.Problem
  var byteOffset: Int?
  var node: String?

  static func damaged(_ reason: String, at byteOffset: Int? = nil) -> Fault {
    Fault(problem: .damaged(reason), byteOffset: byteOffset)
  }

  static func unsupported(_ reason: String, at byteOffset: Int? = nil) -> Fault {
    Fault(problem: .unsupported(reason), byteOffset: byteOffset)
  }

  static func unreadable(_ reason: String) -> Fault { Fault(problem: .unreadable(reason)) }

  func inFile(_ file: String) -> ImportError {
    ImportError(problem, file: file, node: node, byteOffset: byteOffset)
  }
}
