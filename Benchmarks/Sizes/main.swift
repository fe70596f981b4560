import Coding
import Foundation
import Graphs
import ModelFormat
import Tensors

// Whole files of the networks of the DeepChip paper with random ternary weights: their size against 4 bytes per
// parameter, and the time to read them. Documentation/results-memory.md has the figures.
//
//     size-benchmark [ConvNet|ResNet-44|AlexNet ...]

let densities: [(name: String, values: [(density: Double, float: Double, int8: Double)])] = [
  ("ConvNet", [(0.10, 43, 50), (0.025, 88, 122)]),
  ("ResNet-44", [(0.335, 22, 22.6), (0.19, 29, 30.5)]),
  ("AlexNet", [(0.26, 10, 20.2), (0.043, 13, 38)]),
]

func network(_ name: String, _ density: Double, endsAreFloat: Bool) throws -> Network {
  var network = Network(density: density, endsAreFloat: endsAreFloat)
  switch name {
  case "ConvNet": try network.buildConvNet()
  case "ResNet-44": try network.buildResNet(blocksPerStage: 7)
  default: try network.buildAlexNet()
  }
  return network
}

/// The least processor time of some runs, in milliseconds: what other programs take does not count.
func leastMilliseconds(_ body: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }
  return try (0..<(Int(ProcessInfo.processInfo.environment["REPS"] ?? "7") ?? 7)).map { _ in
    let start = now()
    try body()
    return now() - start
  }.min() ?? 0
}

func rounded(_ value: Double, _ places: Double = 100) -> String { String((value * places).rounded() / places) }

/// The codes of every coded constant, decoded.
func decodeWeights(_ file: [UInt8], _ layout: FileLayout) throws {
  try file.withUnsafeBytes { bytes in
    for constant in layout.constants {
      guard let code = constant.code, let shape = constant.type.fixedShape, let encoding = constant.encoding else {
        continue
      }
      let part = UnsafeRawBufferPointer(rebasing: bytes[constant.offset..<constant.offset + constant.byteCount])
      let alphabet = if case .ternary = encoding { CodeAlphabet.ternary } else { CodeAlphabet.signed(bitWidth: 8) }
      _ = try code.decode(
        part, count: shape.elementCount, rowLength: shape.elementCount / shape[0], alphabet: alphabet)
    }
  }
}

/// The ternary constants, decoded group by group into one buffer; returns the non-zeros.
func streamWeights(_ file: [UInt8], _ layout: FileLayout) throws -> Int {
  var nonZeros = 0
  try file.withUnsafeBytes { bytes in
    for constant in layout.constants {
      guard let code = constant.code, let shape = constant.type.fixedShape, case .ternary? = constant.encoding else {
        continue
      }
      let part = UnsafeRawBufferPointer(rebasing: bytes[constant.offset..<constant.offset + constant.byteCount])
      let rowLength = shape.elementCount / shape[0]
      try code.forEachRowGroup(part, count: shape.elementCount, rowLength: rowLength, alphabet: .ternary) { _, codes in
        nonZeros += Int(codes[0] & 1)
      }
    }
  }
  return nonZeros
}

func report(_ name: String, _ density: Double, _ endsAreFloat: Bool, needed: Double) throws {
  let network = try network(name, density, endsAreFloat: endsAreFloat)
  let model = PackedModel(graph: network.graph)
  let file = try model.serialized(WritingOptions(includesNames: false))
  let layout = try FileLayout(reading: file)
  let ternary = layout.constants.filter { if case .ternary? = $0.encoding { true } else { false } }
  let coded = ternary.reduce(0) { $0 + $1.byteCount }
  let constants = layout.constants.reduce(0) { $0 + $1.byteCount }
  let ratio = 4 * Double(network.parameterCount) / Double(file.count)
  let decode = try leastMilliseconds { try decodeWeights(file, layout) }
  let stream = try leastMilliseconds { _ = try streamWeights(file, layout) }
  let load = try leastMilliseconds { _ = try PackedModel(reading: file) }
  let fields = [
    name, rounded(density, 1000), endsAreFloat ? "float" : "int8", String(file.count), rounded(ratio), rounded(needed),
    String(coded), rounded(100 * (Double(coded) / network.entropyByteCount - 1)) + " %",
    rounded(Double(network.perChannelByteCount) / Double(network.channelCount)),
    String(file.count - constants - network.perChannelByteCount), rounded(decode), rounded(load),
    rounded(stream * 1e6 / (density * Double(network.ternaryCount))),
  ]
  print("| " + fields.joined(separator: " | ") + " |")
}

print(
  "| network | density | ends | file | ratio | needed | ternary | over entropy | bytes a channel | rest | decode ms | load ms | stream, ns a non-zero |"
)
print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
let names = CommandLine.arguments.dropFirst()
for (name, values) in densities where names.isEmpty || names.contains(name) {
  for value in values {
    try report(name, value.density, true, needed: value.float)
    try report(name, value.density, false, needed: value.int8)
  }
}
