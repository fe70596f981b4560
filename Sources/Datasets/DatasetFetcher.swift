import Foundation

/// Fetches published data sets into a folder.
///
///     let fetcher = DatasetFetcher(folder: URL(fileURLWithPath: "data/mnist")) { print($0.receivedByteCount) }
///     let result = try await fetcher.fetch(archive)
///
/// A file is received under a temporary name in the same folder, its length and SHA-256 sum are checked, then it is
/// renamed: what has its final name is whole. Files that are there and right are not fetched again; a file that is
/// there and different is left alone and reported.
public struct DatasetFetcher: Sendable {
  /// How far one file has come.
  public struct Progress: Sendable, Equatable {
    public var file: String
    public var receivedByteCount: Int
    public var totalByteCount: Int
  }

  /// What was done, by file name.
  public struct Result: Sendable, Equatable {
    public var fetched: [String]
    /// Already there.
    public var present: [String]

    public init(fetched: [String] = [], present: [String] = []) {
      self.fetched = fetched
      self.present = present
    }
  }

  public let folder: URL
  /// Seconds without a byte after which a transfer has failed.
  public var timeout: TimeInterval
  /// Called on another thread, often.
  private let progress: @Sendable (Progress) -> Void

  /// - Parameters:
  ///   - folder: where the files go; made when it is not there.
  ///   - timeout: seconds without a byte after which a transfer has failed.
  ///   - progress: called on another thread, often.
  public init(folder: URL, timeout: TimeInterval = 60, progress: @escaping @Sendable (Progress) -> Void = { _ in }) {
    self.folder = folder
    self.timeout = timeout
    self.progress = progress
  }

  /// - Throws: the problem of the first file that could not be had; earlier files stay, and a second call goes on there.
  public func fetch(_ archive: DatasetArchive) async throws(FetchError) -> Result {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw FetchError(.fileSystem(reason: FileAccess.reason(error)), place: folder.path)
    }
    var result = Result()
    for file in archive.files {
      if try isPresent(file) {
        result.present.append(file.name)
      } else {
        try await fetch(file)
        result.fetched.append(file.name)
      }
    }
    return result
  }

  /// True when the file, or all that it is unpacked to, is there.
  private func isPresent(_ file: RemoteFile) throws(FetchError) -> Bool {
    switch file.form {
    case .plain:
      let target = folder.appendingPathComponent(file.name)
      guard FileAccess.exists(target) else { return false }
      guard try sha256(target) == file.sha256 else { throw FetchError(.occupied, place: target.path) }
      return true
    case .tarGzip(let members):
      var isComplete = true
      for member in members {
        let target = folder.appendingPathComponent(member.path)
        if !FileAccess.exists(target) {
          isComplete = false
        } else if (try? FileAccess.byteCount(of: target)) != member.byteCount {
          throw FetchError(.occupied, place: target.path)
        }
      }
      return isComplete
    }
  }

  private func fetch(_ file: RemoteFile) async throws(FetchError) {
    let temporary = temporaryName(for: file.name)
    defer { try? FileManager.default.removeItem(at: temporary) }
    try await download(file, to: temporary)
    switch file.form {
    case .plain: try move(temporary, to: folder.appendingPathComponent(file.name))
    case .tarGzip(let members): try unpack(members, from: temporary, archiveName: file.name)
    }
  }

  /// Tries the addresses in turn; throws the last one's problem.
  private func download(_ file: RemoteFile, to temporary: URL) async throws(FetchError) {
    var last = FetchError(.invalidAddress, place: file.name)
    for address in file.addresses {
      do throws(FetchError) {
        try await download(file, from: address, to: temporary)
        return
      } catch {
        if error.problem == .cancelled { throw error }
        last = error
      }
    }
    throw last
  }

  private func download(_ file: RemoteFile, from address: String, to temporary: URL) async throws(FetchError) {
    let progress = self.progress
    let download = Download(address: address, target: temporary, byteCount: file.byteCount, timeout: timeout) {
      received in
      progress(Progress(file: file.name, receivedByteCount: received, totalByteCount: file.byteCount))
    }
    try await download.run()
    let found = try sha256(temporary)
    guard found == file.sha256 else {
      throw FetchError(.wrongChecksum(expected: file.sha256, found: found), place: address)
    }
  }

  /// Unpacks the members that are not there yet, each under a temporary name first.
  private func unpack(
    _ members: [RemoteFile.Member], from archive: URL, archiveName: String
  ) throws(FetchError) {
    let missing = members.filter { !FileAccess.exists(folder.appendingPathComponent($0.path)) }
    var unpacked: [(temporary: URL, target: URL)] = []
    defer { for (temporary, _) in unpacked { try? FileManager.default.removeItem(at: temporary) } }
    let tar = try reading(archiveName) { () throws(DatasetError) in try TarReader(archive) }
    while let entry = try reading(archiveName, { () throws(DatasetError) in try tar.next() }) {
      guard let member = missing.first(where: { $0.path == entry.path }) else { continue }
      let target = folder.appendingPathComponent(member.path)
      if unpacked.contains(where: { $0.target == target }) { continue }
      guard entry.isRegularFile, entry.byteCount == member.byteCount else {
        let reason = "'\(entry.path)' is not a file of \(member.byteCount) bytes."
        throw FetchError(.archive(reason: reason), place: archiveName)
      }
      let temporary = temporaryName(for: "member")
      unpacked.append((temporary, target))
      try reading(archiveName) { () throws(DatasetError) in try tar.write(to: temporary) }
    }
    try reading(archiveName) { () throws(DatasetError) in try tar.finish() }
    guard unpacked.count == missing.count else {
      throw FetchError(.archive(reason: "some of its files are missing."), place: archiveName)
    }
    for (temporary, target) in unpacked { try move(temporary, to: target) }
  }

  private func reading<Value>(
    _ archiveName: String, _ body: () throws(DatasetError) -> Value
  ) throws(FetchError) -> Value {
    do throws(DatasetError) {
      return try body()
    } catch {
      throw FetchError(.archive(reason: error.sentence), place: archiveName)
    }
  }

  /// - Throws: `.occupied` if something has appeared at the target.
  private func move(_ temporary: URL, to target: URL) throws(FetchError) {
    if FileAccess.exists(target) { throw FetchError(.occupied, place: target.path) }
    do {
      let parent = target.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      try FileManager.default.moveItem(at: temporary, to: target)
    } catch {
      throw FetchError(.fileSystem(reason: FileAccess.reason(error)), place: target.path)
    }
  }

  private func temporaryName(for name: String) -> URL {
    folder.appendingPathComponent(".\(name).\(UInt64.random(in: 0 ... .max)).partial")
  }

  private func sha256(_ file: URL) throws(FetchError) -> String {
    do {
      return try FileDigest.sha256(of: file)
    } catch {
      throw FetchError(.fileSystem(reason: FileAccess.reason(error)), place: file.path)
    }
  }
}
