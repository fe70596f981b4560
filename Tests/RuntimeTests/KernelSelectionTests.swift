import Graphs
import Kernels
import Packing
import Runtime
import Tensors
import Testing

@Suite struct KernelSelectionTests {
  /// Costs by which one method takes no time and the others do.
  private func costs(favoring method: WeightedSumMethod) -> KernelCosts {
    KernelCosts(arrival: .init(near: 0, shared: 0, memory: 0)) { other, _ in
      let time = other == method ? 0.001 : 1.0
      return .init(step: time, table: time, block: time, addition: time)
    }
  }

  private func choices(_ executor: Executor) -> [(name: String, choice: KernelChoice)] {
    executor.schedule.steps.enumerated().compactMap { index, step in
      executor.kernelChoice(step: index).map { (executor.schedule.graph.nodes[step.node].name, $0) }
    }
  }

  @Test("Costs decide which kernels run, and not what they give", arguments: Networks.all.indices)
  func costsDecide(network: Int) throws {
    let model = try Packer.pack(Networks.all[network].graph.encodedForTest(mixesSigned: false))
    let inputs = try model.graph.inputs.map {
      AnyTensor.float32(Tensor.random(try model.graph[$0].type.shape(batch: 2), seed: 3))
    }
    let expected = try Executor(model, batch: 2, kernelSelection: KernelSelection(.dense)).run(inputs)
    for method in WeightedSumMethod.allCases {
      let executor = try Executor(model, batch: 2, kernelSelection: KernelSelection(costs: costs(favoring: method)))
      #expect(try executor.run(inputs) == expected)
      for (_, choice) in choices(executor) {
        let fastest = choice.candidates.filter { !$0.isBound }.first
        #expect(choice.method == fastest?.method)
        #expect(choice.runnerUp?.method != choice.method)
        #expect(choice.estimatedMicroseconds == fastest?.microseconds)
        if method == .dense { #expect(choice.method == .dense) }
      }
    }
  }

  @Test("A layer that is named takes the kernel it is told to; the others do not")
  func overrides() throws {
    let model = try Packer.pack(Networks.all[0].graph.encodedForTest(mixesSigned: false))
    let names = choices(try Executor(model, kernelSelection: KernelSelection(.dense))).map(\.name)
    guard let name = names.first else { return }
    let selection = KernelSelection(.dense, overrides: [name: .gather])
    for (other, choice) in choices(try Executor(model, kernelSelection: selection)) {
      #expect(choice.method == (other == name ? .gather : .dense))
    }
  }

  @Test("A layer takes the time of its pixels or of its weights' arrival, whichever is longer")
  func estimate() {
    let costs = KernelCosts(arrival: .init(near: 1, shared: 2, memory: 3)) { method, shape in
      .init(step: method == .dense ? 2 : 3, table: 5, block: shape == .upTo32 ? 7 : 11, addition: 13)
    }
    var work = KernelWork(method: .gather, pixels: 10, outputs: 20, steps: 4, tables: 6, byteCount: 100)
    // A pixel: 4 * 3 + 6 * 5 + 2 * 7.
    #expect(costs.nanoseconds(work) == 560.0)
    work.addsResidual = true
    // A pixel: 4 * 3 + 6 * 5 + 2 * (7 + 13).
    #expect(costs.nanoseconds(work) == 820.0)
    work.byteCount = 1 << 20
    #expect(costs.nanoseconds(work) == 2_097_152.0)
    work.byteCount = 1 << 24
    #expect(costs.nanoseconds(work) == 50_331_648.0)
  }
}
