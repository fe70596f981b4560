import Datasets
import Foundation
import Testing

@Suite struct DatasetSpecifierTests {
  @Test("Every kind is read back from its own form", arguments: DatasetKind.all.map(\.name))
  func kinds(name: String) throws {
    guard let kind = DatasetKind.all.first(where: { $0.name == name }) else { return }
    let text = kind.argument == nil ? name : "\(name):/some/where:else"
    let specifier = try DatasetSpecifier(text)
    #expect(specifier.kind.name == name)
    #expect(specifier.path == (kind.argument == nil ? nil : "/some/where:else"))
    #expect(specifier.description == text)
    #expect(kind.help.hasSuffix("."))
  }

  @Test("Names occur once")
  func names() {
    #expect(Set(DatasetKind.all.map(\.name)).count == DatasetKind.all.count)
  }

  @Test(
    "Kinds with a path name it when it is missing", arguments: DatasetKind.all.filter { $0.argument != nil }.map(\.name)
  )
  func missingFolder(name: String) throws {
    let specifier = try DatasetSpecifier("\(name):/no/such/folder")
    let error = #expect(throws: DatasetError.self) { try specifier.load(split: .test) }
    #expect(error?.file.hasPrefix("/no/such/folder") == true)
  }

  @Test("What is not of the form is refused with the form")
  func refusals() {
    let unknown = #expect(throws: DatasetError.self) { try DatasetSpecifier("cifar100:x") }
    #expect(
      unknown?.description == "cifar100:x: unknown kind of data set. Known are digits, cifar10:DIR, mnist:DIR, "
        + "fashion-mnist:DIR, svhn:DIR, kws01:DIR, images:DIR.")
    for text in ["cifar10", "cifar10:", "digits:x", "digits:"] {
      #expect(throws: DatasetError.self) { try DatasetSpecifier(text) }
    }
    let wrong = #expect(throws: DatasetError.self) { try DatasetSpecifier("mnist") }
    #expect(wrong?.description == "mnist: is not of the form mnist:DIR.")
  }

  @Test("A longer list of kinds can be given")
  func more() throws {
    let kind = DatasetKind(name: "npz", argument: "FILE", help: "An array file.") {
      (file, split) throws(DatasetError) in
      try Dataset(name: file.lastPathComponent, inputs: .float32(.init(repeating: 0, shape: [3, 2])), split: split)
    }
    let dataset = try DatasetSpecifier("npz:a.npz", kinds: DatasetKind.all + [kind]).load(split: .train)
    #expect(dataset.name == "a.npz" && dataset.count == 3 && dataset.split == .train)
  }
}

@Suite struct DatasetGuideTests {
  @Test("Documentation/datasets.md names every kind and every archive")
  func names() throws {
    let package = (0..<3).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let guide = try String(contentsOf: package.appendingPathComponent("Documentation/datasets.md"), encoding: .utf8)
    for kind in DatasetKind.all { #expect(guide.contains("| `\(kind.usage)` |")) }
    for archive in DatasetArchive.all { #expect(guide.contains("`\(archive.name)`")) }
  }
}
