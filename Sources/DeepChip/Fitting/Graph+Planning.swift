import Compression
import Graphs
import ModelFormat
import Packing
import Passes
import Quantizers
import Tensors

extension Graph {
  /// The network as it would be packed, without data: every activation 8 bits wide, weights coded as `weights`.
  ///
  /// Ranges are made up, so results mean nothing; shapes, memory and bytes are those of the real thing, but for rules
  /// that happen to be equal and then share 16 bytes.
  ///
  /// - Throws: `CompressionError`, `QuantizationError` or `PackingError`.
  func planned(weights: WeightQuantizerKind) throws -> Graph {
    let ends = weights.bitsPerWeight == 8 ? nil : WeightQuantizerKind.int8
    let quantizer = PostTrainingQuantizer(
      QuantizationOptions(
        weights: weights, endWeights: ends, calibrator: .minMax, correctsBias: false, matchesStatistics: false))
    let source = ActivationSource { graph, values, observe in
      for id in values {
        let channels = graph[id].type.rank < 2 ? 1 : graph[id].type.dimensions[1].fixedExtent ?? 1
        let pair: [Float] = [-1, 1]
        let scalars = (0..<2 * max(channels, 1)).map { pair[$0 & 1] }
        try observe(id, Tensor(shape: [1, max(channels, 1), 2], scalars: scalars))
      }
    }
    let real = quantizer.prepared(simplified().trained)
    return try Packer.pack(quantizer.encoded(real, calibration: source)).graph
  }

  /// With other weights where they are all the same, as before any training.
  private var trained: Graph {
    var result = self
    for (id, constant) in constants {
      guard case .tensor(.float32(let tensor)) = constant, tensor.shape.rank >= 2, let first = tensor.scalars.first,
        tensor.scalars.allSatisfy({ $0 == first })
      else { continue }
      result.constants[id] = .tensor(.float32(.random(tensor.shape, seed: UInt64(id.index))))
    }
    return result
  }
}
