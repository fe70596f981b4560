/// The order of the modules, the one place where it is written down for machines.
///
/// A module may import modules of earlier sorts, and earlier ones of its own sort; only stages never import each
/// other. Documentation/architecture.md says why.
struct Layers {
  /// A row of modules.
  struct Sort {
    var name: String
    /// In the order in which they may import each other.
    var modules: [String]
    /// Whether a later module of this sort may import an earlier one.
    var importsItself: Bool
  }

  var sorts: [Sort]

  /// Modules that run on a chip: no Foundation, nothing from outside this package but `systemModulesOfCore`.
  var core: Set<String>

  /// Modules of the system that every module outside the core may import.
  var systemModules: Set<String>

  /// Modules of the system that the core may import.
  var systemModulesOfCore: Set<String>

  /// Modules of other packages, and who may import them.
  var external: [String: Set<String>]

  static let deepChip = Layers(
    sorts: [
      Sort(
        // Coding turns numbers into bytes and knows nothing else; the file of ModelFormat is written with it.
        name: "noun", modules: ["Tensors", "Graphs", "Targets", "CCoding", "Coding", "ModelFormat", "Measurements"],
        importsItself: true),
      Sort(
        name: "craft",
        modules: ["CKernels", "Kernels", "Quantizers", "Pruning", "Reference", "Passes", "Planning", "Networks"],
        importsItself: true),
      Sort(
        name: "system library or resource", modules: ["CZlib", "CPNG", "CTurboJPEG", "CCrypto", "CResources"],
        importsItself: false),
      Sort(
        name: "stage",
        modules: [
          "Interchange", "Datasets", "Compression", "Training", "Packing", "Runtime", "Emission", "Reports",
        ],
        importsItself: false),
      Sort(name: "product", modules: ["DeepChip", "deepchip"], importsItself: true),
    ],
    core: [
      "Tensors", "Graphs", "Targets", "Coding", "ModelFormat", "Kernels", "Reference", "Planning", "Runtime",
    ],
    systemModules: [
      "Foundation", "FoundationEssentials", "FoundationNetworking", "CryptoKit", "Dispatch", "Synchronization", "Glibc",
      "Musl", "Darwin",
    ],
    systemModulesOfCore: ["Synchronization", "Glibc", "Musl", "Darwin"],
    external: [
      "ArgumentParser": ["deepchip"],
      "SwiftProtobuf": ["Interchange"],
    ])
}

extension Layers {
  /// The sort of a module of this package; nil if the table does not name it.
  func sort(of module: String) -> Int? { sorts.firstIndex { $0.modules.contains(module) } }

  /// Why `module` may not import `imported`, and what to do; nil if it may.
  func objection(to imported: String, in module: String) -> String? {
    guard let row = sort(of: module) else { return nil }
    if let target = sort(of: imported) {
      return objection(row, module, target, imported)
    }
    if let importers = external[imported] {
      if importers.contains(module) { return nil }
      return "\(imported) is for \(importers.sorted().joined(separator: ", ")) only."
        + " Ask one of them for what \(module) needs, or allow it in Tests/LayeringTests/Layers.swift."
    }
    if core.contains(module) {
      if systemModulesOfCore.contains(imported) { return nil }
      return "\(module) runs on chips and cannot import \(imported)."
        + " Use the standard library, and CKernels for mathematics; or move the file to a module outside the core."
    }
    if systemModules.contains(imported) { return nil }
    return "\(imported) is not in the table. If it is a module of the system or of another package that \(module)"
      + " really needs, add it to Tests/LayeringTests/Layers.swift."
  }

  private func objection(_ row: Int, _ module: String, _ target: Int, _ imported: String) -> String? {
    if target < row { return nil }
    let (own, other) = (sorts[row], sorts[target])
    if target > row {
      return "\(module) is a \(own.name) and \(imported) a \(other.name): imports go to earlier sorts only."
        + " Pass a value in, or move the shared part into an earlier module."
    }
    guard own.importsItself else {
      return "\(module) and \(imported) are both of the sort '\(own.name)', which do not import each other."
        + " Let them meet in a value (a noun), or move the shared part into a craft."
    }
    let places = [module, imported].compactMap(own.modules.firstIndex)
    return places.count == 2 && places[1] < places[0]
      ? nil
      : "\(imported) does not come before \(module) in the table of \(own.name)s."
        + " Move the shared part into the earlier one, or change the order in Tests/LayeringTests/Layers.swift."
  }
}
