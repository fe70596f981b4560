import DeepChip
import Foundation
import Tensors
import Testing

@Suite struct TrainCommandTests {
  @Test("A run leaves a model, its configuration, a line per epoch, checkpoints and a page")
  func files() throws {
    let runs = try TrainingRuns(epochs: 2)
    let run = try CommandRun(runs.beginning("a"))
    #expect(run.code == 0, "\(run.standardError)")
    #expect(run.standardError == "")
    #expect(run.standardOutput.split(separator: "\n").count { $0.hasPrefix("epoch ") } == 2)
    let names = try FileManager.default.contentsOfDirectory(atPath: runs.run("a").path).sorted()
    #expect(
      names == [
        "checkpoint-1.bin", "checkpoint-2.bin", "config.json", "metrics.jsonl", "report.html", "trained.dchip",
      ])
    let lines = try runs.metrics("a").split(separator: 10)
    #expect(lines.count == 2)
    let model = try Model(contentsOf: runs.model("a"))
    #expect(model.packed.preprocessing == Preprocessing(scale: 1 / 16))
    #expect(model.packed.classNames.count == 10)
  }

  @Test("With --json: a line per epoch, and one with the fields of eval, which eval confirms")
  func json() throws {
    let runs = try TrainingRuns(epochs: 2)
    let run = try CommandRun(runs.beginning("a", "--json"))
    #expect(run.code == 0, "\(run.standardError)")
    let lines = try run.standardOutput.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines.count == 3)
    #expect(lines.prefix(2).map { $0["epoch"] as? Int } == [1, 2])
    for key in ["trainingLoss", "trainingTop1", "learningRate", "imagesPerSecond", "evaluation", "densities"] {
      #expect(lines[0][key] != nil)
    }
    let eval = try CommandRun(["eval", runs.model("a").path, "--data", "digits", "--json"]).document()
    for key in ["images", "top1", "top5", "top1Count", "loss"] {
      #expect(eval[key] as? Double == lines[2][key] as? Double)
    }
    #expect((lines[2]["top1"] as? Double ?? 0) > 0.9)
  }

  @Test("A run whose time is used up exits with 0 and goes on, to the same bits, in the middle of an epoch too")
  func timeBudget() throws {
    let runs = try TrainingRuns()
    #expect(try CommandRun(runs.beginning("whole")).code == 0)
    var run = try CommandRun(runs.beginning("parts", "--time-budget", "0s"))
    var parts = 1
    while !FileManager.default.fileExists(atPath: runs.model("parts").path), parts < 10 {
      #expect(run.code == 0)
      #expect(
        run.standardError.contains("the time is used up at step \(parts) of 66, saved. Go on with: deepchip train"))
      #expect(run.standardError.contains("--resume \(runs.run("parts").path)"))
      run = try CommandRun(runs.resuming("parts", "--time-budget", "0s", "--threads", "\(parts % 3 + 1)"))
      parts += 1
    }
    #expect(try CommandRun(runs.resuming("parts")).code == 0)
    #expect(try runs.result("parts") == runs.result("whole"))
  }

  @Test("A signal ends a run after its step: saved, resumable, exit code 130 or 143", arguments: [SIGINT, SIGTERM])
  func signals(signal: Int32) throws {
    let runs = try TrainingRuns(epochs: 12)
    var isSent = false
    let run = try CommandRun(runs.beginning("a")) { process in
      guard !isSent, FileManager.default.fileExists(atPath: runs.checkpoint("a", 2).path) else { return }
      isSent = true
      kill(process, signal)
    }
    #expect(run.code == 128 + signal)
    #expect(run.standardError.contains(/^stopped at step [0-9]+ of 264, saved. Go on with: deepchip train --resume/))
    #expect(!FileManager.default.fileExists(atPath: runs.model("a").path))
    #expect(try CommandRun(runs.resuming("a")).code == 0)
    #expect(try CommandRun(runs.beginning("whole")).code == 0)
    #expect(try runs.result("a") == runs.result("whole"))
  }

  @Test("Killed at random moments, a run goes on to the same bits")
  func kills() throws {
    let environment = ProcessInfo.processInfo.environment["DEEPCHIP_KILLS"]
    let count = environment.flatMap { Int($0) } ?? 5
    let runs = try TrainingRuns(epochs: 4, options: ["--limit", "512", "--save-every", "0s"])
    #expect(try CommandRun(runs.beginning("whole")).code == 0)
    let expected = try runs.result("whole")
    var generator = SplitMix64(seed: 5)
    var (kills, round) = (0, 0)
    while kills < count {
      let name = "killed \(round)"
      var code = 128 + SIGKILL
      while code == 128 + SIGKILL, kills < 2 * count {
        let run = try Self.killed(
          RunFolder.holdsRun(runs.run(name)) ? runs.resuming(name) : runs.beginning(name), runs, name, &generator)
        code = run.code
        if code == 128 + SIGKILL { kills += 1 }
        #expect(!run.standardError.contains("damaged"))
      }
      guard code == 0 || kills >= 2 * count else {
        Issue.record("exit code \(code)")
        return
      }
      if code != 0 { #expect(try CommandRun(runs.resuming(name)).code == 0) }
      #expect(try runs.result(name) == expected)
      round += 1
    }
  }

  /// Runs the command and kills it: one time in four whenever it falls, otherwise a moment after its first checkpoint, so
  /// that slow machines get on too.
  private static func killed(
    _ arguments: [String], _ runs: TrainingRuns, _ name: String, _ generator: inout SplitMix64
  ) throws -> CommandRun {
    let isEarly = Int.random(in: 0..<4, using: &generator) == 0
    let limit = Int.random(in: 0..<(isEarly ? 200 : 40), using: &generator)
    let before = runs.newestCheckpointDate(name)
    var rounds = 0
    return try CommandRun(arguments) { process in
      guard isEarly || rounds > 0 || runs.newestCheckpointDate(name) != before else { return }
      if rounds == limit { kill(process, SIGKILL) }
      rounds += 1
    }
  }

  @Test("A damaged checkpoint is left for the one before it, and the run ends with the same bits", arguments: [1, 2])
  func damagedCheckpoint(slot: Int) throws {
    let runs = try TrainingRuns()
    #expect(try CommandRun(runs.beginning("whole")).code == 0)
    #expect(try CommandRun(runs.beginning("a", "--time-budget", "0s")).code == 0)
    #expect(try CommandRun(runs.resuming("a", "--time-budget", "0s")).code == 0)
    try Self.damage(runs.checkpoint("a", slot))
    let run = try CommandRun(runs.resuming("a"))
    #expect(run.code == 0)
    #expect(
      run.standardError
        == "note: checkpoint-\(slot).bin is damaged; going on from step \(3 - slot) of checkpoint-\(3 - slot).bin\n")
    #expect(try runs.result("a") == runs.result("whole"))
  }

  @Test("Without a whole checkpoint a run says so and does nothing; without any it begins anew")
  func noCheckpoint() throws {
    let runs = try TrainingRuns()
    #expect(try CommandRun(runs.beginning("whole")).code == 0)
    #expect(try CommandRun(runs.beginning("a", "--time-budget", "0s")).code == 0)
    try Self.damage(runs.checkpoint("a", 1))
    let run = try CommandRun(runs.resuming("a"))
    #expect(run.code == 3)
    #expect(
      run.standardError.hasSuffix(
        "no checkpoint can be used: checkpoint-1.bin is damaged. Delete them to begin the run anew, or fetch the "
          + "folder again.\n"))
    try FileManager.default.removeItem(at: runs.checkpoint("a", 1))
    #expect(try CommandRun(runs.resuming("a")).code == 0)
    #expect(try runs.result("a") == runs.result("whole"))
  }

  @Test("A run keeps its settings: others than its own are refused, with both values named")
  func otherSettings() throws {
    let runs = try TrainingRuns()
    #expect(try CommandRun(runs.beginning("a", "--time-budget", "0s")).code == 0)
    let run = try CommandRun(runs.resuming("a", "--epochs", "4", "--seed", "8"))
    #expect(run.code == 2)
    #expect(
      run.standardError.hasSuffix(
        "that run has recipe.epochs 3, not 4; recipe.seed 7, not 8. Leave these options out, or begin another run.\n"))
    let again = try CommandRun(runs.beginning("a"))
    #expect(again.code == 2)
    #expect(again.standardError.hasSuffix("holds a run already. Go on with it by --resume, or give another --run.\n"))
    // The configuration of another run: the checkpoints are not its own.
    let config = runs.run("a").appendingPathComponent("config.json")
    let text = try String(contentsOf: config, encoding: .utf8)
    try Data(text.replacing("\"epochs\" : 3", with: "\"epochs\" : 5").utf8).write(to: config)
    let edited = try CommandRun(runs.resuming("a"))
    #expect(edited.code == 3)
    #expect(edited.standardError.contains("checkpoint-1.bin belongs to a run with another configuration"))
  }

  @Test("A run goes on with the teachers that it was begun with, and with no others of the same name")
  func otherTeachers() throws {
    let runs = try TrainingRuns()
    for name in ["one", "two"] { #expect(try CommandRun(runs.beginning(name, "--limit", "64")).code == 0) }
    let teachers = ["one", "two"].map(runs.model)
    let taught = ["--teacher", teachers[0].path, "--teacher", teachers[1].path]
    #expect(try CommandRun(runs.beginning("a", "--time-budget", "0s") + taught).code == 0)
    let bytes = try Data(contentsOf: teachers[1])
    let other = try CommandRun(["quantize", runs.network.path, "--data", "digits", "-o", teachers[1].path])
    #expect(other.code == 0, "\(other.standardError)")
    let run = try CommandRun(runs.resuming("a"))
    #expect(run.code == 2)
    #expect(run.standardError.hasSuffix("two.dchip: not what the run was begun with.\n"), "\(run.standardError)")
    try bytes.write(to: teachers[1])
    #expect(try CommandRun(runs.resuming("a")).code == 0)
    #expect(try CommandRun(["eval", runs.model("a").path, "--data", "digits"]).code == 0)
  }

  @Test("A run that begins with the folder of another goes on with its weights and its quantizers' scales")
  func fromAnotherRun() throws {
    let runs = try TrainingRuns(epochs: 4, options: ["--weights", "lsq2", "--activations", "lsq2"])
    let unfinished = try CommandRun(runs.beginning("a", "--time-budget", "0s"))
    #expect(unfinished.code == 0)
    let early = try CommandRun(["train", runs.run("a").path, "-o", runs.model("b").path] + runs.options)
    #expect(early.code == 2)
    #expect(early.standardError.contains("that run is not at its end. Go on with it by --resume"))
    #expect(try CommandRun(runs.resuming("a")).code == 0)
    let first = try TrainingRun(RunFolder.configuration(runs.run("a")), in: runs.run("a"))
    // From the folder; with other quantizers; from the weights alone.
    let other = ["--activations", "pact4"]
    for (start, options, keepsScales) in [
      (runs.run("a"), [], true), (runs.run("a"), other, false),
      (runs.run("a").appendingPathComponent("trained.dchip"), [], false),
    ] {
      try? FileManager.default.removeItem(at: runs.run("b"))
      let more = ["--run", runs.run("b").path, "--time-budget", "0s", "-o", runs.model("b").path]
      let run = try CommandRun(["train", start.path] + more + runs.options + options)
      #expect(run.code == 0, "\(run.standardError)")
      // Back to before its one step.
      for slot in [1, 2] { try? FileManager.default.removeItem(at: runs.checkpoint("b", slot)) }
      let second = try TrainingRun(RunFolder.configuration(runs.run("b")), in: runs.run("b"))
      #expect((scales(second) == scales(first)) == keepsScales, "\(start.lastPathComponent) \(options)")
      #expect(weights(second) == weights(first))
    }
  }

  private func scales(_ run: TrainingRun) -> [Tensor<Float>] {
    run.trainer.network.parameters.filter { $0.role == .quantizerScale }.map(\.value)
  }

  private func weights(_ run: TrainingRun) -> [Tensor<Float>] {
    run.trainer.network.parameters.filter { $0.role == .weights }.map(\.value)
  }

  @Test("Filters that begin anew are told of when a run begins, and not when it goes on")
  func recycling() throws {
    let runs = try TrainingRuns()
    let recipe = try runs.folder.file(
      "recipe.json",
      Array(
        #"""
        {"schemaVersion": 1, "network": "digits-convnet", "data": "digits", "epochs": 3, "batchSize": 64,
         "learningRate": {"peak": 0.05}, "recycling": 0.5}
        """#.utf8))
    let run = try CommandRun(runs.beginning("a", "--recipe", recipe.path, "--time-budget", "0s"))
    #expect(run.code == 0)
    #expect(run.standardError.contains("dormant filters of "), "\(run.standardError)")
    let resumed = try CommandRun(runs.resuming("a"))
    #expect(resumed.code == 0 && !resumed.standardError.contains("dormant"), "\(resumed.standardError)")
  }

  @Test("Folders that hold no run, and configurations that are none, are refused")
  func noRun() throws {
    let runs = try TrainingRuns()
    let none = try CommandRun(runs.resuming("none"))
    #expect(none.code == 3)
    #expect(none.standardError.hasSuffix("cannot be read. Give the folder of a run: one that 'train' made.\n"))
    try FileManager.default.createDirectory(at: runs.run("none"), withIntermediateDirectories: true)
    for text in ["", "{}", "[1]", "{\"schemaVersion\": \"one\"}"] {
      try Data(text.utf8).write(to: runs.run("none").appendingPathComponent("config.json"))
      let run = try CommandRun(runs.resuming("none"))
      #expect(run.code == 3)
      #expect(run.standardError.contains("is not the configuration of a run: "))
    }
  }

  @Test("A folder is one process's: another waits or is told")
  func locked() throws {
    let runs = try TrainingRuns(epochs: 2000)
    var other: CommandRun?
    _ = try CommandRun(runs.beginning("a")) { process in
      guard other == nil, FileManager.default.fileExists(atPath: runs.checkpoint("a", 2).path) else { return }
      other = try? CommandRun(runs.resuming("a"))
      kill(process, SIGKILL)
    }
    #expect(other?.code == 1)
    #expect(other?.standardError.hasSuffix("another process is writing this run. Wait, or stop it.\n") == true)
  }

  @Test("Data that do not fit the network, and networks that cannot be trained: a sentence and a code")
  func misfits() throws {
    let runs = try TrainingRuns()
    let narrow = ONNXBytes.file(
      inputs: [("x", [0, 1, 8, 8])], initializers: [("w", [64, 5], [Float](repeating: 0.1, count: 320))],
      nodes: [("Flatten", ["x"], ["f"], []), ("MatMul", ["f", "w"], ["y"], [])], outputs: ["y"])
    let file = try runs.folder.file("narrow.onnx", narrow)
    let run = try CommandRun(["train", file.path, "--data", "digits", "-o", runs.model("a").path])
    #expect(run.code == 2)
    #expect(run.standardError.contains("labels that are no classes of the output"), "\(run.standardError)")
    let softmax = ONNXBytes.file(
      inputs: [("x", [0, 1, 8, 8])], initializers: [],
      nodes: [("Flatten", ["x"], ["f"], []), ("Softmax", ["f"], ["y"], [])], outputs: ["y"])
    let other = try runs.folder.file("softmax.onnx", softmax)
    let untrainable = try CommandRun(["train", other.path, "--data", "digits", "-o", runs.model("a").path])
    #expect(untrainable.code == 4)
    #expect(untrainable.standardError.contains("have no gradient"), "\(untrainable.standardError)")
    #expect(try runs.folder.names == ["digits.onnx", "narrow.onnx", "softmax.onnx"])
  }

  @Test("Ternary weights and 8-bit activations: thin, small, and taught by the float network")
  func quantized() throws {
    let runs = try TrainingRuns(epochs: 6)
    #expect(try CommandRun(runs.beginning("float")).code == 0)
    let teacher = runs.run("float").appendingPathComponent("trained.dchip").path
    let quantizing = ["--weights", "ternary", "--activations", "lsq8", "--density", "0.2", "--teacher", teacher]
    let run = try CommandRun(
      ["train", teacher, "-o", runs.model("a").path] + runs.options + quantizing + ["--json"])
    #expect(run.code == 0, "\(run.standardError)")
    let report = Inspection.report(try Model(contentsOf: runs.model("a")))
    #expect(report.compressionRatio > 4)
    let lines = try run.standardOutput.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    let densities = try #require(lines[5]["densities"] as? [[String: Any]])
    #expect(densities.contains { abs(($0["value"] as? Double ?? 1) - 0.2) < 0.01 })
    #expect((lines[5]["scales"] as? [Any])?.isEmpty == false)
    // What training printed is the accuracy of the file.
    let evaluation = try #require(lines[5]["evaluation"] as? [String: Any])
    let eval = try CommandRun(["eval", runs.model("a").path, "--data", "digits", "--json"]).document()
    for key in ["images", "top1", "top1Count", "loss"] {
      #expect(evaluation[key] as? Double == eval[key] as? Double)
      #expect(lines[6][key] as? Double == eval[key] as? Double)
    }
    #expect((eval["top1"] as? Double ?? 0) > 0.9)
  }

  @Test("Binary weights and signs: what training printed is the accuracy of the file, which computes with integers")
  func signs() throws {
    let runs = try TrainingRuns(epochs: 10)
    let run = try CommandRun(runs.beginning("a", "--weights", "xnor", "--activations", "sign", "--json"))
    #expect(run.code == 0, "\(run.standardError)")
    let last = try #require(run.standardOutput.split(separator: "\n").last)
    let line = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    let eval = try CommandRun(["eval", runs.model("a").path, "--data", "digits", "--json"]).document()
    for key in ["images", "top1", "top1Count", "loss"] { #expect(line[key] as? Double == eval[key] as? Double) }
    #expect((eval["top1"] as? Double ?? 0) > 0.9)
    let graph = try Model(contentsOf: runs.model("a")).packed.graph
    let signs = graph.nodes.filter {
      if case .integer(.convolution(_, _, .codes(let rule))) = $0.operator { rule.codeRange == 0...2 } else { false }
    }
    #expect(signs.count == 1)
  }

  @Test(
    "A network that normalizes before its layers computes with integers from its input to its logits",
    arguments: [("xnor", "sign"), ("ternary", "lsq8")])
  func normalizesFirst(weights: String, activations: String) throws {
    let folder = try TemporaryFolder()
    let recipe = """
      {"schemaVersion": 1, "network": {"name": "wrn-10-1", "input": [1, 8, 8]}, "data": "digits", "epochs": 2,
       "normalization": {"scale": 0.0625}, "batchSize": 32, "learningRate": {"peak": 0.05}, "largestGradientNorm": 5,
       "quantization": {"weights": "\(weights)", "activations": "\(activations)"}}
      """
    let file = try folder.file("r.json", Data(recipe.utf8))
    let run = try CommandRun(["train", "--recipe", file.path, "--data", "digits", "-o", folder["a.dchip"].path])
    #expect(run.code == 0, "\(run.standardError)")
    let graph = try Model(contentsOf: folder["a.dchip"]).packed.graph
    let reals = graph.nodes.filter { graph[$0.output].type.elementType == .float32 }
    #expect(reals.map(\.output) == graph.outputs)
  }

  @Test("Signs of values that are never negative are refused by name")
  func uselessSigns() throws {
    let folder = try TemporaryFolder()
    let recipe = """
      {"schemaVersion": 1, "network": {"name": "resnet8", "input": [1, 8, 8]}, "data": "digits", "epochs": 1,
       "batchSize": 32, "learningRate": {"peak": 0.1}, "quantization": {"weights": "xnor", "activations": "sign"}}
      """
    let file = try folder.file("r.json", Data(recipe.utf8))
    let run = try CommandRun(["train", "--recipe", file.path, "--data", "digits", "-o", folder["a.dchip"].path])
    #expect(run.code == 2)
    #expect(run.standardError.contains("is never negative, so that its sign is always +1."), "\(run.standardError)")
    #expect(try folder.names == ["r.json"])
  }

  @Test(
    "A run that is told how many bytes its file may have gets there, and close, stopped in between or not",
    arguments: [("ternary", 8600), ("ternary", 9500), ("ec2t", 8600), ("bwn", 8700), ("int4", 11000)])
  func targetBytes(weights: String, byteCount: Int) throws {
    let runs = try TrainingRuns(epochs: 4)
    let options = ["--weights", weights, "--activations", "lsq8", "--target-bytes", "\(byteCount)"]
    let run = try CommandRun(runs.beginning("a") + options + ["--json"])
    #expect(run.code == 0, "\(run.standardError)")
    let size = try Data(contentsOf: runs.model("a")).count
    #expect(size <= byteCount && Double(size) >= 0.95 * Double(byteCount), "\(size)")
    let lines = try run.standardOutput.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(lines[3]["fileByteCount"] as? Int == size)
    #expect((lines[4]["top1"] as? Double ?? 0) > 0.8)
    guard byteCount == 9500 else { return }
    var part = try CommandRun(runs.beginning("parts") + options + ["--time-budget", "0s"])
    for _ in 0..<40 where part.code == 0 && !FileManager.default.fileExists(atPath: runs.model("parts").path) {
      part = try CommandRun(runs.resuming("parts", "--time-budget", "0s", "--threads", "2"))
    }
    #expect(try CommandRun(runs.resuming("parts")).code == 0)
    #expect(try runs.result("parts") == runs.result("a"))
  }

  @Test("More bytes than the file has without thinning change nothing, with a note")
  func generousBytes() throws {
    let runs = try TrainingRuns(epochs: 1)
    let options = ["--weights", "ternary", "--activations", "lsq8"]
    let run = try CommandRun(runs.beginning("a") + options + ["--target-bytes", "30000"])
    #expect(run.code == 0)
    #expect(run.standardError == "note: the file has no more than 30000 bytes without thinning\n")
    #expect(try CommandRun(runs.beginning("b") + options).code == 0)
    #expect(try Data(contentsOf: runs.model("a")) == Data(contentsOf: runs.model("b")))
  }

  @Test("A number of bytes that no density gets to is refused before the first step, with what takes them")
  func unreachableBytes() throws {
    let runs = try TrainingRuns()
    let options = ["--weights", "ternary", "--activations", "lsq8"]
    let run = try CommandRun(runs.beginning("a") + options + ["--target-bytes", "500"])
    #expect(run.code == 2)
    #expect(run.standardError.contains("--target-bytes 500: the file has "), "\(run.standardError)")
    #expect(run.standardError.contains(" bytes when one inner weight in a hundred is left; about "))
    #expect(try runs.folder.names == ["digits.onnx"])
    let real = try CommandRun(runs.beginning("a", "--target-bytes", "5000"))
    #expect(real.code == 2)
    #expect(
      real.standardError.hasSuffix(
        "--target-bytes: real weights take 4 bytes each, zeros too. Give --weights and --activations.\n"))
    let both = try CommandRun(runs.beginning("a", "--target-bytes", "5000", "--density", "0.5"))
    #expect(both.code == 2)
    #expect(both.standardError.contains("--density and --target-bytes: give one of them."))
  }

  @Test("A run whose numbers become infinite stops with exit code 1, and names step and layer")
  func notFinite() throws {
    let runs = try TrainingRuns()
    let wild = ONNXBytes.file(
      inputs: [("x", [0, 1, 8, 8])],
      initializers: [
        ("v", [64, 5], [Float](repeating: 0.1, count: 320)), ("w", [5, 10], [Float](repeating: 3e38, count: 50)),
      ],
      nodes: [
        ("Flatten", ["x"], ["f"], []), ("MatMul", ["f", "v"], ["small"], []), ("Relu", ["small"], ["r"], []),
        ("MatMul", ["r", "w"], ["large"], []),
      ], outputs: ["large"])
    let file = try runs.folder.file("wild.onnx", wild)
    let run = try CommandRun(
      ["train", file.path, "-o", runs.model("a").path, "--run", runs.run("a").path] + runs.options)
    #expect(run.code == 1)
    #expect(
      run.standardError
        == "error: Step 0: 'large_2' became infinite or NaN. Lower the learning rate, or clip gradients.\n")
    #expect(!FileManager.default.fileExists(atPath: runs.model("a").path))
  }

  @Test("Items that are held back take the place of the test split, and say so")
  func heldBack() throws {
    let runs = try TrainingRuns(epochs: 2)
    let run = try CommandRun(runs.beginning("a", "--held-back", "237"))
    #expect(run.code == 0, "\(run.standardError)")
    #expect(
      run.standardError
        == "note: measured by the 237 training items that are held back, not by the test split\n")
    #expect(run.standardOutput.split(separator: "\n").count { $0.contains("  held back ") } == 2)
    #expect(!run.standardOutput.contains("  test "))
    let lines = try runs.metrics("a").split(separator: 10).map {
      try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])
    }
    // 1,437 − 237 items in batches of 64.
    #expect(lines.map { $0["step"] as? Int } == [18, 36])
    #expect(lines.allSatisfy { ($0["evaluation"] as? [String: Any])?["images"] as? Int == 237 })
  }

  @Test("Names that do not exist: exit code 2, with those that do")
  func unknownNames() throws {
    let folder = try TemporaryFolder()
    let output = folder["a.dchip"].path
    for (arguments, known) in [
      (["nonet", "--data", "digits"], "lenet5"), (["lenet5", "--data", "digit"], "digits"),
      (["--recipe", "none"], "resnet20-cifar10-ternary"),
      (["digits-convnet", "--data", "digits", "--weights", "two", "--activations", "lsq8"], "ternary"),
      (["digits-convnet", "--data", "digits", "--weights", "ternary", "--activations", "two"], "pact4"),
      (["digits-convnet", "--data", "digits", "--weights", "ternary"], "--activations"),
    ] {
      let run = try CommandRun(["train"] + arguments + ["-o", output])
      #expect(run.code == 2)
      #expect(run.standardError.contains(known), "\(run.standardError)")
    }
    #expect(try folder.names.isEmpty)
  }

  /// Flips a bit in the middle.
  private static func damage(_ url: URL) throws {
    var data = try Data(contentsOf: url)
    data[data.count / 2] ^= 4
    try data.write(to: url)
  }
}
