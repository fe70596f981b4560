import Foundation

/// The attributes of one node, read by name with their types checked.
struct ONNXAttributes {
  private let attributes: [String: Onnx_AttributeProto]

  /// - Throws: `.damaged` when two attributes share a name.
  init(_ list: [Onnx_AttributeProto]) throws(ONNXFailure) {
    var attributes: [String: Onnx_AttributeProto] = [:]
    for attribute in list {
      guard attributes.updateValue(attribute, forKey: attribute.name) == nil else {
        throw .damaged("attribute '\(attribute.name.escapedForDisplay)' is given twice")
      }
    }
    self.attributes = attributes
  }

  func has(_ name: String) -> Bool { attributes[name] != nil }

  func integer(_ name: String) throws(ONNXFailure) -> Int? {
    guard let attribute = try find(name, .int, isSet: { $0.hasI }) else { return nil }
    return Int(attribute.i)
  }

  func integer(_ name: String, default value: Int) throws(ONNXFailure) -> Int { try integer(name) ?? value }

  /// True for 1, false for 0.
  func flag(_ name: String, default value: Bool = false) throws(ONNXFailure) -> Bool {
    switch try integer(name) {
    case nil: return value
    case 0: return false
    case 1: return true
    case let other?: throw .damaged("attribute '\(name)' is 0 or 1, not \(other)")
    }
  }

  func integers(_ name: String) throws(ONNXFailure) -> [Int]? {
    guard let attribute = try find(name, .ints, isSet: { _ in true }) else { return nil }
    return attribute.ints.map { Int($0) }
  }

  func float(_ name: String, default value: Float) throws(ONNXFailure) -> Float { try float(name) ?? value }

  func float(_ name: String) throws(ONNXFailure) -> Float? {
    guard let attribute = try find(name, .float, isSet: { $0.hasF }) else { return nil }
    return attribute.f
  }

  func floats(_ name: String) throws(ONNXFailure) -> [Float]? {
    guard let attribute = try find(name, .floats, isSet: { _ in true }) else { return nil }
    return attribute.floats
  }

  func string(_ name: String, default value: String) throws(ONNXFailure) -> String {
    guard let attribute = try find(name, .string, isSet: { $0.hasS }) else { return value }
    guard let text = String(data: attribute.s, encoding: .utf8) else {
      throw .damaged("attribute '\(name)' is not UTF-8")
    }
    return text
  }

  func tensor(_ name: String) throws(ONNXFailure) -> Onnx_TensorProto? {
    try find(name, .tensor, isSet: { $0.hasT })?.t
  }

  func sparseTensor(_ name: String) throws(ONNXFailure) -> Onnx_SparseTensorProto? {
    try find(name, .sparseTensor, isSet: { $0.hasSparseTensor })?.sparseTensor
  }

  /// The attribute if it is there and of `type`; files before IR version 3 may leave the type out.
  private func find(
    _ name: String, _ type: Onnx_AttributeProto.AttributeType, isSet: (Onnx_AttributeProto) -> Bool
  ) throws(ONNXFailure) -> Onnx_AttributeProto? {
    guard let attribute = attributes[name] else { return nil }
    guard attribute.type == type || attribute.type == .undefined, isSet(attribute) else {
      throw .damaged("attribute '\(name)' does not hold what this operator takes")
    }
    return attribute
  }
}
