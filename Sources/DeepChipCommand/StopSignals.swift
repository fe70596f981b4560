import DeepChip
import Foundation
import Synchronization

/// What SIGINT and SIGTERM do: the command leaves no half-written file, and exits with 130 or 143.
enum StopSignals {
  /// What the first signal does, and which one it was.
  private struct State {
    var isPostponing = false
    var signal: Int32?
  }

  private static let state = Mutex(State())

  /// From here on the first signal is only noted; another one ends the process as before.
  static func postpone() { state.withLock { $0.isPostponing = true } }

  /// The signal that was noted.
  static var postponed: Int32? { state.withLock { $0.signal } }

  /// From here on a signal ends the process at once again.
  ///
  /// - Returns: the one that was noted before, if any.
  static func endPostponing() -> Int32? {
    state.withLock {
      $0.isPostponing = false
      return $0.signal
    }
  }

  /// Notes a signal; false if it is to end the process.
  private static func note(_ signal: Int32) -> Bool {
    state.withLock {
      guard $0.isPostponing, $0.signal == nil else { return false }
      $0.signal = signal
      return true
    }
  }

  /// Takes both signals from here on, in a thread that does nothing else; call before other threads start.
  ///
  /// A signal that the parent process told this one to ignore stays ignored.
  static func handle() {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGINT, SIGTERM] where !isIgnored(signal) { sigaddset(&set, signal) }
    // Blocked everywhere, a signal waits until `sigwait` takes it, and ordinary code may run then.
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let awaited = set
    Thread.detachNewThread {
      var set = awaited
      var signal: Int32 = 0
      while sigwait(&set, &signal) != 0 || note(signal) {}
      AtomicFile.abandonAll {
        Console.finishProgress()
        _exit(128 + signal)
      }
    }
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    #if os(Linux)
      let handler = action.__sigaction_handler.sa_handler
    #else
      let handler = action.__sigaction_u.__sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
