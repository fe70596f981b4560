import Foundation
import Tensors

/// A TFLite file's one network, as stored: tensors, operators with undecoded options, and where the weights lie.
///
/// - Source: `schema.fbs` (version 3, identifier `TFL3`) of TensorFlow Lite; field numbers are the order there.
struct TFLiteFile {
  var tensors: [TFLiteTensor]
  var operators: [TFLiteOperator]
  /// Tensors that the user gives.
  var inputs: [Int]
  /// Tensors that the user gets.
  var outputs: [Int]
  /// Where the bytes of each buffer lie; empty for those without.
  private var buffers: [Range<Int>]
  private let buffer: FlatBuffer

  /// - Throws: what is wrong with the bytes.
  init(_ data: Data) throws(Fault) {
    guard data.count >= 8 else { throw .damaged("a TFLite file has at least 8 bytes, this one \(data.count)") }
    guard data.dropFirst(4).prefix(4).elementsEqual("TFL3".utf8) else {
      throw .damaged("not a TFLite file: 'TFL3' is missing", at: 4)
    }
    buffer = FlatBuffer(data, budget: 2 * data.count + (32 << 20))
    let model = try buffer.root()
    let version = try model.integer(0, UInt32.self)
    guard version == 3 else { throw .unsupported("TFLite schema version \(version); version 3 is known") }

    buffers = []
    for table in try model.tables(4) { buffers.append(try Self.extent(ofBuffer: table)) }
    let codes = try model.tables(1)
    let subgraphs = try model.tables(2)
    guard let subgraph = subgraphs.first else { throw .damaged("the file holds no network") }
    guard subgraphs.count == 1 else {
      throw .unsupported("\(subgraphs.count) networks in one file (control flow or signatures); one is known")
    }

    tensors = []
    for table in try subgraph.tables(0) {
      let tensor = try TFLiteTensor(table)
      guard buffers.indices.contains(tensor.buffer) || tensor.buffer == 0 else {
        let reason = "tensor \(tensors.count) refers to buffer \(tensor.buffer) of \(buffers.count)"
        throw .damaged(reason, at: table.position)
      }
      tensors.append(tensor)
    }
    inputs = try subgraph.integers(1, Int32.self)
    outputs = try subgraph.integers(2, Int32.self)
    operators = []
    for table in try subgraph.tables(3) { operators.append(try TFLiteOperator(table, codes: codes)) }
    try checkIndices()
  }

  private func checkIndices() throws(Fault) {
    func check(_ indices: [Int], allowsNone: Bool, of user: String) throws(Fault) {
      for index in indices where !tensors.indices.contains(index) && !(allowsNone && index == -1) {
        throw .damaged("\(user) refers to tensor \(index) of \(tensors.count)")
      }
    }
    try check(inputs, allowsNone: false, of: "the list of inputs")
    try check(outputs, allowsNone: false, of: "the list of outputs")
    for (index, node) in operators.enumerated() {
      try check(node.inputs, allowsNone: true, of: "operator \(index)")
      try check(node.outputs, allowsNone: false, of: "operator \(index)")
    }
  }

  private static func extent(ofBuffer table: FlatTable) throws(Fault) -> Range<Int> {
    // Files above 2 GiB keep their weights after the FlatBuffers part, at these offsets.
    guard try table.integer(1, UInt64.self) == 0, try table.integer(2, UInt64.self) == 0 else {
      throw .unsupported("weights outside the FlatBuffers part of the file", at: table.position)
    }
    guard let vector = try table.vector(0, elementByteCount: 1) else { return 0..<0 }
    return vector.start..<vector.start + vector.count
  }

  /// True if the file holds the tensor's elements.
  func isConstant(_ index: Int) -> Bool {
    let tensor = tensors[index]
    return tensor.buffer != 0 && !buffers[tensor.buffer].isEmpty
  }

