import Foundation

/// A field of a FlatBuffers table, for writing.
indirect enum FlatField: Sendable {
  case int8(Int)
  case int32(Int)
  case int64(Int)
  case float(Float)
  case int32s([Int])
  case int64s([Int])
  case floats([Float])
  case bytes([UInt8])
  case string(String)
  case table([Int: FlatField])
  case tables([[Int: FlatField]])
}

/// Writes FlatBuffers, parents before children, everything aligned.
struct FlatWriter {
  private(set) var bytes: [UInt8] = []

  /// A file with this root table.
  static func file(_ root: [Int: FlatField], identifier: String) -> Data {
    var writer = FlatWriter()
    writer.bytes = [0, 0, 0, 0] + Array(identifier.utf8)
    let position = writer.write(table: root)
    writer.put(UInt32(position), at: 0)
    return Data(writer.bytes)
  }

  private mutating func write(table fields: [Int: FlatField]) -> Int {
    align(4)
    let count = (fields.keys.max() ?? -1) + 1
    let vtable = bytes.count
    append(UInt16(4 + 2 * count))
    append(UInt16(4 + 8 * fields.count))
    let ids = fields.keys.sorted()
    for id in 0..<count { append(UInt16(ids.firstIndex(of: id).map { 4 + 8 * $0 } ?? 0)) }
    align(4)
    let position = bytes.count
    append(UInt32(position - vtable))
    bytes += [UInt8](repeating: 0, count: 8 * ids.count)
    for (index, id) in ids.enumerated() {
      if let field = fields[id] { write(field, at: position + 4 + 8 * index) }
    }
    return position
  }

  /// Each field has eight bytes: a number, or the distance to what is written behind.
  private mutating func write(_ field: FlatField, at place: Int) {
    switch field {
    case .int8(let value): bytes[place] = UInt8(truncatingIfNeeded: value)
    case .int32(let value): put(UInt32(truncatingIfNeeded: value), at: place)
    case .int64(let value):
      put(UInt32(truncatingIfNeeded: value), at: place)
      put(UInt32(truncatingIfNeeded: value >> 32), at: place + 4)
    case .float(let value): put(value.bitPattern, at: place)
    case .table(let fields): put(UInt32(write(table: fields) - place), at: place)
    case .int32s(let values):
      start(values.count, alignment: 4, from: place)
      for value in values { append(UInt32(truncatingIfNeeded: value)) }
    case .int64s(let values):
      start(values.count, alignment: 8, from: place)
      for value in values { append(UInt64(bitPattern: Int64(value))) }
    case .floats(let values):
      start(values.count, alignment: 4, from: place)
      for value in values { append(value.bitPattern) }
    case .bytes(let values):
      start(values.count, alignment: 16, from: place)
      bytes += values
    case .string(let text):
      start(text.utf8.count, alignment: 4, from: place)
      bytes += Array(text.utf8) + [0]
    case .tables(let tables):
      start(tables.count, alignment: 4, from: place)
      let first = bytes.count
      bytes += [UInt8](repeating: 0, count: 4 * tables.count)
      for (index, table) in tables.enumerated() {
        put(UInt32(write(table: table) - (first + 4 * index)), at: first + 4 * index)
      }
    }
  }

  /// Starts a vector whose first element is aligned.
  private mutating func start(_ count: Int, alignment: Int, from place: Int) {
    while (bytes.count + 4) % alignment != 0 || bytes.count % 4 != 0 { bytes.append(0) }
    put(UInt32(bytes.count - place), at: place)
    append(UInt32(count))
  }

  private mutating func align(_ alignment: Int) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }

  private mutating func append<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) }
  }

  private mutating func put(_ value: UInt32, at place: Int) {
    for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
  }
}

/// Builds TFLite files operator by operator.
struct TFLiteBuilder {
  /// Type numbers of the schema.
  static let (float32, float16, int32, uint8, int64, bool, int8, int4) = (0, 1, 2, 3, 4, 6, 9, 17)

  private var tensors: [[Int: FlatField]] = []
  private var buffers: [[Int: FlatField]] = [[:]]
  private var codes: [Int] = []
  private var operators: [[Int: FlatField]] = []
  private(set) var shapes: [[Int]] = []

  /// A computed or given tensor.
  mutating func tensor(
    _ shape: [Int], type: Int = float32, scales: [Float] = [], zeroPoints: [Int] = [0], axis: Int = 0,
    bytes: [UInt8]? = nil, name: String? = nil
  ) -> Int {
    var fields: [Int: FlatField] = [0: .int32s(shape), 1: .int8(type), 3: .string(name ?? "tensor \(tensors.count)")]
    if let bytes {
      fields[2] = .int32(buffers.count)
      buffers.append([0: .bytes(bytes)])
    }
    if !scales.isEmpty { fields[4] = .table([2: .floats(scales), 3: .int64s(zeroPoints), 6: .int32(axis)]) }
    tensors.append(fields)
    shapes.append(shape)
    return tensors.count - 1
  }

  mutating func constant(_ shape: [Int], _ values: [Float]) -> Int {
    tensor(shape, bytes: values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } })
  }

  mutating func constant(_ shape: [Int], integers: [Int]) -> Int {
    let bytes = integers.flatMap { value in withUnsafeBytes(of: Int32(value).littleEndian) { Array($0) } }
    return tensor(shape, type: Self.int32, bytes: bytes)
  }

  /// - Parameter optionsType: the number of the options' type in the schema's union.
  mutating func append(
    _ code: Int, _ inputs: [Int], _ outputs: [Int], optionsType: Int = 0, options: [Int: FlatField]? = nil
  ) {
    if !codes.contains(code) { codes.append(code) }
    var fields: [Int: FlatField] = [
      0: .int32(codes.firstIndex(of: code) ?? 0), 1: .int32s(inputs), 2: .int32s(outputs),
    ]
    if let options { (fields[3], fields[4]) = (.int8(optionsType), .table(options)) }
    operators.append(fields)
  }

  func data(inputs: [Int], outputs: [Int]) -> Data {
    let kinds: [[Int: FlatField]] = codes.map { [0: .int8(min($0, 127)), 2: .int32(1), 3: .int32($0)] }
    let subgraph: [Int: FlatField] = [
      0: .tables(tensors), 1: .int32s(inputs), 2: .int32s(outputs), 3: .tables(operators),
    ]
    return FlatWriter.file(
      [0: .int32(3), 1: .tables(kinds), 2: .tables([subgraph]), 4: .tables(buffers)], identifier: "TFL3")
  }
}
