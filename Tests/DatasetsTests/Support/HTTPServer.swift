import Foundation

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// A server on 127.0.0.1 that answers each path with fixed bytes, and may promise more than it sends.
final class HTTPServer: @unchecked Sendable {
  struct Answer: Sendable {
    var status = 200
    var body: [UInt8] = []
    /// What the header says; the body's own length unless given.
    var announcedByteCount: Int?
    /// Whether to wait, after the body, until the other side ends the connection.
    var waits = false
  }

  let port: UInt16
  private let listener: Int32
  private let answers: [String: Answer]
  private let lock = NSLock()
  private var counts: [String: Int] = [:]

  init(_ answers: [String: Answer]) throws {
    self.answers = answers
    #if canImport(Darwin)
      let streamType = SOCK_STREAM
    #else
      let streamType = Int32(SOCK_STREAM.rawValue)
    #endif
    listener = socket(AF_INET, streamType, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = listener
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(socket, address, length) == 0 && listen(socket, 8) == 0 && getsockname(socket, address, &length) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    Thread { [weak self] in
      while true {
        let connection = accept(socket, nil, nil)
        guard connection >= 0, let self else { return }
        self.serve(connection)
        close(connection)
      }
    }.start()
  }

  /// Ends the thread: `accept` fails when its socket is shut down.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  func address(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }

  /// How often a path was asked for.
  func requestCount(_ path: String) -> Int { lock.withLock { counts[path, default: 0] } }

  private func serve(_ connection: Int32) {
    var request: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !request.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      let count = recv(connection, &buffer, buffer.count, 0)
      if count <= 0 { return }
      request += buffer.prefix(count)
    }
    let words = String(decoding: request, as: UTF8.self).split(separator: " ")
    let path = words.count > 1 ? String(words[1].dropFirst()) : ""
    lock.withLock { counts[path, default: 0] += 1 }
    let answer = answers[path] ?? Answer(status: 404)
    let length = answer.announcedByteCount ?? answer.body.count
    let header = "HTTP/1.1 \(answer.status) X\r\nContent-Length: \(length)\r\nConnection: close\r\n\r\n"
    let response = Array(header.utf8) + answer.body
    var sent = 0
    while sent < response.count {
      let count = response.withUnsafeBytes { bytes in
        send(connection, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      sent += count
    }
    while answer.waits, recv(connection, &buffer, buffer.count, 0) > 0 {}
  }
}