  /// The stored elements of tensor `index`: half-precision floats widened, 4-bit codes unpacked to int8.
  ///
  /// - Throws: when the bytes are not as many as the shape says, or the type is not known.
  func constant(_ index: Int) throws(Fault) -> AnyTensor {
    let tensor = tensors[index]
    let extent = buffers[tensor.buffer]
    let shape = try tensor.checkedShape()
    if tensor.type == .int4 { return try unpackedCodes(extent, shape: shape) }
    guard let raw = tensor.type?.raw else { throw .unsupported("constants of type \(tensor.typeName)") }
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: raw.byteCount)
    guard !overflow, byteCount == extent.count else {
      throw .damaged("\(extent.count) bytes stored for a constant of \(shape)", at: extent.lowerBound)
    }
    try buffer.charge(shape.elementCount * raw.elementType.byteCount, at: extent.lowerBound)
    return try read(extent) { bytes throws(Fault) in try raw.tensor(bytes, shape: shape) }
  }

  private func unpackedCodes(_ extent: Range<Int>, shape: Shape) throws(Fault) -> AnyTensor {
    guard shape.elementCount / 2 + shape.elementCount % 2 == extent.count else {
      throw .damaged("\(extent.count) bytes stored for 4-bit codes of \(shape)", at: extent.lowerBound)
    }
    try buffer.charge(shape.elementCount, at: extent.lowerBound)
    return try read(extent) { bytes throws(Fault) in
      let codes = (0..<shape.elementCount).map { index in
        // The low half comes first; an arithmetic shift brings the sign down.
        Int8(bitPattern: index % 2 == 0 ? bytes[index / 2] << 4 : bytes[index / 2] & 0xF0) >> 4
      }
      return .int8(Tensor(shape: shape, scalars: codes))
    }
  }

  private func read<Result>(
    _ extent: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Fault) -> Result
  ) throws(Fault) -> Result {
    let outcome = buffer.data.withUnsafeBytes { bytes -> Swift.Result<Result, Fault> in
      do throws(Fault) {
        return .success(try body(UnsafeRawBufferPointer(rebasing: bytes[extent])))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }
}

/// A tensor of a TFLite file: type, extents, encoding; its elements if it is a constant.
struct TFLiteTensor {
  var name: String
  /// nil for a type number that is not known.
  var type: TFLiteType?
  var typeNumber: Int
  /// Extents as stored; where the file leaves an extent open it is 1.
  var extents: [Int]
  /// Extents with −1 where they are open; empty if none is.
  var signature: [Int]
  var buffer: Int
  var scales: [Float]
  var zeroPoints: [Int]
  /// The axis along which scales differ, if there are several.
  var axis: Int
  var isVariable: Bool
  var isSparse: Bool
  var hasOtherQuantization: Bool

  init(_ table: FlatTable) throws(Fault) {
    extents = try table.integers(0, Int32.self)
    typeNumber = try table.integer(1, Int8.self)
    type = TFLiteType(rawValue: typeNumber)
    buffer = try table.integer(2, UInt32.self)
    name = try table.string(3) ?? ""
    signature = try table.integers(7, Int32.self)
    isVariable = try table.flag(5)
    isSparse = try table.table(6) != nil
    let quantization = try table.table(4)
    scales = try quantization?.floats(2) ?? []
    zeroPoints = try quantization?.integers(3, Int64.self) ?? []
    axis = try quantization?.integer(6, Int32.self) ?? 0
    hasOtherQuantization = try quantization?.integer(4, UInt8.self) ?? 0 != 0
  }

  /// The name as it may be printed.
  var displayName: String { name.escapedForDisplay }

  /// The name up to the first semicolon: converters join the names of all that they fused.
  var shortName: String { name.split(separator: ";").first.map(String.init) ?? name }

  var typeName: String { type.map { "\($0)" } ?? "number \(typeNumber)" }

  var rank: Int { extents.count }

  func checkedShape() throws(Fault) -> Shape {
    guard extents.count <= 8 else { throw .damaged("a tensor of rank \(extents.count)") }
    do throws(ShapeError) {
      return try Shape(checking: extents)
    } catch {
      throw .damaged("\(error)")
    }
  }
}

/// Element types; raw values are those of the schema.
enum TFLiteType: Int, CaseIterable {
  case float32 = 0
  case float16 = 1
  case int32 = 2
  case uint8 = 3
  case int64 = 4
  case string = 5
  case bool = 6
  case int16 = 7
  case complex64 = 8
  case int8 = 9
  case float64 = 10
  case complex128 = 11
  case uint64 = 12
  case resource = 13
  case variant = 14
  case uint32 = 15
  case uint16 = 16
  case int4 = 17
  case bfloat16 = 18

  /// How constants of this type are read; nil for types that are not.
  var raw: RawElementType? {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float64: .float64
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .bool: .bool
    case .string, .complex64, .complex128, .resource, .variant, .int4: nil
    }
  }

  /// What computed values of this type are in a graph; nil for types that only constants may have.
  var elementType: ElementType? {
    switch self {
    case .float32: .float32
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uint8
    case .bool: .bool
    case .float16, .bfloat16, .float64, .uint16, .uint32, .uint64, .string, .complex64, .complex128, .resource,
      .variant, .int4:
      nil
    }
  }
}

/// An operator of a TFLite file.
struct TFLiteOperator {
  /// The number in the schema's `BuiltinOperator`.
  var code: Int
  /// The name of a custom operator.
  var customName: String?
  var version: Int
  /// Tensors; −1 where an optional one is left out.
  var inputs: [Int]
  var outputs: [Int]
  /// The operator's own options; nil means all defaults.
  var options: FlatTable?
  /// Where the operator is described in the file.
  var byteOffset: Int

  init(_ table: FlatTable, codes: [FlatTable]) throws(Fault) {
    let index = try table.integer(0, UInt32.self)
    guard codes.indices.contains(index) else {
      throw .damaged("operator kind \(index) of \(codes.count)", at: table.position)
    }
    let kind = codes[index]
    // The old field has 8 bits; files with larger codes put 127 there and the code in the new one.
    code = max(try kind.integer(0, Int8.self), try kind.integer(3, Int32.self))
    customName = code == 32 ? try kind.string(1) ?? "" : nil
    version = try kind.integer(2, Int32.self, default: 1)
    inputs = try table.integers(1, Int32.self)
    outputs = try table.integers(2, Int32.self)
    options = try table.table(4)
    byteOffset = table.position
  }
}
