import Datasets
import Graphs
import ModelFormat
import Reference
import Tensors

/// Turns items of a data set into a model's only input, in the element type it wants.
public struct InputFeeder {
  let preprocessor: Preprocessor
  /// Items per run if the model fixes it.
  public let fixedBatch: Int?
  private let elementType: ElementType
  private let encoding: AffineEncoding?

  /// - Throws: `Failure` for a model with several inputs, or pre-processing that does not fit it.
  public init(_ graph: Graph, _ preprocessing: Preprocessing) throws {
    guard graph.inputs.count == 1, let id = graph.inputs.first else {
      throw Failure(.usage, "this model has \(graph.inputs.count) inputs; data sets feed models with one. Use 'run'.")
    }
    let type = graph[id].type
    guard let shape = try? type.shape(batch: 1) else { throw Failure(.badFile, "the model's input is too large") }
    do {
      preprocessor = try Preprocessor(preprocessing, inputShape: shape)
    } catch {
      throw Failure(error)
    }
    fixedBatch = type.dimensions.first.flatMap { $0.fixedExtent }
    elementType = type.elementType
    encoding = graph.inputEncoding(id)
  }

  /// Items as the input tensor; codes are made with the encoding that the model declares for them.
  public func input(_ dataset: Dataset, _ indices: [Int]) throws -> AnyTensor {
    try encoded(reals(dataset, indices))
  }

  /// Items as real numbers, pre-processed.
  func reals(_ dataset: Dataset, _ indices: [Int]) throws -> Tensor<Float> {
    do { return try preprocessor.batch(dataset, indices) } catch { throw Failure(error) }
  }

  /// Real inputs in the element type that the model wants.
  func encoded(_ reals: Tensor<Float>) throws -> AnyTensor {
    switch elementType {
    case .float32: return .float32(reals)
    case .uint8, .int8:
      guard let encoding else { throw Failure(.badFile, "the model's input codes have no encoding") }
      do throws(ReferenceError) {
        return try Reference.evaluate(.quantize(encoding, elementType), [.tensor(.float32(reals))])
      } catch { throw Failure(error) }
    case .int16, .int32, .int64, .bool:
      throw Failure(.usage, "the model's input is \(elementType); data sets feed float32, uint8 or int8")
    }
  }
}
