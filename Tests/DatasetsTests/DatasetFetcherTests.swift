import Datasets
import Foundation
import Testing

@Suite struct DatasetFetcherTests {
  private static let body = noise(200_000, seed: 1)

  private func sum(_ bytes: [UInt8]) -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("digest-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try? Data(bytes).write(to: file)
    return (try? FileDigest.sha256(of: file)) ?? ""
  }

  @Test("Digests are those of the standard")
  func digestsAreThoseOfTheStandard() {
    // FIPS 180-4, examples.
    #expect(sum([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(sum(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  private func archive(_ files: RemoteFile...) -> DatasetArchive {
    DatasetArchive(name: "x", help: "X.", terms: "None.", files: files)
  }

  private func file(_ server: HTTPServer, _ paths: [String], of body: [UInt8] = body) -> RemoteFile {
    RemoteFile(name: "a.bin", addresses: paths.map(server.address), byteCount: body.count, sha256: sum(body))
  }

  /// The error of one fetch, after which the folder must hold exactly `files`.
  private func error(_ file: RemoteFile, _ folder: TemporaryFolder, leaves files: [String]) async throws -> FetchError?
  {
    let fetcher = patientFetcher(folder.url)
    let error = await #expect(throws: FetchError.self) { try await fetcher.fetch(archive(file)) }
    #expect(try folder.files() == files)
    return error
  }

  @Test("A file arrives whole, with progress, and is not fetched twice")
  func good() async throws {
    let server = try HTTPServer(["a": .init(body: Self.body)])
    defer { server.stop() }
    let folder = try TemporaryFolder()
    let last = LastProgress()
    let fetcher = patientFetcher(folder.url.appendingPathComponent("new/folder")) { last.value = $0 }
    let first = try await fetcher.fetch(archive(file(server, ["a"])))
    #expect(first == DatasetFetcher.Result(fetched: ["a.bin"]))
    #expect(try folder.files() == ["new/folder/a.bin"])
    #expect(try [UInt8](Data(contentsOf: folder.url.appendingPathComponent("new/folder/a.bin"))) == Self.body)
    #expect(last.value?.receivedByteCount == 200_000 && last.value?.totalByteCount == 200_000)
    #expect(last.value?.file == "a.bin")
    #expect(try await fetcher.fetch(archive(file(server, ["a"]))) == DatasetFetcher.Result(present: ["a.bin"]))
    #expect(server.requestCount("a") == 1)
  }

