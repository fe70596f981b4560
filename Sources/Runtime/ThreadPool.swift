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

  /// Threads that share jobs, part by part: they wait spinning for a bounded time, then asleep.
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
      for _ in 1..<max(threads, 1) {
        let start = Unmanaged.passRetained(Start(shared: shared))
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
    ///
    /// There are more parts than threads, and whoever is ready takes the next: a thread that the system keeps waiting
    /// delays nobody.
    func run(_ job: Job) {
      let parts = min(threads * 4, Shared.Offer.mostParts)
      shared.job = job
      shared.unfinished.store(parts, ordering: .relaxed)
      shared.offer(parts)
      while shared.runPart() {}
      var spins = 0
      while shared.unfinished.load(ordering: .acquiring) > 0 {
        spins += 1
        if spins > Shared.spinLimit { sched_yield() }
      }
      shared.job = nil
    }

    deinit {
      shared.isStopping.store(true, ordering: .relaxed)
      shared.offer(0)
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

    init(shared: Shared) { self.shared = shared }

    func work() {
      while true {
        shared.wait()
        if shared.isStopping.load(ordering: .relaxed) { return }
        while shared.runPart() {}
      }
    }
  }

  /// What the threads of a pool have in common. `job` is written before its parts are offered, read after one was
  /// taken, and stays until all that were taken are finished.
  private final class Shared: @unchecked Sendable {
    /// Parts that may be taken, in one word, so that a thread takes one or none.
    struct Offer {
      static let mostParts = 0xffff
      var word: UInt64

      /// The part to take next.
      var next: Int { Int(word & 0xffff) }
      var parts: Int { Int(word >> 16 & 0xffff) }
      var hasParts: Bool { next < parts }

      /// All parts of the job after this offer's.
      func followed(by parts: Int) -> Offer { Offer(word: (word >> 32 &+ 1) << 32 | UInt64(parts) << 16) }
    }

    /// About 60 microseconds: most gaps between the shared layers of a network are shorter.
    static let spinLimit = 100_000

    var job: Job?
    let unfinished = Atomic<Int>(0)
    let sleepers = Atomic<Int>(0)
    let isStopping = Atomic<Bool>(false)
    private let current = Atomic<UInt64>(0)
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

    /// Offers the parts of a new job and wakes whoever sleeps.
    func offer(_ parts: Int) {
      let old = Offer(word: current.load(ordering: .relaxed))
      // Sequentially consistent, as in `wait`: either the sleeper sees the offer, or we see the sleeper.
      current.store(old.followed(by: parts).word, ordering: .sequentiallyConsistent)
      guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
      pthread_mutex_lock(mutex)
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }

    /// Takes the next part and runs it; false when none is left.
    func runPart() -> Bool {
      var offer = Offer(word: current.load(ordering: .acquiring))
      while offer.hasParts {
        let (taken, found) = current.compareExchange(
          expected: offer.word, desired: offer.word + 1, ordering: .acquiringAndReleasing)
        if taken {
          job?.run(part: offer.next, of: offer.parts)
          unfinished.subtract(1, ordering: .releasing)
          return true
        }
        offer.word = found
      }
      return false
    }

    /// Returns once there is a part to take, or the pool stops.
    func wait() {
      for _ in 0..<Self.spinLimit where !isIdle { return }
      pthread_mutex_lock(mutex)
      sleepers.add(1, ordering: .sequentiallyConsistent)
      while isIdle { pthread_cond_wait(condition, mutex) }
      sleepers.subtract(1, ordering: .relaxed)
      pthread_mutex_unlock(mutex)
    }

    private var isIdle: Bool {
      !Offer(word: current.load(ordering: .sequentiallyConsistent)).hasParts && !isStopping.load(ordering: .relaxed)
    }
  }

#endif
