#if hasFeature(Embedded)

  /// Without threads: the parts of a job run one after the other.
  final class ThreadPool {
    private let threads: Int

    init(threads: Int) { self.threads = threads }

    func run(_ job: Job) {
      for part in 0..<threads { job.run(part: part, of: threads) }
    }
  }

#else

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #elseif canImport(Darwin)
    import Darwin
  #endif
  import Synchronization

  /// Threads that share jobs: they wait spinning for a bounded time, then asleep.
  ///
  /// Handing a job over costs well under a microsecond while all spin; a machine that is busy with other work is not
  /// made busier, because nobody spins for long.
  final class ThreadPool {
    private let shared: Shared
    private var handles: [pthread_t] = []
    private let threads: Int

    /// - Parameter threads: the caller's included; at least 1. Fewer come into being if the system refuses.
    init(threads: Int) {
      shared = Shared()
      for part in 1..<max(threads, 1) {
        let start = Unmanaged.passRetained(Start(shared: shared, part: part))
        #if canImport(Darwin)
          var handle: pthread_t?
        #else
          var handle = pthread_t()
        #endif
        let status = pthread_create(&handle, nil, ThreadPool.main, start.toOpaque())
        guard status == 0 else {
          start.release()
          break
        }
        #if canImport(Darwin)
          if let handle { handles.append(handle) }
        #else
          handles.append(handle)
        #endif
      }
      self.threads = handles.count + 1
    }

    /// Runs all parts of `job` and returns when all are done.
    func run(_ job: Job) {
      shared.job = job
      shared.parts = threads
      shared.unfinished.store(threads - 1, ordering: .relaxed)
      shared.wake()
      job.run(part: 0, of: threads)
      var spins = 0
      while shared.unfinished.load(ordering: .acquiring) > 0 {
        spins += 1
        if spins > Shared.spinLimit { sched_yield() }
      }
      shared.job = nil
    }

    deinit {
      shared.isStopping.store(true, ordering: .relaxed)
      shared.wake()
      for handle in handles { pthread_join(handle, nil) }
    }

    #if canImport(Darwin)
      private static let main: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { argument in
        Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().work()
        return nil
      }
    #else
      private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().work() }
        return nil
      }
    #endif
  }

  /// What a new thread is given.
  private final class Start: @unchecked Sendable {
    let shared: Shared
    let part: Int

    init(shared: Shared, part: Int) {
      self.shared = shared
      self.part = part
    }

    func work() {
      var seen = 0
      while true {
        seen = shared.wait(after: seen)
        if shared.isStopping.load(ordering: .relaxed) { return }
        shared.job?.run(part: part, of: shared.parts)
        shared.unfinished.subtract(1, ordering: .releasing)
      }
    }
  }

  /// What the threads of a pool have in common. `job` and `parts` are written before `generation` is raised and read
  /// after it was seen raised.
  private final class Shared: @unchecked Sendable {
    /// About 20 microseconds.
    static let spinLimit = 5_000

    var job: Job?
    var parts = 1
    let generation = Atomic<Int>(0)
    let unfinished = Atomic<Int>(0)
    let sleepers = Atomic<Int>(0)
    let isStopping = Atomic<Bool>(false)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(condition, nil)
    }

    deinit {
      pthread_cond_destroy(condition)
      pthread_mutex_destroy(mutex)
      condition.deallocate()
      mutex.deallocate()
    }

    /// Starts a new generation and wakes whoever sleeps.
    func wake() {
      // Both sequentially consistent: either the sleeper sees the new generation, or we see the sleeper.
      generation.add(1, ordering: .sequentiallyConsistent)
      guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
      pthread_mutex_lock(mutex)
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }

    /// Returns the next generation after `seen`, once there is one.
    func wait(after seen: Int) -> Int {
      for _ in 0..<Self.spinLimit {
        let now = generation.load(ordering: .acquiring)
        if now != seen { return now }
      }
      pthread_mutex_lock(mutex)
      sleepers.add(1, ordering: .sequentiallyConsistent)
      while generation.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(condition, mutex) }
      sleepers.subtract(1, ordering: .relaxed)
      pthread_mutex_unlock(mutex)
      return generation.load(ordering: .acquiring)
    }
  }

#endif
