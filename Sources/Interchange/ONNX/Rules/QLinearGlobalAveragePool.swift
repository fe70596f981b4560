import Graphs
import Tensors

extension ONNXRule {
  static let qLinearGlobalAveragePool = ONNXRule("QLinearGlobalAveragePool", domain: "com.microsoft", 1...1) {
    (node) throws(ONNXFailure) in
    guard try !node.attributes.flag("channels_last") else { throw .unsupported("channels last") }
    let x = try node.dequantized(0, scale: 1, zeroPoint: 2, axis: 1)
    return [try node.requantized(try node.globalPooling(.average, x), scale: 3, zeroPoint: 4)]
  }
}
