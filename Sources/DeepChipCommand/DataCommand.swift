import ArgumentParser
import DeepChip
import Foundation
import Synchronization

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Fetches and describes data sets.", subcommands: [Fetch.self, Info.self])

  struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Downloads a data set from its official place and checks it.",
      discussion: DatasetArchive.all.map { "  \($0.name): \($0.help)" }.joined(separator: "\n"))

    private static var names: String { DatasetArchive.all.map(\.name).joined(separator: ", ") }

    @Argument(help: ArgumentHelp("One of \(Fetch.names).", valueName: "name"))
    var name: String

    @Option(
      name: [.customShort("o"), .customLong("output")],
      help: ArgumentHelp("Folder; data/NAME by default.", valueName: "folder"), completion: .directory)
    var output: String?

    func run() async throws {
      guard let archive = DatasetArchive.all.first(where: { $0.name == name }) else {
        throw Failure(.usage, "no data set '\(name.escapedForDisplay)' to fetch: one of \(Self.names).")
      }
      let folder = URL(fileURLWithPath: output ?? "data/\(name)")
      let bar = Mutex(ProgressBar("Fetching \(name)"))
      let fetcher = DatasetFetcher(folder: folder) { progress in
        guard progress.totalByteCount > 0 else { return }
        bar.withLock { $0.update(Double(progress.receivedByteCount) / Double(progress.totalByteCount)) }
      }
      let result = try await fetcher.fetch(archive)
      Console.finishProgress()
      Console.print("\(folder.path): \(result.fetched.count) files fetched, \(result.present.count) already there")
      Console.print(archive.terms)
    }
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says what is in a data set; without one, lists the kinds.",
      discussion: DatasetKind.readable.map { "  \($0.usage): \($0.help)" }.joined(separator: "\n"))

    @Argument(help: ArgumentHelp("The data set, such as cifar10:DIR.", valueName: "data"))
    var data: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    private struct Part: Encodable {
      var split: String
      var items: Int
      var itemShape: [Int]?
      var classNames: [String]
      var itemsPerClass: [Int]
    }

    private struct Document: Encodable {
      var schemaVersion = 1
      var data: String
      var parts: [Part]
    }

    func run() throws {
      guard let data else {
        for kind in DatasetKind.readable { Console.print("\(kind.usage)\n    \(kind.help)") }
        return
      }
      let specifier = try DatasetSpecifier(data, kinds: DatasetKind.readable)
      var parts: [Part] = []
      var failure: (any Error)?
      for split in Split.allCases {
        do { parts.append(part(try specifier.load(split: split), split)) } catch { failure = error }
      }
      if parts.isEmpty, let failure { throw failure }
      if json { return try Console.json(Document(data: data, parts: parts)) }
      for part in parts {
        let shape = part.itemShape.map { $0.map(String.init).joined(separator: "x") } ?? "various sizes"
        Console.print("\(part.split): \(part.items.grouped) items of \(shape)")
        for (label, count) in part.itemsPerClass.enumerated() {
          let name = label < part.classNames.count ? part.classNames[label].escapedForDisplay : ""
          Console.print("  class \(label) \(name): \(count.grouped)")
        }
      }
    }

    private func part(_ dataset: Dataset, _ split: Split) -> Part {
      var counts = [Int](repeating: 0, count: min((dataset.labels?.max() ?? -1) + 1, 100_000))
      for label in dataset.labels ?? [] where label < counts.count { counts[label] += 1 }
      return Part(
        split: split.rawValue, items: dataset.count, itemShape: dataset.itemShape?.dimensions,
        classNames: dataset.classNames, itemsPerClass: counts)
    }
  }
}
