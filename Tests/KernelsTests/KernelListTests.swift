import Kernels
import Testing

@Suite struct KernelListTests {
  @Test("Every operation has a scalar kernel, and names are unique")
  func completeness() {
    let all = KernelList.all
    for operation in Kernels.Operation.allCases {
      #expect(
        all.contains { $0.operation == operation && $0.instructionSet == .scalar && $0.runsHere })
    }
    #expect(Kernels.Operation.allCases.count == Int(dc_operation_count.rawValue))
    #expect(InstructionSet.allCases.count == Int(dc_isa_count.rawValue))
    #expect(Set(all.map(\.name)).count == all.count)
    for kernel in all {
      #expect(kernel.name.hasPrefix("\(kernel.instructionSet.name)_"))
      #expect(kernel.name.hasSuffix("_\(kernel.types)_\(kernel.tile)"))
    }
  }

  @Test("The best instruction set is available, and so is the scalar one")
  func availability() {
    #expect(InstructionSet.scalar.isAvailable)
    #expect(InstructionSet.best.isAvailable)
    #expect(KernelTable().instructionSet == .best)
  }

  @Test(
    "Every table computes, also where another set's kernel stands in",
    arguments: InstructionSet.allCases.filter(\.isAvailable))
  func standIns(instructionSet: InstructionSet) {
    let kernels = KernelTable(instructionSet)
    var input: [UInt8] = [3, 1, 2]
    let table = [UInt8]((0...255).reversed())
    var output: [UInt8] = [0, 0, 0]
    var map = ElementwiseMap()
    map.rows = 1
    map.count = 3
    input.withUnsafeMutableBytes { input in
      output.withUnsafeMutableBytes { output in
        table.withUnsafeBufferPointer { table in
          map.input = UnsafeRawPointer(input.baseAddress!)
          map.output = output.baseAddress
          map.table = table.baseAddress
          kernels.lookUpCodes(&map)
        }
      }
    }
    #expect(output == [252, 254, 253])
  }

  @Test("A pixel of four or more codes is a multiple of four bytes")
  func channelStrides() {
    #expect(
      [1, 2, 3, 4, 5, 8, 30].map { MapLayout.channelStride(channels: $0, elementByteCount: 1) } == [
        1, 2, 3, 4, 8, 8, 32,
      ])
    #expect(
      [1, 3, 5].map { MapLayout.channelStride(channels: $0, elementByteCount: 4) } == [1, 3, 5])
  }
}
