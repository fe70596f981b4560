import Foundation
import SwiftProtobuf
import Tensors

/// A tensor in a file of its own, as an ONNX `TensorProto` (`.pb`).
public enum TensorProtoFile {
  /// Reads a tensor and its name (empty if it has none).
  ///
  /// - Throws: `ImportError` for a file that cannot be read, is damaged, or has an element type that is not supported.
  public static func read(_ url: URL) throws(ImportError) -> (name: String, tensor: AnyTensor) {
    let data: Data
    do { data = try Data(contentsOf: url, options: .mappedIfSafe) } catch {
      throw ImportError(.unreadable("there is no such file, or no permission"), file: url.lastPathComponent)
    }
    return try read(data, file: url.lastPathComponent)
  }

  /// Reads a tensor from the bytes of such a file; `file` names it in errors.
  public static func read(_ data: Data, file: String) throws(ImportError) -> (name: String, tensor: AnyTensor) {
    let proto: Onnx_TensorProto
    do {
      proto = try Onnx_TensorProto(serializedBytes: data)
    } catch {
      throw ImportError(.damaged("these bytes are not a tensor message"), file: file)
    }
    do throws(ONNXFailure) {
      return (proto.name, try ONNXTensorReader(externalData: nil).tensor(proto))
    } catch {
      throw ImportError(error, file: file, node: proto.name.isEmpty ? nil : proto.name)
    }
  }

  /// The bytes of a tensor's file; the same for the same tensor and name.
  public static func encode(_ tensor: AnyTensor, name: String = "") -> Data {
    var proto = Onnx_TensorProto()
    proto.dims = tensor.shape.dimensions.map { Int64($0) }
    if !name.isEmpty { proto.name = name }
    func store<Scalar, Stored: FixedWidthInteger>(
      _ type: Onnx_TensorProto.DataType, _ tensor: Tensor<Scalar>, _ transform: (Scalar) -> Stored
    ) {
      proto.dataType = Int32(type.rawValue)
      var bytes = Data(capacity: tensor.scalars.count * MemoryLayout<Stored>.size)
      for scalar in tensor.scalars {
        withUnsafeBytes(of: transform(scalar).littleEndian) { bytes.append(contentsOf: $0) }
      }
      proto.rawData = bytes
    }
    switch tensor {
    case .float32(let tensor): store(.float, tensor) { $0.bitPattern }
    case .uint8(let tensor): store(.uint8, tensor) { $0 }
    case .int8(let tensor): store(.int8, tensor) { $0 }
    case .int16(let tensor): store(.int16, tensor) { $0 }
    case .int32(let tensor): store(.int32, tensor) { $0 }
    case .int64(let tensor): store(.int64, tensor) { $0 }
    case .bool(let tensor): store(.bool, tensor) { $0 ? UInt8(1) : 0 }
    }
    // Every field is set from a valid tensor, so encoding cannot fail.
    return (try? proto.serializedData()) ?? Data()
  }

  /// Writes a tensor's file, replacing one that is there.
  public static func write(_ tensor: AnyTensor, name: String = "", to url: URL) throws {
    try encode(tensor, name: name).write(to: url, options: .atomic)
  }
}

extension ImportError {
  init(_ failure: ONNXFailure, file: String, node: String?) {
    switch failure {
    case .damaged(let reason): self.init(Problem.damaged(reason), file: file, node: node)
    case .unsupported(let reason): self.init(Problem.unsupported(reason), file: file, node: node)
    }
  }
}
