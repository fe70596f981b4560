import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Writes files so that a reader finds the old contents or the new, whole, whatever happens meanwhile.
public enum AtomicFile {
  /// Writes `bytes` to `path`.
  ///
  /// They go to a temporary file in the same folder, which is synchronized and renamed; after a failure it is removed
  /// and what was there is unchanged. An existing file's permissions are kept; one that may not be written is not
  /// replaced. A symbolic link stays, and the file it points to is replaced. A device or a pipe (`/dev/stdout`) is
  /// written straight; a folder is an error.
  ///
  /// - Throws: `FileWriteError` with the path and the system's reason.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileWriteError) {
    guard !path.utf8.contains(0) else { throw FileWriteError(path: path, step: .examine, code: EINVAL) }
    if let descriptor = try openStream(path) {
      defer { if descriptor > 2 { close(descriptor) } }
      return try writeAll(bytes, to: descriptor, path: path)
    }
    let target = try linkTarget(path)
    let old = try existing(target, path: path)
    let (descriptor, temporary) = try makeTemporary(beside: target, path: path, mode: old == nil ? 0o666 : 0o600)
    do throws(FileWriteError) {
      try fill(descriptor, bytes, like: old, path: path)
      guard replace(target, by: temporary) else { throw FileWriteError(path: path, step: .rename, code: errno) }
    } catch {
      remove(temporary)
      throw error
    }
    try synchronizeFolder(of: target, path: path)
  }

  /// Removes the temporary files of all writes under way, and ends the process before another can begin.
  ///
  /// For signals: what was to be replaced is unchanged.
  public static func abandonAll(_ exit: () -> Never) -> Never {
    temporaries.withLock { paths in
      for path in paths { unlink(path) }
      exit()
    }
  }

  /// Temporary files that exist now. Files come and go under the lock.
  private static let temporaries = Mutex<Set<String>>([])

  /// What of an existing file the new one takes over.
  private struct Attributes {
    var mode: mode_t
    var user: uid_t
    var group: gid_t
  }
}

// MARK: - What the path names

extension AtomicFile {
  /// A descriptor to write to if `path` is a device, pipe or socket, or this process's output; nil for the rest.
  private static func openStream(_ path: String) throws(FileWriteError) -> Int32? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    if path.hasPrefix("/dev/") || path.hasPrefix("/proc/") {
      for descriptor: Int32 in [1, 2] {
        var other = stat()
        if fstat(descriptor, &other) == 0, other.st_dev == status.st_dev, other.st_ino == status.st_ino {
          return descriptor
        }
      }
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: throw FileWriteError(path: path, step: .examine, code: EISDIR)
    default:
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileWriteError(path: path, step: .open, code: errno) }
      return descriptor
    }
  }

  /// `path` with a symbolic link at its end followed, to a file that need not exist.
  private static func linkTarget(_ path: String) throws(FileWriteError) -> String {
    var target = path
    for _ in 0..<40 {
      var buffer = [CChar](repeating: 0, count: 4097)
      let count = readlink(target, &buffer, buffer.count - 1)
      guard count >= 0 else {
        guard errno == EINVAL || errno == ENOENT else {
          throw FileWriteError(path: path, step: .examine, code: errno)
        }
        return target
      }
      let link = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      target = link.hasPrefix("/") ? link : folder(of: target) + "/" + link
    }
    throw FileWriteError(path: path, step: .examine, code: ELOOP)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The attributes of the file at `target`; nil if there is none.
  private static func existing(_ target: String, path: String) throws(FileWriteError) -> Attributes? {
    var status = stat()
    guard stat(target, &status) == 0 else {
      guard errno == ENOENT else { throw FileWriteError(path: path, step: .examine, code: errno) }
      return nil
    }
    guard access(target, W_OK) == 0 else { throw FileWriteError(path: path, step: .open, code: errno) }
    return Attributes(mode: status.st_mode & 0o777, user: status.st_uid, group: status.st_gid)
  }
}

// MARK: - The temporary file

extension AtomicFile {
  private static func makeTemporary(
    beside target: String, path: String, mode: mode_t
  ) throws(FileWriteError) -> (descriptor: Int32, path: String) {
    for _ in 0..<64 {
      let name = ".deepchip-" + String(UInt64.random(in: .min ... .max), radix: 16) + ".tmp"
      let temporary = folder(of: target) + "/" + name
      let (descriptor, code) = temporaries.withLock { paths in
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        if descriptor >= 0 { paths.insert(temporary) }
        return (descriptor, errno)
      }
      if descriptor >= 0 { return (descriptor, temporary) }
      guard code == EEXIST || code == EINTR else { throw FileWriteError(path: path, step: .open, code: code) }
    }
    throw FileWriteError(path: path, step: .open, code: EEXIST)
  }

  /// Renames; false, with `errno`, if that fails.
  private static func replace(_ target: String, by temporary: String) -> Bool {
    temporaries.withLock { paths in
      guard rename(temporary, target) == 0 else { return false }
      paths.remove(temporary)
      return true
    }
  }

  private static func remove(_ temporary: String) {
    temporaries.withLock { paths in
      unlink(temporary)
      paths.remove(temporary)
    }
  }

  /// Writes, sets attributes, synchronizes; closes `descriptor` in any case.
  private static func fill(
    _ descriptor: Int32, _ bytes: [UInt8], like old: Attributes?, path: String
  ) throws(FileWriteError) {
    do throws(FileWriteError) {
      try writeAll(bytes, to: descriptor, path: path)
      if let old {
        // Only the superuser can give a file away; others keep it as theirs.
        _ = fchown(descriptor, old.user, old.group)
        guard fchmod(descriptor, old.mode) == 0 else { throw FileWriteError(path: path, step: .write, code: errno) }
      }
      try synchronize(descriptor, path: path, step: .synchronize)
    } catch {
      close(descriptor)
      throw error
    }
    // After EINTR the descriptor is closed all the same, and what was written is on the disk.
    guard close(descriptor) == 0 || errno == EINTR else {
      throw FileWriteError(path: path, step: .write, code: errno)
    }
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(FileWriteError) {
    let failure: Int32? = bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
        let count = systemWrite(descriptor, part.baseAddress, part.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return count < 0 ? errno : ENOSPC }
        rest = rest.dropFirst(count)
      }
      return nil
    }
    if let failure { throw FileWriteError(path: path, step: .write, code: failure) }
  }

  /// File systems that cannot synchronize say so; that is not an error.
  private static func synchronize(
    _ descriptor: Int32, path: String, step: FileWriteError.Step
  ) throws(FileWriteError) {
    while fsync(descriptor) != 0 {
      switch errno {
      case EINTR: continue
      case EINVAL, ENOSYS, ENOTSUP: return
      default: throw FileWriteError(path: path, step: step, code: errno)
      }
    }
  }

  private static func synchronizeFolder(of target: String, path: String) throws(FileWriteError) {
    let descriptor = open(folder(of: target), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // A folder that may be written and searched, and not read, cannot be synchronized.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    try synchronize(descriptor, path: path, step: .synchronizeFolder)
  }
}

/// The system's `write`, which the method of that name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
