import ArgumentParser
import DeepChip

@main
struct DeepChipCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deepchip",
    abstract: "Makes trained neural networks small and fast on processors that have little.",
    discussion: """
      Exit codes: 0 fine, 1 failed, 2 usage, 3 bad or damaged file, 4 unsupported operator, 5 does not fit, \
      6 accuracy gate missed, 130 and 143 stopped by a signal.
      """,
    version: "0.1.0",
    subcommands: [
      DemoCommand.self, InspectCommand.self, TrainCommand.self, QuantizeCommand.self, EvalCommand.self,
      RunCommand.self, BenchCommand.self, ExplainCommand.self, TuneCommand.self,
      EmitCommand.self, FitsCommand.self, DataCommand.self, DoctorCommand.self,
    ])

  /// Runs the command line and exits with a documented code.
  static func main() async {
    StopSignals.handle()
    do {
      // Where the system does not let Swift read them, even the program's name is missing.
      guard !CommandLine.arguments.isEmpty else { throw Failure(.failed, "the system does not tell the arguments.") }
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      Console.finishProgress()
      if isCommandLineMatter(error) { exitForCommandLine(error) }
      let failure = Failure(error)
      Console.error(failure.description)
      Self.exit(withError: ExitCode(failure.code.rawValue))
    }
  }

  /// Help, version and wrong arguments are ArgumentParser's to print; its code 64 for usage becomes 2.
  private static func exitForCommandLine(_ error: any Error) -> Never {
    let code = exitCode(for: error)
    guard code != .success else { exit(withError: error) }
    let message = fullMessage(for: error)
    if !message.isEmpty { Console.error(message, isComplete: true) }
    Self.exit(withError: ExitCode(code == .validationFailure ? Failure.Code.usage.rawValue : code.rawValue))
  }

  private static func isCommandLineMatter(_ error: any Error) -> Bool {
    if error is ExitCode || error is CleanExit || error is ValidationError { return true }
    // Parsing errors are of a type that the parser keeps to itself.
    return exitCode(for: error) == .validationFailure || exitCode(for: error) == .success
  }
}
