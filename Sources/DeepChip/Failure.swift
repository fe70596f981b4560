import Compression
import Datasets
import Emission
import Graphs
import Interchange
import ModelFormat
import Networks
import Packing
import Quantizers
import Runtime
import Training

/// Why a job could not be done, as a person and a script should see it: one sentence and an exit code.
public struct Failure: Error, Equatable, CustomStringConvertible, Sendable {
  /// Documented in Documentation/exit-codes.md.
  public enum Code: Int32, CaseIterable, Sendable {
    case failed = 1
    case usage = 2
    case badFile = 3
    case unsupportedOperator = 4
    case doesNotFit = 5
    case accuracyMissed = 6
  }

  public var code: Code
  /// What, where, and what to do.
  public var description: String

  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  /// The failure that stands for any error of this package; others become code 1.
  public init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as ImportError: self.init(error.isUnsupported ? .unsupportedOperator : .badFile, "\(error)")
    case let error as ModelFormatError: self.init(.badFile, "\(error)")
    case let error as GraphError: self.init(.badFile, "\(error)")
    case let error as DatasetError: self.init(error.isUsage ? .usage : .badFile, "\(error)")
    case let error as CompressionError: self.init(error.isUsage ? .usage : .failed, "\(error)")
    case let error as RuntimeError: self.init(error.isOfMemory ? .doesNotFit : .failed, "\(error)")
    case let error as PreprocessingError: self.init(.usage, "\(error)")
    case let error as NetworkError: self.init(.usage, "\(error)")
    case let error as RecipeError: self.init(error.isUsage ? .usage : .badFile, "\(error)")
    case let error as TrainingError: self.init(error.code, "\(error)")
    case let error as EmissionError: self.init(error.code, "\(error)")
    default: self.init(.failed, "\(error)")
    }
  }
}

extension DatasetError {
  fileprivate var isUsage: Bool {
    switch problem {
    case .unknownKind, .wrongArgument, .preprocessing: true
    default: false
    }
  }
}

extension CompressionError {
  fileprivate var isUsage: Bool {
    switch self {
    case .override, .noSuchLayer: true
    default: false
    }
  }
}

extension RuntimeError {
  fileprivate var isOfMemory: Bool {
    if case .memory = self { true } else { false }
  }
}

extension RecipeError {
  fileprivate var isUsage: Bool {
    if case .unknownName = problem { true } else { false }
  }
}

extension EmissionError {
  fileprivate var code: Failure.Code {
    switch self {
    case .unsupported: .unsupportedOperator
    case .name: .usage
    case .schedule: .failed
    }
  }
}

extension TrainingError {
  fileprivate var code: Failure.Code {
    switch problem {
    case .unsupported: .unsupportedOperator
    case .form, .data, .quantization: .usage
    case .checkpoint: .badFile
    case .notFinite: .failed
    }
  }
}
