import Foundation
import Measurements
import Tensors

/// Adds up how well outputs fit labels.
struct Score {
  private var images = 0
  private var labeled = 0
  private var top1 = 0
  private var top5 = 0
  private var loss = 0.0
  private var squaredError = 0.0
  private var isAutoEncoder = false
  private var elementCount = 0
  private var predictions: [Int] = []

  /// - Parameters:
  ///   - output: `[N, ...]`, real.
  ///   - input: what it was computed from, `[N, ...]`, real.
  ///   - labels: the class of each item; nil if unknown.
  mutating func add(_ output: AnyTensor, input: Tensor<Float>, labels: [Int]?) throws {
    guard let count = input.shape.dimensions.first, count > 0 else { return }
    let values = output.doubles
    guard values.count % count == 0 else { throw Failure(.failed, "the outputs do not divide among the items") }
    images += count
    let width = values.count / count
    // Without labels, an output like the input is a reconstruction.
    if labels == nil, output.shape == input.shape {
      isAutoEncoder = true
      squaredError += zip(values, input.scalars).reduce(0) { sum, pair in
        let difference = pair.0 - Double(pair.1)
        return sum + difference * difference
      }
      elementCount += values.count
      return
    }
    for item in 0..<count {
      addItem(values[item * width..<(item + 1) * width], labels?[item])
    }
  }

  private mutating func addItem(_ row: ArraySlice<Double>, _ label: Int?) {
    guard let largest = row.max(), let best = row.firstIndex(of: largest) else { return }
    predictions.append(best - row.startIndex)
    guard let label, row.indices.contains(row.startIndex + label) else { return }
    labeled += 1
    let value = row[row.startIndex + label]
    // Ties go to the lower class, as in `firstIndex`.
    let rank = row.enumerated().count { $1 > value || ($1 == value && $0 < label) }
    top1 += rank == 0 ? 1 : 0
    top5 += rank < 5 ? 1 : 0
    let sum = row.reduce(0, +)
    if row.allSatisfy({ $0 >= 0 }) && abs(sum - 1) < 0.05 {
      loss -= log(max(value / sum, 1e-12))
    } else {
      loss += log(row.reduce(0) { $0 + exp($1 - largest) }) - (value - largest)
    }
  }

  var outcome: Evaluator.Outcome {
    var evaluation = Evaluation(images: images)
    if isAutoEncoder, elementCount > 0 { evaluation.meanSquaredError = squaredError / Double(elementCount) }
    if labeled > 0 {
      evaluation.top1Count = top1
      evaluation.top1 = Double(top1) / Double(labeled)
      evaluation.top5 = Double(top5) / Double(labeled)
      evaluation.loss = loss / Double(labeled)
    }
    return .init(evaluation: evaluation, predictions: predictions)
  }
}
