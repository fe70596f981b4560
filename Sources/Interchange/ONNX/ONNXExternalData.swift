import Foundation

/// Weights in files beside the model, never outside its folder.
///
/// A location is a relative path; absolute paths, `..` and symbolic links are refused before anything is opened.
/// Files are mapped, so that only what is used is read.
final class ONNXExternalData {
  private let folder: URL
  private var files: [String: Data] = [:]

  init(folder: URL) { self.folder = folder }

  /// The bytes that `entries` (keys `location`, `offset`, `length`) point at.
  func bytes(_ entries: [Onnx_StringStringEntryProto], byteCount: Int) throws(ONNXFailure) -> Data {
    func entry(_ key: String) throws(ONNXFailure) -> String? {
      let found = entries.filter { $0.key == key }
      guard found.count <= 1 else { throw .damaged("external data gives '\(key)' twice") }
      return found.first?.value
    }
    func number(_ key: String) throws(ONNXFailure) -> Int? {
      guard let text = try entry(key) else { return nil }
      guard let value = Int(text), value >= 0 else {
        throw .damaged("external data has \(key) '\(text.escapedForDisplay)'")
      }
      return value
    }
    guard let location = try entry("location") else { throw .damaged("external data has no location") }
    let offset = try number("offset") ?? 0
    if let length = try number("length"), length != byteCount {
      throw .damaged("external data announces \(length) bytes where \(byteCount) are due")
    }
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    let file = try open(location)
    guard !overflow, end <= file.count else {
      throw .damaged(
        "external data '\(location.escapedForDisplay)' has \(file.count) bytes; \(byteCount) are due at \(offset)")
    }
    return file[(file.startIndex + offset)..<(file.startIndex + end)]
  }

  private func open(_ location: String) throws(ONNXFailure) -> Data {
    if let file = files[location] { return file }
    let shown = location.escapedForDisplay
    let components = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !location.contains("\0"), !location.contains("\\"),
      components.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
    else { throw .damaged("external data '\(shown)' is not a path inside the model's folder; it was not opened") }
    var place = folder
    for (index, component) in components.enumerated() {
      place.append(path: String(component))
      let type = (try? FileManager.default.attributesOfItem(atPath: place.path))?[.type] as? FileAttributeType
      let wanted: FileAttributeType = index == components.count - 1 ? .typeRegular : .typeDirectory
      guard let type else { throw .damaged("external data '\(shown)' is not there") }
      guard type == wanted else {
        throw .damaged("external data '\(shown)' is not a plain file inside the model's folder; it was not opened")
      }
    }
    guard let file = try? Data(contentsOf: place, options: .mappedIfSafe) else {
      throw .damaged("external data '\(shown)' cannot be read")
    }
    files[location] = file
    return file
  }
}
