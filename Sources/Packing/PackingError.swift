import Graphs

/// Why an encoded graph cannot be packed.
public enum PackingError: Error, Equatable, Sendable {
  /// A sum of this layer could leave 32 bits, in this output channel.
  case accumulatorOverflow(node: String, channel: Int)
  /// The scales of this layer have no integer form: a multiplier or an offset is out of range.
  case requantization(node: String)
  case graph(GraphError)
}

extension PackingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .accumulatorOverflow(let node, let channel):
      "layer '\(node)': the sum of output channel \(channel) can leave 32 bits. Leave this layer in float32."
    case .requantization(let node):
      "layer '\(node)': its scales have no integer form (a factor of 2^30 or more between input and output). "
        + "Calibrate with other data, or leave this layer in float32."
    case .graph(let error): "\(error). This is a defect of the packer: report the model."
    }
  }
}
