import DeepChip
import Foundation
import Kernels
import Testing

@Suite struct KernelTunerTests {
  @Test("Factors are found again from times that they made", arguments: UInt64(0)..<4)
  func fit(seed: UInt64) {
    let factors = KernelCosts.Factors(
      step: 0.1 + Double(seed), table: seed == 1 ? 0 : 0.4, block: 1.5, addition: seed == 2 ? 0 : 0.7)
    let costs = KernelCosts(arrival: .init(near: 0, shared: 0, memory: 0)) { _, _ in factors }
    var samples: [KernelTuner.Sample] = []
    for (steps, tables, outputs) in [(9, 3, 16), (40, 3, 16), (30, 18, 64), (100, 12, 32), (7, 1, 16), (200, 54, 64)] {
      for adds in [false, true] {
        let work = KernelWork(
          method: .gather, pixels: 64, outputs: outputs, steps: steps, tables: tables, byteCount: 0, addsResidual: adds)
        samples.append(.init(work: work, nanoseconds: costs.nanoseconds(work)))
      }
    }
    let found = KernelTuner.fit(samples)
    #expect(abs(found.step - factors.step) < 1e-3 * factors.step)
    #expect(abs(found.table - factors.table) < 1e-2)
    #expect(abs(found.block - factors.block) < 1e-2)
    #expect(abs(found.addition - factors.addition) < 1e-2)
  }

  @Test("Costs are the same after a way through a file; a file with a hole is refused")
  func file() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("DeepChipTests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let costs = KernelCosts.shipped(for: .avx512VBMI)
    var file = CostFile(costs, processor: "some processor", instructionSet: .avx512VBMI)
    let place = folder.appendingPathComponent("costs.json")
    try Data(try file.encoded()).write(to: place)
    #expect(try CostFile(contentsOf: place).costs == costs)
    file.methods["gather"]?["more"] = nil
    try Data(try file.encoded()).write(to: place)
    #expect(throws: Failure(.badFile, "costs.json: gather/more is missing. Make it again: 'deepchip tune'.")) {
      try CostFile(contentsOf: place)
    }
    try Data("{}".utf8).write(to: place)
    #expect(throws: Failure.self) { try CostFile(contentsOf: place) }
  }

  @Test("Every kernel that runs here has work over all its typical shapes")
  func everyKernelIsMeasured() {
    var benchmark = KernelBenchmark()
    benchmark.repetitions = 1
    let kernels = KernelBenchmark.kernels(named: []).filter { $0.instructionSet == .best || $0.name.contains("512") }
    let report = benchmark.measure(kernels)
    #expect(Set(report.kernels.map(\.kernel)) == Set(kernels.map(\.name)))
    for row in report.kernels {
      #expect(row.medianNanoseconds > 0)
      #expect(row.gigabytesPerSecond > 0)
    }
  }
}
