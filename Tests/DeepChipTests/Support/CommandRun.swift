import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One run of the built command as a process of its own.
struct CommandRun {
  /// The exit code; 128 + the signal if one ended it, -1 if it was stopped for taking too long.
  var code: Int32
  var standardOutput: String
  var standardError: String
  /// Most memory that was resident, in bytes.
  var peakByteCount: Int

  /// The standard output as a JSON object.
  func document() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(standardOutput.utf8)) as? [String: Any])
  }

  /// The executable next to the test bundle.
  static let executable: URL = {
    let bundles = Bundle.allBundles.filter { $0.bundlePath.hasSuffix(".xctest") }.map(\.bundleURL)
    let places = bundles + [URL(fileURLWithPath: CommandLine.arguments[0]), Bundle.main.bundleURL]
    let candidates = places.flatMap { place in
      [place.deletingLastPathComponent(), place].map { $0.appendingPathComponent("deepchip") }
    }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? candidates[0]
  }()

  /// Starts `deepchip` with `arguments` and waits.
  ///
  /// - Parameters:
  ///   - seconds: a process that takes longer is ended; a guard against hanging, not a measurement.
  ///   - whileRunning: told the process identifier every few milliseconds.
  init(
    _ arguments: [String], program: URL = CommandRun.executable, seconds: Double = 120,
    whileRunning: (pid_t) -> Void = { _ in }
  ) throws {
    let scratch = try TemporaryFolder()
    let (output, errors) = (scratch["stdout"].path, scratch["stderr"].path)
    let process = try Self.start(program, arguments, output, errors)
    var status: Int32 = 0
    var usage = rusage()
    var waited = 0.0
    var isLate = false
    while wait4(process, &status, WNOHANG, &usage) == 0 {
      whileRunning(process)
      usleep(2000)
      waited += 0.002
      if waited > seconds && !isLate {
        isLate = true
        kill(process, SIGKILL)
      }
    }
    code = isLate ? -1 : status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
    standardOutput = try String(contentsOfFile: output, encoding: .utf8)
    standardError = try String(contentsOfFile: errors, encoding: .utf8)
    #if os(Linux)
      peakByteCount = usage.ru_maxrss * 1024
    #else
      peakByteCount = usage.ru_maxrss
    #endif
  }

  private static func start(
    _ program: URL, _ arguments: [String], _ output: String, _ errors: String
  ) throws -> pid_t {
    #if os(Linux)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var texts = ([program.path] + arguments).map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var environment = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in environment { free(text) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, program.path, &actions, nil, &texts, &environment)
    guard failure == 0 else {
      throw CocoaError(.executableLoad, userInfo: [NSFilePathErrorKey: program.path, "errno": failure])
    }
    return process
  }
}

/// Runs the command; the arguments as on a command line.
func deepchip(_ arguments: String...) throws -> CommandRun { try CommandRun(arguments) }
