#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why a file could not be written, and what that means for the one that was there.
public struct FileWriteError: Error, Equatable, Sendable {
  public enum Step: Equatable, Sendable {
    /// Finding out what the path names.
    case examine
    /// Making the temporary file beside it, or opening a device or pipe.
    case open
    case write
    case synchronize
    case rename
    /// The new file is in place; the folder could not be synchronized.
    case synchronizeFolder
  }

  public var path: String
  public var step: Step
  /// The system's error number, `errno`.
  public var code: Int32

  public init(path: String, step: Step, code: Int32) {
    self.path = path
    self.step = step
    self.code = code
  }

  /// The system's words for `code`.
  public var reason: String { String(cString: strerror(code)) }
}

extension FileWriteError: CustomStringConvertible {
  /// As in `models/m.dchip: cannot be written: No space left on device. What was there is unchanged.`
  public var description: String {
    switch step {
    case .examine, .open, .write, .synchronize, .rename:
      "\(path): cannot be written: \(reason). What was there is unchanged."
    case .synchronizeFolder:
      "\(path): written, but might not survive a power failure: its folder cannot be synchronized: \(reason)."
    }
  }
}
