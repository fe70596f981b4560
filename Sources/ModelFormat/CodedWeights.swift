import Coding
import Tensors

/// Weights as they lie in a file: coded, and decoded when they are needed, some rows at a time.
///
/// Rows are the places of the first axis; a row of weights makes one output.
public struct CodedWeights: Sendable, Equatable {
  public let shape: Shape
  public let encoding: Encoding
  public let code: WeightCode
  /// What `code` made.
  public let payload: [UInt8]
  private let alphabet: CodeAlphabet

  init(shape: Shape, encoding: Encoding, code: WeightCode, alphabet: CodeAlphabet, payload: [UInt8]) {
    self.shape = shape
    self.encoding = encoding
    self.code = code
    self.alphabet = alphabet
    self.payload = payload
  }

  /// Codes of `tensor` in the code that takes the fewest bytes, or a fast one that takes not many more.
  ///
  /// - Throws: `CodingError` when there is no code for the encoding, or a code lies outside it.
  public init(_ tensor: CodedTensor, preference: CodePreference = .balanced) throws(CodingError) {
    guard let alphabet = tensor.encoding.alphabet,
      let best = try WeightCode.best(
        tensor.codes.scalars, rowLength: tensor.shape.rowLength, alphabet: alphabet, preference: preference)
    else { throw CodingError(.unsupportedAlphabet, at: 0) }
    self.init(
      shape: tensor.shape, encoding: tensor.encoding, code: best.code, alphabet: alphabet, payload: best.bytes)
  }

  /// Codes of one row.
  public var rowLength: Int { shape.rowLength }

  /// Codes that a buffer for `forEachRowGroup` has room for.
  ///
  /// - Throws: `CodingError` for a payload that `code` did not make.
  public func bufferCount() throws(CodingError) -> Int {
    try withPayload { payload throws(CodingError) in
      try code.rowGroupCount(payload, count: shape.elementCount, rowLength: rowLength, alphabet: alphabet)
    }
  }

  /// Decodes groups of rows one after the other into `buffer`, whose front `body` sees with the rows' numbers.
  ///
  /// - Parameters:
  ///   - buffer: `bufferCount()` codes.
  ///   - body: gets the numbers of rows and their codes.
  /// - Throws: `CodingError` for a payload that `code` did not make; the groups before were seen by then.
  public func forEachRowGroup(
    buffer: UnsafeMutableBufferPointer<Int8>, _ body: (Range<Int>, UnsafeMutableBufferPointer<Int8>) -> Void
  ) throws(CodingError) {
    try withPayload { payload throws(CodingError) in
      try code.forEachRowGroup(
        payload, count: shape.elementCount, rowLength: rowLength, alphabet: alphabet, buffer: buffer, body)
    }
  }

  /// All codes.
  public func decoded() throws(CodingError) -> CodedTensor {
    let codes = try withPayload { payload throws(CodingError) in
      try code.decode(payload, count: shape.elementCount, rowLength: rowLength, alphabet: alphabet)
    }
    return CodedTensor(codes: Tensor(shape: shape, scalars: codes), encoding: encoding)
  }

  /// Share of codes that are not 0, in 0...1, counted group by group.
  ///
  /// - Throws: `CodingError` for a payload that `code` did not make: all of it is looked at.
  public func density() throws(CodingError) -> Double {
    var nonzeros = 0
    var buffer = [Int8](repeating: 0, count: try bufferCount())
    var failure: CodingError?
    buffer.withUnsafeMutableBufferPointer { buffer in
      do throws(CodingError) {
        try forEachRowGroup(buffer: buffer) { _, codes in
          for code in codes { nonzeros += code == 0 ? 0 : 1 }
        }
      } catch { failure = error }
    }
    if let failure { throw failure }
    return shape.elementCount == 0 ? 0 : Double(nonzeros) / Double(shape.elementCount)
  }

  private func withPayload<Result>(
    _ body: (UnsafeRawBufferPointer) throws(CodingError) -> Result
  ) throws(CodingError) -> Result {
    // `withUnsafeBytes` passes only untyped errors on.
    let result: Swift.Result<Result, CodingError> = payload.withUnsafeBytes { payload in
      do throws(CodingError) { return .success(try body(payload)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}
