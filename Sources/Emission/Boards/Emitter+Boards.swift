import Graphs
import Tensors

extension CEmitter {
  /// A program for a board: startup, linker script, `main`, makefile, in the folder `board`.
  ///
  /// - Parameters:
  ///   - board: one of `Board.all`.
  ///   - sample: a tensor for each input, which `main` runs on; nil for zeros.
  public func files(for board: Board, sample: [AnyTensor]? = nil) -> [File] {
    BoardProgram(board: board, language: .c, emitter: self, sample: sample).files
  }
}

extension SwiftEmitter {
  /// A program for a board: startup, linker script, `main` in C, makefile, in the folder `board`.
  ///
  /// - Parameters:
  ///   - board: one of `Board.all`.
  ///   - sample: a tensor for each input, which `main` runs on; nil for zeros.
  public func files(for board: Board, sample: [AnyTensor]? = nil) -> [CEmitter.File] {
    BoardProgram(board: board, language: .swift, emitter: base, sample: sample).files
  }
}
