import Foundation

#if canImport(CryptoKit)
  import CryptoKit
#else
  import CCrypto
#endif

/// SHA-256 over pieces of data, by the system's cryptographic library.
package struct FileDigest {
  /// The digest of a file in lowercase hexadecimal.
  ///
  /// - Throws: what reading throws.
  package static func sha256(of file: URL) throws -> String {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    var digest = FileDigest()
    while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { digest.update(piece) }
    return digest.finish()
  }

  #if canImport(CryptoKit)
    private var state = SHA256()

    private mutating func update(_ data: Data) { state.update(data: data) }

    private func finish() -> String { Self.hexadecimal(Array(state.finalize())) }
  #else
    private let context: OpaquePointer?

    private init() {
      context = EVP_MD_CTX_new()
      EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    private func update(_ data: Data) {
      data.withUnsafeBytes { _ = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    private func finish() -> String {
      var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
      var count: UInt32 = 0
      EVP_DigestFinal_ex(context, &bytes, &count)
      EVP_MD_CTX_free(context)
      return Self.hexadecimal(Array(bytes.prefix(Int(count))))
    }
  #endif

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
