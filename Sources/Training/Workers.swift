import Dispatch
import Synchronization

/// Shares chunks of work among threads.
///
/// What a chunk is never depends on the number of threads, and chunks write to places of their own, so that results
/// are the same bits for any number.
final class Workers {
  /// Into how many chunks a batch is divided.
  static let batchChunks = 8

  let threads: Int

  init(threads: Int) { self.threads = max(threads, 1) }

  /// Calls `body` once for each chunk, in any order and at the same time.
  func run(_ chunks: Int, _ body: (Int) -> Void) {
    guard threads > 1, chunks > 1 else {
      for chunk in 0..<chunks { body(chunk) }
      return
    }
    let counter = Counter()
    withoutActuallyEscaping(body) { body in
      let shared = Shared(body: body)
      DispatchQueue.concurrentPerform(iterations: min(threads, chunks)) { _ in
        while true {
          let chunk = counter.next()
          if chunk >= chunks { return }
          shared.body(chunk)
        }
      }
    }
  }

  /// Chunk `chunk` of `count` items that are divided into `chunks`.
  static func share(_ count: Int, _ chunk: Int, of chunks: Int) -> Range<Int> {
    count * chunk / chunks..<count * (chunk + 1) / chunks
  }

  /// Calls `body` with the items of each chunk of a batch.
  func overBatch(_ count: Int, _ body: (Int, Range<Int>) -> Void) {
    run(Self.batchChunks) { chunk in
      let range = Self.share(count, chunk, of: Self.batchChunks)
      if !range.isEmpty { body(chunk, range) }
    }
  }

  private final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    func next() -> Int { value.add(1, ordering: .relaxed).oldValue }
  }

  /// Chunks write to places of their own.
  private struct Shared: @unchecked Sendable {
    let body: (Int) -> Void
  }
}
