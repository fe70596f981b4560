import Graphs
import Kernels
import ModelFormat
import Runtime
import Tensors

// Runs a packed model of one input and one output on a made-up input with the kernels of every instruction set, dense,
// sparse and packed ones, and writes the input as .npy and the output's bytes: another machine's `deepchip run` has to come to
// the same. Scripts/test-aarch64.sh compares them.
//
//   executor MODEL.dchip SEED INPUT.npy OUTPUT.bytes

/// Numbers that are the same everywhere: SplitMix64.
struct Numbers {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Fills an input: codes of any value, or real numbers in -2..<2.
func fill(_ memory: UnsafeMutableRawBufferPointer, isReal: Bool, _ numbers: inout Numbers) {
  if isReal {
    for value in memory.bindMemory(to: Float.self).indices {
      memory.storeBytes(of: Float(numbers.next() >> 40) / Float(1 << 22) - 2, toByteOffset: value * 4, as: Float.self)
    }
  } else {
    for index in memory.indices { memory[index] = UInt8(truncatingIfNeeded: numbers.next()) }
  }
}

/// The input's and the output's bytes.
func run(
  _ model: PackedModel, seed: UInt64, _ set: InstructionSet, _ preference: WeightedSumPreference
) throws(RuntimeError) -> (input: [UInt8], output: [UInt8]) {
  let executor = try Executor(model, instructionSet: set, kernelSelection: KernelSelection(preference))
  var numbers = Numbers(state: seed)
  var bytes: (input: [UInt8], output: [UInt8]) = ([], [])
  let isReal = model.graph[model.graph.inputs[0]].type.elementType == .float32
  executor.withInput(0) {
    fill($0, isReal: isReal, &numbers)
    bytes.input.append(contentsOf: $0)
  }
  try executor.run()
  executor.withOutput(0) { bytes.output.append(contentsOf: $0) }
  return bytes
}

/// The header of a .npy file, version 1.0.
func header(_ type: TensorType) -> [UInt8] {
  let element = type.elementType == .float32 ? "<f4" : "|u1"
  var text = "{'descr': '\(element)', 'fortran_order': False, 'shape': ("
  if let shape = try? type.shape(batch: 1) {
    for dimension in shape.dimensions { text += "\(dimension)," }
  }
  text += ")}"
  var bytes = [UInt8](text.utf8)
  while (10 + bytes.count + 1) % 64 != 0 { bytes.append(32) }
  bytes.append(10)
  return [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, UInt8(bytes.count & 255), UInt8(bytes.count >> 8)] + bytes
}

func write(_ bytes: [UInt8], _ path: UnsafePointer<CChar>) -> Bool {
  bytes.withUnsafeBytes { files_write(path, $0.baseAddress, $0.count) } == 0
}

func print(_ name: StaticString, _ preference: WeightedSumPreference, isEqual: Bool) {
  name.withUTF8Buffer { name in
    var line = [UInt8](name)
    switch preference {
    case .dense, .fastest: line += [UInt8](", dense: ".utf8)
    case .gather: line += [UInt8](", sparse: ".utf8)
    case .packed: line += [UInt8](", packed: ".utf8)
    case .binary: line += [UInt8](", binary: ".utf8)
    case .add: line += [UInt8](", added: ".utf8)
    }
    line += [UInt8]((isEqual ? "the same bytes" : "OTHER BYTES").utf8) + [0]
    line.withUnsafeBytes { files_print($0.bindMemory(to: CChar.self).baseAddress!) }
  }
}

/// The exit code: 0 when all instruction sets gave the same bytes, and they were written.
@c(executor_run)
public func run(
  _ path: UnsafePointer<CChar>, _ seed: UInt64, _ input: UnsafePointer<CChar>, _ output: UnsafePointer<CChar>
) -> Int32 {
  var byteCount = 0
  guard let bytes = files_read(path, &byteCount),
    let model = try? PackedModel(reading: UnsafeRawBufferPointer(start: bytes, count: byteCount)),
    model.graph.inputs.count == 1, model.graph.outputs.count == 1
  else {
    files_print("The model cannot be read, is damaged, or has more than one input or output.")
    return 3
  }
  var expected: [UInt8] = []
  for set in InstructionSet.allCases where set.isAvailable {
    for preference in [WeightedSumPreference.dense, .gather, .packed, .add] {
      guard let found = try? run(model, seed: seed, set, preference) else {
        files_print("The model does not run.")
        return 1
      }
      if expected.isEmpty {
        expected = found.output
        guard write(header(model.graph[model.graph.inputs[0]].type) + found.input, input) else { return 3 }
      }
      print(set.name, preference, isEqual: found.output == expected)
      guard found.output == expected else { return 1 }
    }
  }
  return write(expected, output) ? 0 : 3
}
