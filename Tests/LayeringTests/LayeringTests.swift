import Foundation
import Testing

/// What is wrong with the imports of a package, each in a sentence that says what to do.
func violations(of manifest: Manifest, _ layers: Layers, imports: (Manifest.Target) throws -> SourceImports) rethrows
  -> [String]
{
  var found: [String] = []
  let own = Set(manifest.targets.filter { !$0.isTest }.map(\.name))
  for target in manifest.targets where target.folder.hasPrefix("Sources/") {
    guard layers.sort(of: target.name) != nil else {
      found.append("\(target.name) has no place in the order. Give it one in Tests/LayeringTests/Layers.swift.")
      continue
    }
    let imported = try imports(target).modules
    for (module, file) in imported.sorted(by: { $0.key < $1.key }) where module != target.name {
      if let objection = layers.objection(to: module, in: target.name) { found.append("\(file): \(objection)") }
      let needsDeclaration = own.contains(module) || layers.external[module] != nil
      if needsDeclaration && !target.dependencies.contains(module) {
        found.append(
          "\(file): \(target.name) imports \(module) without declaring it."
            + " Add it to the target's dependencies in Package.swift.")
      }
    }
    for dependency in target.dependencies {
      if let objection = layers.objection(to: dependency, in: target.name), imported[dependency] == nil {
        found.append("Package.swift: \(objection)")
      }
      if imported[dependency] == nil && !imported.isEmpty {
        found.append("Package.swift: \(target.name) declares \(dependency) and does not import it. Remove it.")
      }
    }
  }
  return found
}

@Suite struct LayeringTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func package() throws -> Manifest {
    Manifest(try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8))
  }

  @Test("Every import goes to a module that comes earlier, and is declared; every declared dependency is imported")
  func importsFollowTheOrder() throws {
    let found = try violations(of: Self.package(), .deepChip) {
      try SourceImports(folder: Self.root.appending(path: $0.folder), packageRoot: Self.root)
    }
    #expect(found.isEmpty, Comment(rawValue: found.joined(separator: "\n")))
  }

  @Test("Every folder of sources is a target, and every target has its folder")
  func foldersAreTargets() throws {
    let manager = FileManager.default
    let targets = try Self.package().targets
    #expect(targets.count > 8)
    let declared = Set(targets.map(\.folder))
    for parent in ["Sources", "Tests"] {
      for name in try manager.contentsOfDirectory(atPath: Self.root.appending(path: parent).path) {
        let folder = "\(parent)/\(name)"
        var isFolder: ObjCBool = false
        _ = manager.fileExists(atPath: Self.root.appending(path: folder).path, isDirectory: &isFolder)
        #expect(!isFolder.boolValue || declared.contains(folder), "\(folder) is not a target of Package.swift")
      }
    }
    for folder in declared {
      #expect(manager.fileExists(atPath: Self.root.appending(path: folder).path), "\(folder) does not exist")
    }
  }

  @Test("Every module of the core is also built as Embedded Swift, from the same sources with the same dependencies")
  func coreIsEmbedded() throws {
    let text = try String(contentsOf: Self.root.appending(path: "Embedded/Package.swift"), encoding: .utf8)
    let embedded = Manifest(text).targets
    for target in try Self.package().targets where Layers.deepChip.core.contains(target.name) {
      let twin = embedded.first { $0.name == target.name }
      #expect(twin != nil, "Add \(target.name) to Embedded/Package.swift, and a link in Embedded/Sources")
      #expect(twin.map { Set($0.dependencies) } == Set(target.dependencies), "\(target.name) in Embedded/Package.swift")
    }
    for target in embedded {
      let link = Self.root.appending(path: "Embedded/Sources/\(target.name)").path
      let destination = try FileManager.default.destinationOfSymbolicLink(atPath: link)
      #expect(destination == "../../Sources/\(target.name)")
    }
  }
}
