import Coding

/// The state of a run between two steps: parameters, the optimizer's memory, and the number of steps done.
///
/// That and the recipe are all there is: random numbers follow from the recipe's seed and the step. A run resumed from a
/// checkpoint ends with the same bits as one that was never stopped.
public struct Checkpoint: Sendable, Equatable {
  /// Steps done.
  public var step: Int
  /// The recipe's seed, by which a resumed run knows its own.
  public var seed: UInt64
  /// Of each parameter, running statistics too, in the network's order.
  public var values: [[Float]]
  /// The optimizer's numbers for each parameter.
  public var slots: [[Float]]
  /// Moving averages of the parameters; empty without.
  public var averages: [[Float]]
  /// The density that each layer was last asked for; empty where it was not.
  public var densities: [[Float]]
  /// A bit for each weight of a layer, lowest first, 1 where it lives; empty where all do.
  public var masks: [[UInt8]]
}

extension Trainer {
  /// The state now.
  public var checkpoint: Checkpoint {
    let weights = network.quantizedWeights
    return Checkpoint(
      step: step, seed: recipe.seed, values: network.parameters.map(\.values.values), slots: slots.map(\.values),
      averages: averages.map(\.values), densities: weights.map { $0.density.map { [$0] } ?? [] },
      masks: weights.map { $0.lives.map(Self.packed) ?? [] })
  }

  /// Goes on from a state of a run of the same network, items and recipe.
  ///
  /// - Throws: `.checkpoint` when the counts or the seed are others.
  public func resume(from checkpoint: Checkpoint) throws(TrainingError) {
    try check(checkpoint)
    for ((weights, density), mask) in zip(zip(network.quantizedWeights, checkpoint.densities), checkpoint.masks) {
      weights.density = density.first
      weights.setMask(mask.isEmpty ? nil : Self.unpacked(mask, count: weights.count))
    }
    load(checkpoint)
  }

  /// Goes back to a state with the masks of now: the lottery's rewinding.
  ///
  /// - Throws: `.checkpoint` when the counts or the seed are others.
  /// - Source: Frankle, Carbin, *The Lottery Ticket Hypothesis*, arXiv 1803.03635.
  public func rewind(to checkpoint: Checkpoint) throws(TrainingError) {
    try check(checkpoint)
    load(checkpoint)
    network.project()
  }

  /// Begins with the scales that quantizers have learned in another run of the same network with the same quantizers.
  ///
  /// - Throws: `.checkpoint` when the counts are others.
  public func takeScales(of checkpoint: Checkpoint) throws(TrainingError) {
    let values = checkpoint.averages.isEmpty ? checkpoint.values : checkpoint.averages
    guard values.map(\.count) == network.parameters.map(\.values.count) else {
      throw TrainingError(.checkpoint("its parameters are those of another network"))
    }
    for (index, parameter) in network.parameters.enumerated() where parameter.role == .quantizerScale {
      parameter.values.assign(values[index])
      if !averages.isEmpty { averages[index].assign(values[index]) }
    }
  }

  private func load(_ checkpoint: Checkpoint) {
    for (parameter, values) in zip(network.parameters, checkpoint.values) { parameter.values.assign(values) }
    for (slot, values) in zip(slots, checkpoint.slots) { slot.assign(values) }
    for (average, values) in zip(averages, checkpoint.averages) { average.assign(values) }
    move(to: checkpoint.step)
  }

  private func check(_ checkpoint: Checkpoint) throws(TrainingError) {
    guard checkpoint.seed == recipe.seed else {
      throw TrainingError(.checkpoint("its seed is \(checkpoint.seed), the recipe's \(recipe.seed)"))
    }
    guard (0...stepCount).contains(checkpoint.step) else {
      throw TrainingError(.checkpoint("it is at step \(checkpoint.step) of \(stepCount)"))
    }
    guard checkpoint.values.map(\.count) == network.parameters.map(\.values.count),
      checkpoint.slots.map(\.count) == slots.map(\.count)
    else { throw TrainingError(.checkpoint("its parameters are those of another network or optimizer")) }
    guard checkpoint.averages.map(\.count) == averages.map(\.count) else {
      throw TrainingError(.checkpoint("its moving averages are those of another recipe"))
    }
    let weights = network.quantizedWeights
    guard checkpoint.densities.count == weights.count, checkpoint.masks.count == weights.count,
      zip(checkpoint.masks, weights).allSatisfy({ $0.isEmpty || $0.count == ($1.count + 7) / 8 }),
      checkpoint.densities.allSatisfy({ $0.count <= 1 && $0.allSatisfy { $0 >= 0 && $0 <= 1 } })
    else { throw TrainingError(.checkpoint("its masks are those of another network")) }
  }

  private static func packed(_ lives: [Bool]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (lives.count + 7) / 8)
    for (index, isAlive) in lives.enumerated() where isAlive { bytes[index / 8] |= 1 << UInt8(index % 8) }
    return bytes
  }

  private static func unpacked(_ bytes: [UInt8], count: Int) -> [Bool] {
    (0..<count).map { bytes[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
  }
}

extension Checkpoint {
  private static let magic: [UInt8] = Array("DCTRAIN2".utf8)

  /// The checkpoint as bytes, the same for the same state: magic, seed, step, arrays with their counts, and the
  /// checksum of all that (XXH64). Little-endian.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.append(Self.magic)
    writer.uint64(seed)
    writer.uint64(UInt64(clamping: step))
    for arrays in [values, slots, averages, densities] {
      writer.uint32(UInt32(arrays.count))
      for array in arrays {
        writer.uint64(UInt64(array.count))
        for value in array { writer.float32(value) }
      }
    }
    writer.uint32(UInt32(masks.count))
    for mask in masks {
      writer.uint64(UInt64(mask.count))
      writer.append(mask)
    }
    writer.uint64(Checksum.of(writer.bytes))
    return writer.bytes
  }

  /// - Throws: `.checkpoint` unless `bytes` are what some checkpoint gives.
  public init(bytes: [UInt8]) throws(TrainingError) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(CodingError) in try Self.read(buffer) }
    }
    switch result {
    case .success(let checkpoint): self = checkpoint
    case .failure(let error): throw TrainingError(.checkpoint("\(error)"))
    }
    guard self.bytes == bytes else { throw TrainingError(.checkpoint("its magic or its checksum is wrong")) }
  }

  private static func read(_ bytes: UnsafeRawBufferPointer) throws(CodingError) -> Checkpoint {
    var reader = ByteReader(bytes)
    _ = try reader.take(magic.count)
    let seed = try reader.uint64()
    let step = Int(clamping: try reader.uint64())
    var arrays: [[[Float]]] = []
    for _ in 0..<4 {
      let count = Int(try reader.uint32())
      var list: [[Float]] = []
      for _ in 0..<count {
        let values = Int(clamping: try reader.uint64())
        // Checked against what is there before memory is asked for.
        let content = try reader.take(values.multipliedReportingOverflow(by: 4).overflow ? .max : values * 4)
        list.append(
          (0..<values).map {
            Float(bitPattern: UInt32(littleEndian: content.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
          })
      }
      arrays.append(list)
    }
    var masks: [[UInt8]] = []
    for _ in 0..<Int(try reader.uint32()) {
      masks.append(Array(try reader.take(Int(clamping: try reader.uint64()))))
    }
    return Checkpoint(
      step: step, seed: seed, values: arrays[0], slots: arrays[1], averages: arrays[2], densities: arrays[3],
      masks: masks)
  }
}
