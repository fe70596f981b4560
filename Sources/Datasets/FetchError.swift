/// Why a data set could not be fetched.
public struct FetchError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    case invalidAddress
    /// No connection, or it broke.
    case connection(reason: String)
    case httpStatus(Int)
    case wrongLength(expected: Int, received: Int)
    case wrongChecksum(expected: String, found: String)
    /// Something else lies where the file should go; it is left as it is.
    case occupied
    /// The local folder or disk refused.
    case fileSystem(reason: String)
    /// The archive's sum is right but its contents are not as listed; `reason` is a sentence.
    case archive(reason: String)
    case cancelled
  }

  public var problem: Problem
  /// The address or the local path that the problem is about.
  public var place: String

  public init(_ problem: Problem, place: String) {
    self.problem = problem
    self.place = place
  }
}

extension FetchError: CustomStringConvertible {
  public var description: String {
    switch problem {
    case .invalidAddress: "\(place): not an http or https address."
    case .connection(let reason): "\(place): \(reason). Check the network and try again."
    case .httpStatus(let status): "\(place): the server answers \(status). The file may have moved."
    case .wrongLength(let expected, let received):
      "\(place): \(received) bytes came, \(expected) were expected. Try again."
    case .wrongChecksum(let expected, let found):
      "\(place): SHA-256 \(found), expected \(expected). The file was not kept. Try again."
    case .occupied: "\(place): exists and is another file. Move it away, or fetch to another folder."
    case .fileSystem(let reason): "\(place): \(reason)."
    case .archive(let reason): "\(place): the archive cannot be unpacked: \(reason)"
    case .cancelled: "\(place): cancelled."
    }
  }
}
