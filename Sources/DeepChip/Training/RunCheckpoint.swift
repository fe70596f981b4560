import Coding
import Training

/// The state of a run between two steps: the trainer's, and what the epoch under way has shown so far.
struct RunCheckpoint: Equatable {
  /// Checksum of the run's configuration.
  var configuration: UInt64
  var epoch = EpochSum()
  var training: Checkpoint

  /// What the steps of an epoch add up to.
  struct EpochSum: Equatable {
    var itemCount = 0
    /// Of all items, not their mean.
    var loss = 0.0
    var correctCount = 0
    var learningRate: Float = 0
    var nanoseconds: UInt64 = 0

    mutating func add(_ step: Trainer.Progress, nanoseconds: UInt64) {
      itemCount += step.itemCount
      loss += step.loss * Double(step.itemCount)
      correctCount += step.correctCount
      learningRate = step.learningRate
      self.nanoseconds += nanoseconds
    }
  }
}

extension RunCheckpoint {
  private static let magic: [UInt8] = Array("DCRUN001".utf8)
  /// Bytes before the trainer's checkpoint.
  private static let headerByteCount = 52

  /// Magic, checksum of the configuration, the epoch's sum, the trainer's checkpoint, and the checksum of all that
  /// (XXH64). Little-endian.
  var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.append(Self.magic)
    writer.uint64(configuration)
    writer.uint64(UInt64(epoch.itemCount))
    writer.uint64(epoch.loss.bitPattern)
    writer.uint64(UInt64(epoch.correctCount))
    writer.float32(epoch.learningRate)
    writer.uint64(epoch.nanoseconds)
    writer.append(training.bytes)
    writer.uint64(Checksum.of(writer.bytes))
    return writer.bytes
  }

  /// - Throws: `TrainingError.checkpoint` unless `bytes` are what some checkpoint gives.
  init(bytes: [UInt8]) throws(TrainingError) {
    guard bytes.count >= Self.headerByteCount + 8, bytes.starts(with: Self.magic) else {
      throw TrainingError(.checkpoint("it is cut off, or is no checkpoint"))
    }
    let content = Array(bytes.dropLast(8))
    let header = bytes.withUnsafeBytes { buffer in
      Result { () throws(CodingError) in try Self.header(buffer, checksum: Checksum.of(content)) }
    }
    switch header {
    case .success(let header?): (configuration, epoch) = header
    case .success(nil): throw TrainingError(.checkpoint("its checksum is wrong"))
    case .failure(let error): throw TrainingError(.checkpoint("\(error)"))
    }
    training = try Checkpoint(bytes: Array(content.dropFirst(Self.headerByteCount)))
  }

  /// The header; nil unless the bytes end with `checksum`.
  private static func header(
    _ bytes: UnsafeRawBufferPointer, checksum: UInt64
  ) throws(CodingError) -> (UInt64, EpochSum)? {
    var end = ByteReader(UnsafeRawBufferPointer(rebasing: bytes.suffix(8)))
    guard try end.uint64() == checksum else { return nil }
    var reader = ByteReader(bytes)
    _ = try reader.take(magic.count)
    let configuration = try reader.uint64()
    var epoch = EpochSum()
    epoch.itemCount = Int(clamping: try reader.uint64())
    epoch.loss = Double(bitPattern: try reader.uint64())
    epoch.correctCount = Int(clamping: try reader.uint64())
    epoch.learningRate = try reader.float32()
    epoch.nanoseconds = try reader.uint64()
    return (configuration, epoch)
  }
}
