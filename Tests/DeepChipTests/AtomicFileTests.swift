import DeepChip
import Foundation
import Testing

@Suite struct AtomicFileTests {
  /// Runs `body` in a new folder, which is removed afterwards.
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("AtomicFileTests-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  private func contents(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map(Array.init) }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  private func permissions(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test("A new file has the bytes, and nothing else is left in the folder", arguments: [0, 1, 100_000])
  func newFile(count: Int) throws {
    try inFolder { folder in
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      try AtomicFile.write(bytes, to: folder + "/new")
      #expect(contents(folder + "/new") == bytes)
      let names = try names(folder)
      #expect(names == ["new"])
    }
  }

  @Test("A file that is replaced keeps its permissions", arguments: [0o600, 0o644, 0o751])
  func permissionsAreKept(mode: Int) throws {
    try inFolder { folder in
      let path = folder + "/file"
      try AtomicFile.write([1], to: path)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      try AtomicFile.write([2, 3], to: path)
      #expect(contents(path) == [2, 3])
      #expect(try permissions(path) == mode)
    }
  }

  @Test("A link stays a link, and what it points to is written, there or not", arguments: [true, false])
  func linksAreFollowed(exists: Bool) throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/deep", withIntermediateDirectories: true)
      if exists { try AtomicFile.write([1], to: folder + "/deep/file") }
      try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "deep/file")
      try AtomicFile.write([2], to: folder + "/link")
      #expect(contents(folder + "/deep/file") == [2])
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link") == "deep/file")
      #expect(try names(folder + "/deep") == ["file"])
    }
  }

  @Test("A link to itself is an error")
  func loopIsRefused() throws {
    try inFolder { folder in
      try FileManager.default.createSymbolicLink(atPath: folder + "/loop", withDestinationPath: "loop")
      #expect(throws: FileWriteError(path: folder + "/loop", step: .examine, code: ELOOP)) {
        try AtomicFile.write([1], to: folder + "/loop")
      }
    }
  }

  @Test("A folder is not replaced")
  func folderIsRefused() throws {
    try inFolder { folder in
      #expect(throws: FileWriteError(path: folder, step: .examine, code: EISDIR)) {
        try AtomicFile.write([1], to: folder)
      }
      let left = try names(folder)
      #expect(left.isEmpty)
    }
  }

  @Test("A device is written to and stays")
  func deviceIsWrittenTo() throws {
    try AtomicFile.write([1, 2, 3], to: "/dev/null")
    var status = stat()
    #expect(stat("/dev/null", &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test("A folder that is not there is an error that names the path and the reason")
  func missingFolder() throws {
    let error = #expect(throws: FileWriteError.self) {
      try AtomicFile.write([1], to: "/no/such/folder/file")
    }
    #expect(
      error?.description
        == "/no/such/folder/file: cannot be written: No such file or directory. What was there is unchanged.")
  }

  @Test("A write that fails half-way leaves the old file and no other")
  func failureLeavesTheOldFile() async throws {
    // In a process of its own, because it lowers the largest size of a file.
    await #expect(processExitsWith: .success) {
      let folder = FileManager.default.temporaryDirectory.path + "/AtomicFileTests-" + UUID().uuidString
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let path = folder + "/file"
      try AtomicFile.write([7], to: path)
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 4_096, rlim_max: 4_096)
      #expect(setrlimit(__rlimit_resource_t(UInt32(RLIMIT_FSIZE.rawValue)), &limit) == 0)
      #expect(throws: FileWriteError(path: path, step: .write, code: EFBIG)) {
        try AtomicFile.write([UInt8](repeating: 1, count: 10_000), to: path)
      }
      #expect(FileManager.default.contents(atPath: path) == Data([7]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }
  }

  @Test("A device that is full is an error", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func fullDevice() throws {
    #expect(throws: FileWriteError(path: "/dev/full", step: .write, code: ENOSPC)) {
      try AtomicFile.write([1], to: "/dev/full")
    }
  }
}
