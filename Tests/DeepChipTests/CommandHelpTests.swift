import Testing

@Suite struct CommandHelpTests {
  static let subcommands = [
    "demo", "inspect", "train", "quantize", "eval", "run", "bench", "explain", "tune", "emit", "fits", "data", "doctor",
  ]

  @Test("The root's help lists every subcommand and the exit codes")
  func rootHelp() throws {
    for arguments in [["--help"], ["-h"], ["help"]] {
      let run = try CommandRun(arguments)
      #expect(run.code == 0)
      #expect(run.standardError == "")
      #expect(run.standardOutput.contains("USAGE: deepchip <subcommand>"))
      for name in Self.subcommands { #expect(run.standardOutput.contains("  \(name) ")) }
      #expect(run.standardOutput.contains("3 bad or damaged file"))
    }
  }

  @Test(
    "Every subcommand has a help text", arguments: subcommands.map { [$0] } + [["data", "fetch"], ["data", "info"]])
  func help(of subcommand: [String]) throws {
    let run = try CommandRun(subcommand + ["--help"])
    #expect(run.code == 0)
    #expect(run.standardError == "")
    #expect(run.standardOutput.contains("OVERVIEW: "))
    #expect(run.standardOutput.contains("USAGE: deepchip " + subcommand.joined(separator: " ")))
    #expect(try CommandRun(["help"] + subcommand).standardOutput == run.standardOutput)
  }

  @Test("The version is one line")
  func version() throws {
    let run = try deepchip("--version")
    #expect(run.code == 0)
    #expect(run.standardOutput.split(separator: ".").count == 3)
    #expect(run.standardOutput.split(separator: "\n").count == 1)
  }

  @Test("A shell gets a completion script", arguments: ["bash", "zsh", "fish"])
  func completions(shell: String) throws {
    let run = try deepchip("--generate-completion-script", shell)
    #expect(run.code == 0)
    #expect(run.standardError == "")
    for name in Self.subcommands + ["minimum-top1"] { #expect(run.standardOutput.contains(name)) }
  }

  @Test(
    "Wrong arguments: exit code 2, a message on stderr, nothing on stdout",
    arguments: [
      (["--frobnicate"], "--frobnicate"), (["frobnicate"], "frobnicate"), (["inspect"], "--operators"),
      (["eval", "m.onnx"], "--data"), (["eval", "m.onnx", "--data", "digits", "--frobnicate"], "--frobnicate"),
      (["eval", "m.onnx", "--data", "digits", "--limit", "0"], "--limit"),
      (["eval", "m.onnx", "--data", "digits", "--limit", "many"], "many"),
      (["eval", "m.onnx", "--data", "digits", "--threads", "0"], "--threads"),
      (["eval", "m.onnx", "--data", "digits", "--batch", "0"], "--batch"),
      (["eval", "m.onnx", "--data", "digits", "--scale", "1/0"], "--scale"),
      (["eval", "m.onnx", "--data", "digits", "--resize", "0"], "--resize"),
      (["eval", "m.onnx", "--data", "digits", "--minimum-top1", "93"], "--minimum-top1"),
      (["run", "m.onnx"], "-o"), (["run", "m.onnx", "-o", "y.npy", "--threads", "0"], "--threads"),
      (["bench"], "<model>"), (["bench", "m.onnx", "--iterations", "0"], "--iterations"),
      (["bench", "m.onnx", "--isa", "mmx"], "--isa"), (["explain", "m.dchip"], "--reference"),
      (["quantize", "m.onnx", "--data", "digits"], "-o"),
      (["quantize", "m.onnx", "--data", "digits", "-o", "m.dchip", "--weights", "int3"], "--weights"),
      (["quantize", "m.onnx", "--data", "digits", "-o", "m.dchip", "--end-weights", "int3"], "--end-weights"),
      (["quantize", "m.onnx", "--data", "digits", "-o", "m.dchip", "--calibrator", "none"], "--calibrator"),
      (["quantize", "m.onnx", "--data", "digits", "-o", "m.dchip", "--layer", "x"], "x"),
      (["train", "--data", "digits", "-o", "m.dchip"], "<network>"), (["train", "lenet5", "-o", "m.dchip"], "--data"),
      (["train", "lenet5", "--data", "digits"], "-o"),
      (["train", "lenet5", "--data", "digits", "-o", "m.dchip", "--density", "2"], "--density"),
      (["train", "lenet5", "--data", "digits", "-o", "m.dchip", "--time-budget", "5"], "--time-budget"),
      (["train", "--resume", "a.run", "--run", "b.run"], "--resume"),
      (["data", "frobnicate"], "frobnicate"), (["data", "fetch"], "<name>"), (["data", "fetch", "x"], "'x'"),
      (["data", "info", "frobnicate:x"], "frobnicate"), (["data", "info", "cifar10"], "cifar10:DIR"),
    ])
  func usage(arguments: [String], mention: String) throws {
    let run = try CommandRun(arguments)
    #expect(run.code == 2)
    #expect(run.standardOutput == "")
    #expect(run.standardError.contains(mention), "\(run.standardError)")
  }

  @Test("A model file with another ending: exit code 2", arguments: ["inspect", "bench"])
  func suffix(subcommand: String) throws {
    let run = try deepchip(subcommand, "/dev/null")
    #expect(run.code == 2)
    #expect(run.standardOutput == "")
    #expect(run.standardError == "error: null: a model file ends in .onnx, .tflite or .dchip.\n")
  }

  @Test(
    "A model that is not there: exit code 3, and its name in the message",
    arguments: ["onnx", "tflite", "dchip"],
    [["inspect"], ["bench"], ["eval", "--data", "digits"], ["run", "-o", "/dev/null"]])
  func missingFile(format: String, command: [String]) throws {
    let run = try CommandRun([command[0], "nowhere/model.\(format)"] + command.dropFirst())
    #expect(run.code == 3)
    #expect(run.standardOutput == "")
    #expect(run.standardError.contains("model.\(format)"))
    #expect(run.standardError.split(separator: "\n").count == 1)
  }

  @Test("A data set that is not there: exit code 3", arguments: ["cifar10", "mnist", "kws01", "images", "npz"])
  func missingData(kind: String) throws {
    let run = try deepchip("data", "info", "\(kind):nowhere")
    #expect(run.code == 3)
    #expect(run.standardOutput == "")
    #expect(run.standardError.contains("nowhere"))
  }
}
