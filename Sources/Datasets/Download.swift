import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One transfer from an http address into a file, which ends with exactly the expected number of bytes or an error.
final class Download: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  private let address: String
  private let target: URL
  private let byteCount: Int
  private let timeout: TimeInterval
  private let progress: @Sendable (Int) -> Void

  // The session calls its delegate on one serial queue; these are used only there, after `run` has set them up.
  private var handle: FileHandle?
  private var receivedByteCount = 0
  private var problem: FetchError.Problem?
  private var finished: CheckedContinuation<FetchError.Problem?, Never>?

  init(
    address: String, target: URL, byteCount: Int, timeout: TimeInterval, progress: @escaping @Sendable (Int) -> Void
  ) {
    self.address = address
    self.target = target
    self.byteCount = byteCount
    self.timeout = timeout
    self.progress = progress
  }

  func run() async throws(FetchError) {
    if Task.isCancelled { throw FetchError(.cancelled, place: address) }
    guard let url = URL(string: address), ["http", "https"].contains(url.scheme) else {
      throw FetchError(.invalidAddress, place: address)
    }
    guard FileManager.default.createFile(atPath: target.path, contents: nil),
      let handle = FileHandle(forWritingAtPath: target.path)
    else { throw FetchError(.fileSystem(reason: "cannot be created"), place: target.path) }
    self.handle = handle
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 1
    let session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: queue)
    var request = URLRequest(url: url)
    request.timeoutInterval = timeout
    // Bytes as they are stored: no transparent unpacking of .gz files.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    let task = session.dataTask(with: request)
    let problem = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        finished = continuation
        task.resume()
      }
    } onCancel: {
      task.cancel()
    }
    session.finishTasksAndInvalidate()
    if let problem { throw FetchError(problem, place: address) }
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    if let status = (response as? HTTPURLResponse)?.statusCode, status != 200 {
      problem = .httpStatus(status)
    }
    completionHandler(problem == nil ? .allow : .cancel)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    guard problem == nil else { return }
    receivedByteCount += data.count
    guard receivedByteCount <= byteCount else {
      problem = .wrongLength(expected: byteCount, received: receivedByteCount)
      dataTask.cancel()
      return
    }
    do {
      try handle?.write(contentsOf: data)
      progress(receivedByteCount)
    } catch {
      problem = .fileSystem(reason: FileAccess.reason(error))
      dataTask.cancel()
    }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    if problem == nil, let error {
      let isCancelled = (error as? URLError)?.code == .cancelled
      problem = isCancelled ? .cancelled : .connection(reason: FileAccess.reason(error))
    }
    do {
      try handle?.synchronize()
      try handle?.close()
    } catch {
      problem = problem ?? .fileSystem(reason: FileAccess.reason(error))
    }
    if problem == nil, receivedByteCount != byteCount {
      problem = .wrongLength(expected: byteCount, received: receivedByteCount)
    }
    finished?.resume(returning: problem)
    finished = nil
  }
}
