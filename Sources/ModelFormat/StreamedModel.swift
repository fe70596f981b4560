import Coding
import Graphs
import Tensors

/// What becomes of coded weights when a model is read to be run; the results are the same.
public enum WeightDecoding: Hashable, Sendable {
  /// All are decoded once.
  case load
  /// Those of integer layers stay coded.
  case stream
  /// The largest of integer layers stay coded, so many that all weights take at most these bytes, if that can be.
  case budget(byteCount: Int)
}

/// A packed model some of whose weights stay coded in memory.
///
///     let streamed = try StreamedModel(reading: bytes, decoding: .stream)
///     let executor = try Executor(streamed)
///
/// In place of those weights the graph has constants without codes, which nothing but an executor that is given `weights`
/// can run: a graph to inspect, change or write comes from `PackedModel(reading:)`.
public struct StreamedModel: Sendable {
  public var model: PackedModel
  /// By their value in the graph.
  public var weights: [ValueID: CodedWeights]

  /// A model all of whose weights are decoded.
  public init(_ model: PackedModel) { (self.model, weights) = (model, [:]) }

  /// Reads a packed file from memory; everything is checked as by `PackedModel(reading:)`, also the weights that stay coded.
  ///
  /// - Throws: `ModelFormatError`, for any bytes that are not a sound model.
  public init(reading bytes: UnsafeRawBufferPointer, decoding: WeightDecoding) throws(ModelFormatError) {
    var weights: [ValueID: CodedWeights] = [:]
    model = try PackedModel(reading: bytes, keeping: &weights, decoding: decoding)
    self.weights = weights
  }

  /// Reads a packed file from memory.
  public init(reading bytes: [UInt8], decoding: WeightDecoding) throws(ModelFormatError) {
    let result: Result<StreamedModel, ModelFormatError> = bytes.withUnsafeBytes { bytes in
      do throws(ModelFormatError) {
        return .success(try StreamedModel(reading: bytes, decoding: decoding))
      } catch { return .failure(error) }
    }
    self = try result.get()
  }
}

extension Graph {
  /// The weights of integer layers that are used as such only.
  var integerWeights: Set<ValueID> {
    var weights: Set<ValueID> = []
    var others = Set(outputs)
    for node in nodes {
      for (place, id) in node.inputs.enumerated() {
        guard let id, constants[id] != nil else { continue }
        switch node.operator {
        case .integer(.convolution) where place == 1, .integer(.dense) where place == 1: weights.insert(id)
        default: others.insert(id)
        }
      }
    }
    return weights.subtracting(others)
  }
}

extension WeightDecoding {
  /// Which of `candidates`, weights with the bytes that they take coded and decoded, stay coded.
  ///
  /// - Parameter total: bytes of all weights, decoded.
  func keeps(_ candidates: [(id: ValueID, coded: Int, decoded: Int)], total: Int) -> Set<ValueID> {
    switch self {
    case .load: return []
    case .stream: return Set(candidates.map { $0.id })
    case .budget(let byteCount):
      var kept: Set<ValueID> = []
      var left = total
      // The most saved first; of two that save the same, the first in the file.
      let order = candidates.sorted { ($1.decoded - $1.coded, $0.id) < ($0.decoded - $0.coded, $1.id) }
      for candidate in order where left > byteCount && candidate.coded < candidate.decoded {
        kept.insert(candidate.id)
        left -= candidate.decoded - candidate.coded
      }
      return kept
    }
  }
}
