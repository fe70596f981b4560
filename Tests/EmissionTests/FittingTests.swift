import DeepChip
import Foundation
import Testing

@Suite struct FittingTests {
  /// Cores whose cross compiler is installed.
  static let cores = [Core.cortexM4, .cortexM0Plus, .cortexM33, .cortexM55, .rv32imc, .rv32imcv].filter {
    CCompiler.tool(($0.compilerPrefix ?? "") + "gcc") != nil
  }

  static let models = ["pretrainedResnet_quant", "kws_ref_model", "str_ww_ref_model", "ad01_int8"]

  static func tflite(_ name: String) throws -> Model {
    try Model(contentsOf: ModelTests.model("mlperf-tiny/\(name).tflite"))
  }

  @Test("Sections of the objects have the predicted sizes, to the byte", arguments: IntegerGraph.all, cores)
  func sections(_ entry: IntegerGraph, _ core: Core) throws {
    let emitter = try CEmitter(entry.graph, options: .init(core: CoreKind(core)))
    for optimization in ["-Os", "-O2"] {
      let code = try CodeMeasurement(emitter, core: core, optimization: optimization)
      #expect(code.constantByteCount == emitter.sizes.constantByteCount)
      #expect(code.arenaByteCount == emitter.sizes.arenaByteCount)
    }
  }

  @Test(
    "So have those of whole networks, and code and stack are near their estimates",
    .enabled(if: ModelTests.hasShared), arguments: models, cores)
  func networks(_ name: String, _ core: Core) throws {
    let emitter = try CEmitter(Self.tflite(name).packed, options: .init(core: CoreKind(core)))
    let code = try CodeMeasurement(emitter, core: core)
    #expect(code.constantByteCount == emitter.sizes.constantByteCount)
    #expect(code.arenaByteCount == emitter.sizes.arenaByteCount)
    let estimate = emitter.codeEstimate(core)
    #expect(abs(estimate.byteCount - code.codeByteCount) * 5 < code.codeByteCount)
    #expect(code.stackByteCount <= estimate.stackByteCount)
  }

  @Test(
    "The estimated instructions are near those counted", .enabled(if: ModelTests.hasShared),
    arguments: EmulatedNetwork.all)
  func instructions(_ network: EmulatedNetwork) throws {
    let packed = try network.contents().packed
    let chips: [(String, Core)] = [
      ("m4", .cortexM4), ("m33", .cortexM33), ("m55", .cortexM55), ("m0plus", .cortexM0Plus), ("riscv32", .rv32imc),
      ("riscv32v", .rv32imcv),
    ]
    for (chip, core) in chips {
      let emitter = try CEmitter(packed, options: .init(core: CoreKind(core)))
      let estimate = emitter.work(on: core).reduce(0) { $0 + $1.instructions.count }
      let counted = Double(try #require(InstructionCounts.all[network.name]?[chip]))
      #expect(abs(estimate / counted - 1) < 0.15, "\(chip): \(estimate) for \(counted)")
      if ProcessInfo.processInfo.environment["DEEPCHIP_SHOW_COUNTS"] != nil {
        print("| \(network.name) | \(chip) | \(Int(estimate)) | \(Int(counted)) |")
      }
    }
  }

  @Test("What lies in memory at the peak fills the arena", .enabled(if: ModelTests.hasShared), arguments: models)
  func peak(_ name: String) throws {
    let emitter = try CEmitter(Self.tflite(name).packed)
    let peak = try #require(emitter.peak)
    let used = peak.blocks.reduce(peak.gapByteCount - peak.sharedByteCount) { $0 + $1.byteCount }
    #expect(used == emitter.sizes.arenaByteCount && peak.sharedByteCount >= 0)
    #expect(peak.gapByteCount >= 0)
  }

  @Test(
    "What fits needs no changes; what does not gets three at most, of which each saves",
    .enabled(if: ModelTests.hasShared))
  func changes() throws {
    var fitting = Fitting()
    fitting.target = .stm32f446
    let model = try Self.tflite("pretrainedResnet_quant")
    let fine = try fitting.report(model)
    #expect(fine.fits && fine.changes.isEmpty && fine.fittingTarget == nil)
    (fitting.flashLimit, fitting.ramLimit) = (64 << 10, 32 << 10)
    let tight = try fitting.report(model)
    #expect(!tight.fits && (1...3).contains(tight.changes.count))
    #expect(tight.changes.allSatisfy { $0.flashByteCountSaved > 0 || $0.ramByteCountSaved > 0 })
    // 2 bits for 8 in the layer of 36,864 weights, less the 4 levels and longer code.
    #expect(tight.changes.contains { (26_000...27_648).contains($0.flashByteCountSaved) })
    #expect(tight.fittingTarget == "stm32f446")
  }

  @Test("A float network is planned with a byte for each weight", .enabled(if: ModelTests.hasShared))
  func planned() throws {
    let trained = try Model(contentsOf: ModelTests.model("lenet/lenet-mnist.onnx"))
    let report = try Fitting().report(trained)
    #expect(report.plannedWeights == "int8")
    #expect(report.flash.sections.first?.byteCount == 430_500)
    #expect(report.work.macCount == 2_293_000)
  }

  @Test("The last byte decides", .enabled(if: ModelTests.hasShared))
  func limits() throws {
    var fitting = Fitting()
    let model = try Self.tflite("ad01_int8")
    let size = try fitting.report(model)
    (fitting.flashLimit, fitting.ramLimit) = (size.flash.byteCount, size.ram.byteCount)
    #expect(try fitting.report(model).fits)
    fitting.ramLimit = size.ram.byteCount - 1
    #expect(try !fitting.report(model).fits)
  }
}