  @Test("A wrong sum is reported and nothing is kept")
  func checksum() async throws {
    var wrong = Self.body
    wrong[1000] ^= 1
    let server = try HTTPServer(["a": .init(body: wrong)])
    defer { server.stop() }
    let error = try await error(file(server, ["a"]), TemporaryFolder(), leaves: [])
    #expect(error?.problem == .wrongChecksum(expected: sum(Self.body), found: sum(wrong)))
    #expect(
      error?.description == "\(server.address("a")): SHA-256 \(sum(wrong)), expected \(sum(Self.body)). "
        + "The file was not kept. Try again.")
  }

  @Test("A transfer that breaks off, or is too short or too long, keeps nothing")
  func lengths() async throws {
    let half = Array(Self.body.prefix(100_000))
    let server = try HTTPServer([
      "broken": .init(body: half, announcedByteCount: 200_000), "short": .init(body: half),
      "long": .init(body: Self.body + half),
    ])
    defer { server.stop() }
    let broken = try await error(file(server, ["broken"]), TemporaryFolder(), leaves: [])
    switch broken?.problem {
    case .connection, .wrongLength: break
    default: Issue.record("unexpected \(String(describing: broken))")
    }
    let short = try await error(file(server, ["short"]), TemporaryFolder(), leaves: [])
    #expect(short?.problem == .wrongLength(expected: 200_000, received: 100_000))
    let long = try await error(file(server, ["long"]), TemporaryFolder(), leaves: [])
    guard case .wrongLength(200_000, let received) = long?.problem else {
      Issue.record("unexpected \(String(describing: long))")
      return
    }
    #expect(received > 200_000)
  }

  @Test("A file that is not there, and a server that is not, are named")
  func absent() async throws {
    let server = try HTTPServer([:])
    let missing = try await error(file(server, ["a"]), TemporaryFolder(), leaves: [])
    #expect(missing == FetchError(.httpStatus(404), place: server.address("a")))
    #expect(missing?.description == "\(server.address("a")): the server answers 404. The file may have moved.")
    server.stop()
    let gone = try await error(file(server, ["a"]), TemporaryFolder(), leaves: [])
    guard case .connection = gone?.problem else {
      Issue.record("unexpected \(String(describing: gone))")
      return
    }
    let invalid = RemoteFile(name: "a", addresses: ["file:///etc/hostname"], byteCount: 1, sha256: "")
    #expect(try await error(invalid, TemporaryFolder(), leaves: [])?.problem == .invalidAddress)
  }

  @Test("A transfer that stands still ends after the timeout and keeps nothing")
  func stalled() async throws {
    let folder = try TemporaryFolder()
    let server = try HTTPServer(["a": .init(body: [1, 2, 3], announcedByteCount: 200_000, waits: true)])
    defer { server.stop() }
    let fetcher = DatasetFetcher(folder: folder.url, timeout: 1)
    let error = await #expect(throws: FetchError.self) { try await fetcher.fetch(archive(file(server, ["a"]))) }
    guard case .connection = error?.problem else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test("A cancelled transfer ends and keeps nothing", arguments: [false, true])
  func cancellation(isUnderway: Bool) async throws {
    let server = try HTTPServer(["a": .init(body: [1, 2, 3], announcedByteCount: 200_000, waits: true)])
    defer { server.stop() }
    let folder = try TemporaryFolder()
    let (started, signal) = AsyncStream.makeStream(of: Void.self)
    let fetcher = patientFetcher(folder.url) { _ in signal.yield() }
    let archive = archive(file(server, ["a", "a"]))
    let task = Task { try await fetcher.fetch(archive) }
    if isUnderway {
      for await _ in started { break }
    }
    task.cancel()
    let error = await #expect(throws: FetchError.self) { try await task.value }
    #expect(error == FetchError(.cancelled, place: server.address("a")))
    #expect(try folder.files() == [])
  }

  @Test("The next address is tried after a failure")
  func mirrors() async throws {
    let server = try HTTPServer(["wrong": .init(body: [1, 2, 3]), "right": .init(body: Self.body)])
    defer { server.stop() }
    let folder = try TemporaryFolder()
    let file = file(server, ["none", "wrong", "right"])
    _ = try await patientFetcher(folder.url).fetch(archive(file))
    #expect(try folder.files() == ["a.bin"])
  }

  @Test("A different file of the same name is left as it is")
  func occupied() async throws {
    let server = try HTTPServer(["a": .init(body: Self.body)])
    defer { server.stop() }
    let folder = try TemporaryFolder()
    let own = try folder.write([1, 2, 3], "a.bin")
    let error = try await error(file(server, ["a"]), folder, leaves: ["a.bin"])
    #expect(error == FetchError(.occupied, place: own.path))
    #expect(try [UInt8](Data(contentsOf: own)) == [1, 2, 3])
    #expect(server.requestCount("a") == 0)
  }

  @Test("Of an archive the listed files are unpacked, and those that are there are kept")
  func archives() async throws {
    let (one, two) = (noise(1000, seed: 2), noise(512, seed: 3))
    let packed = gzip(tar([("d/readme", [1]), ("d/one", one), ("../out", [2]), ("d/two", two)]))
    let server = try HTTPServer(["a": .init(body: packed)])
    defer { server.stop() }
    let members = [RemoteFile.Member(path: "d/one", byteCount: 1000), .init(path: "d/two", byteCount: 512)]
    let file = RemoteFile(
      name: "a.tar.gz", addresses: [server.address("a")], byteCount: packed.count, sha256: sum(packed),
      form: .tarGzip(members: members))
    let folder = try TemporaryFolder()
    // As long as the member, so it counts as there; its contents show that it is not written again.
    let own = try folder.write([UInt8](repeating: 7, count: 512), "d/two")
    let fetcher = patientFetcher(folder.url)
    #expect(try await fetcher.fetch(archive(file)).fetched == ["a.tar.gz"])
    #expect(try folder.files() == ["d/one", "d/two"])
    #expect(try [UInt8](Data(contentsOf: folder.url.appendingPathComponent("d/one"))) == one)
    #expect(try Data(contentsOf: own).allSatisfy { $0 == 7 })
    #expect(try await fetcher.fetch(archive(file)).present == ["a.tar.gz"])
    #expect(server.requestCount("a") == 1)
    try folder.write([1], "d/two")
    #expect(try await error(file, folder, leaves: ["d/one", "d/two"])?.problem == .occupied)
  }

  @Test("An archive that is damaged, cut, or lists other things leaves nothing behind")
  func badArchives() async throws {
    let bytes = noise(1000, seed: 2)
    let good = tar([("d/one", bytes), ("d/two", bytes)])
    var damaged = good
    damaged[200] ^= 1
    let bodies: [String: [UInt8]] = [
      "damaged": gzip(damaged), "cut": gzip(Array(good.prefix(2000))), "gzipCut": Array(gzip(good).dropLast(9)),
      "plain": good, "lacking": gzip(tar([("d/one", bytes)])), "empty": gzip([]),
      "length": gzip(tar([("d/one", bytes), ("d/two", bytes + [0])])),
      "link": gzip(tar([("d/one", bytes), ("d/two", bytes)], type: "2")),
    ]
    let server = try HTTPServer(bodies.mapValues { .init(body: $0) })
    defer { server.stop() }
    for (name, body) in bodies.sorted(by: { $0.key < $1.key }) {
      let file = RemoteFile(
        name: "a.tar.gz", addresses: [server.address(name)], byteCount: body.count, sha256: sum(body),
        form: .tarGzip(members: ["d/one", "d/two"].map { RemoteFile.Member(path: $0, byteCount: 1000) }))
      let error = try await error(file, TemporaryFolder(), leaves: [])
      guard case .archive = error?.problem else {
        Issue.record("\(name): unexpected \(String(describing: error))")
        continue
      }
      #expect(error?.place == "a.tar.gz")
    }
  }

  @Test("The list holds lengths and sums of the right form, and names of kinds or later ones")
  func list() {
    #expect(DatasetArchive.all.map(\.name) == ["cifar10", "mnist", "fashion-mnist", "svhn"])
    for file in DatasetArchive.all.flatMap(\.files) {
      #expect(file.sha256.count == 64 && file.sha256.allSatisfy { "0123456789abcdef".contains($0) })
      #expect(file.byteCount > 1000)
      #expect(file.addresses.allSatisfy { URL(string: $0)?.lastPathComponent == file.name })
    }
  }
}

/// A fetcher that waits while the other tests keep the processor.
private func patientFetcher(
  _ folder: URL, progress: @escaping @Sendable (DatasetFetcher.Progress) -> Void = { _ in }
) -> DatasetFetcher {
  DatasetFetcher(folder: folder, timeout: 1800, progress: progress)
}

/// The last value given, from another thread.
private final class LastProgress: @unchecked Sendable {
  private let lock = NSLock()
  private var stored: DatasetFetcher.Progress?

  var value: DatasetFetcher.Progress? {
    get { lock.withLock { stored } }
    set { lock.withLock { stored = newValue } }
  }
}
