import CKernels
import Coding
import Graphs
import Kernels
import ModelFormat
import Planning
import Tensors

/// A convolution or dense layer of codes whose weights stay coded: each run decodes them, one group of rows after the other,
/// packs up to 64 rows and computes their channels.
///
/// The sums are those of the dense kernel with all weights packed, and so are the results. Memory: a group of rows as it
/// comes from the decoder, and 64 rows twice, the same for all layers. One thread does it all, for the rows come one after the other.
final class StreamedSumJob: Job {
  /// Rows that are packed and computed at a time: what parameters that go by channel are filled up to.
  static let chunk = Int(DC_CHANNEL_BLOCK) * 4

  private let kernel: ConvolutionKernel
  /// One per group of the convolution, for the first image, without weights.
  private let groups: [dc_convolution]
  private let filters: dc_filters
  private let weights: CodedWeights
  private let images: Int
  private let pixels: Int
  /// Output channels of a group of the convolution.
  private let channels: Int
  private let strides: ImageStrides
  private let outputByteCount: Int
  private let buffers: StreamBuffers
  /// What was wrong with the payload in the last run.
  private(set) var error: CodingError?

  /// Bytes from an image to the next.
  struct ImageStrides {
    var input: Int
    var output: Int
    var residual: Int
  }

  /// - Throws: `CodingError` for a payload that cannot be decoded.
  init(
    kernel: ConvolutionKernel, groups: [dc_convolution], filters: dc_filters, weights: CodedWeights, images: Int,
    pixels: Int, channels: Int, strides: ImageStrides, outputByteCount: Int, buffers: StreamBuffers
  ) throws(CodingError) {
    (self.kernel, self.groups, self.weights) = (kernel, groups, weights)
    (self.images, self.pixels, self.channels) = (images, pixels, channels)
    (self.strides, self.outputByteCount) = (strides, outputByteCount)
    var filters = filters
    filters.outputs = Int32(min(channels, Self.chunk))
    self.filters = filters
    self.buffers = buffers
    buffers.reserve(
      decoded: try weights.bufferCount(), rest: Int(filters.outputs) * weights.rowLength,
      packed: dc_packed_byte_count_s8(&filters))
    super.init(work: 0)
  }

  override func run(part: Int, of parts: Int) {
    guard part == 0 else { return }
    var (first, left) = (0, 0)
    error = nil
    let rowLength = weights.rowLength
    guard let rest = buffers.rest.baseAddress else { return }
    do throws(CodingError) {
      try weights.forEachRowGroup(buffer: buffers.decoded) { rows, codes in
        guard var next = UnsafePointer(codes.baseAddress) else { return }
        weights.encoding.replaceCodes(codes)
        var count = rows.count
        while count > 0 {
          // As many rows as the chunk wants that begins at row `first`, which ends with its group of the convolution.
          let wanted = min(Self.chunk, channels - first % channels)
          let taken = min(wanted - left, count)
          if left == 0 && taken == wanted {
            compute(first, wanted, next)
          } else {
            (rest + left * rowLength).update(from: next, count: taken * rowLength)
            left += taken
            if left == wanted { compute(first, wanted, rest) }
          }
          if left == 0 || left == wanted {
            first += wanted
            left = 0
          }
          next += taken * rowLength
          count -= taken
        }
      }
    } catch { self.error = error }
  }

  /// Computes `count` output channels from row `first` on, whose levels lie at `levels`.
  private func compute(_ first: Int, _ count: Int, _ levels: UnsafePointer<Int8>) {
    var filters = filters
    filters.outputs = Int32(count)
    filters.weights = UnsafeRawPointer(levels)
    dc_pack_weights_s8(&filters, 0, Int32(count), buffers.packed.baseAddress)
    let channel = first % channels
    var call = groups[first / channels]
    call.weights = UnsafeRawPointer(buffers.packed.baseAddress)
    call.window.output += channel * outputByteCount
    call.requantization.multipliers = call.requantization.multipliers.map { $0 + channel }
    call.requantization.offsets = call.requantization.offsets.map { $0 + channel }
    call.requantization.realMultipliers = call.requantization.realMultipliers.map { $0 + channel }
    call.requantization.realOffsets = call.requantization.realOffsets.map { $0 + channel }
    call.scales = call.scales.map { $0 + channel }
    call.biases = call.biases.map { $0 + channel }
    if call.residual.input != nil { call.residual.input += channel * outputByteCount }
    call.window.pixelBegin = 0
    call.window.pixelEnd = Int32(pixels)
    call.window.channelBegin = 0
    call.window.channelEnd = Int32(count)
    for _ in 0..<images {
      kernel(&call)
      call.window.input += strides.input
      call.window.output += strides.output
      if call.residual.input != nil { call.residual.input += strides.residual }
    }
  }
}

extension Encoding {
  /// Puts the integers that multiply activations in the place of `codes`.
  fileprivate func replaceCodes(_ codes: UnsafeMutableBufferPointer<Int8>) {
    let (plus, minus) = (Int8(truncatingIfNeeded: level(of: 1)), Int8(truncatingIfNeeded: level(of: -1)))
    guard plus != 1 || minus != -1 else { return }
    // Only ternary codes have other levels than themselves: a mask for what is not 0, and one for what is negative, for a
    // branch would be wrong at every second non-zero.
    guard let base = codes.baseAddress else { return }
    for index in 0..<codes.count {
      let code = base[index]
      let isNegative = code &>> 7
      base[index] = (0 &- (code & 1)) & (isNegative & minus | ~isNegative & plus)
    }
  }
}

// MARK: - Which layers

extension Executor {
  /// Makes a model ready whose weights may stay coded.
  ///
  /// - Throws: `RuntimeError`.
  public convenience init(
    _ streamed: StreamedModel, batch: Int = 1, threads: Int = 1, instructionSet: InstructionSet? = nil,
    memoryLimit: Int = 1 << 36, kernelSelection: KernelSelection = KernelSelection()
  ) throws(RuntimeError) {
    try self.init(
      streamed.model.graph, weights: streamed.weights, batch: batch, threads: threads, instructionSet: instructionSet,
      memoryLimit: memoryLimit, kernelSelection: kernelSelection)
  }

  /// Makes `graph` ready, in which `weights` stand for constants without codes.
  ///
  /// Layers that a kernel of codes computes decode their weights in every run, and the others once.
  ///
  /// - Throws: `RuntimeError`.
  public convenience init(
    _ graph: consuming Graph, weights: [ValueID: CodedWeights], batch: Int = 1, threads: Int = 1,
    instructionSet: InstructionSet? = nil, memoryLimit: Int = 1 << 36,
    kernelSelection: KernelSelection = KernelSelection()
  ) throws(RuntimeError) {
    var kept = weights
    if !weights.isEmpty {
      let schedule: Schedule
      do throws(ScheduleError) { schedule = try Schedule(copy graph, batch: batch) } catch { throw .schedule(error) }
      let streamable = schedule.streamableWeights
      for (id, coded) in weights where !streamable.contains(id) {
        do throws(CodingError) { graph.constants[id] = .coded(try coded.decoded()) } catch {
          throw .weights(name: graph[id].name, error)
        }
        kept[id] = nil
      }
    }
    try self.init(
      consume graph, batch: batch, threads: threads, instructionSet: instructionSet, memoryLimit: memoryLimit,
      kernelSelection: kernelSelection, streaming: kept)
  }
}

extension Schedule {
  /// Weights of layers of codes, depthwise ones left out: those have kernels of their own.
  fileprivate var streamableWeights: Set<ValueID> {
    var (weights, others) = (Set<ValueID>(), Set<ValueID>())
    for step in steps {
      switch step.action {
      case .weightedSum(let sum):
        let isDepthwise = sum.groups > 1 && graph[sum.weights].type.fixedShape?.dimensions.dropFirst().first == 1
        if case .map(let input) = buffers[step.reads[0].index].layout, input.elementType == .uint8, !isDepthwise {
          weights.insert(sum.weights)
        } else {
          others.insert(sum.weights)
        }
      case .constant(let id): others.insert(id)
      case .reference(_, let operands):
        for case .constant(let id) in operands { others.insert(id) }
      case .pooling, .addition, .lookup, .binary, .unary, .softmax, .quantize, .dequantize, .interleave, .deinterleave,
        .copy, .fillBorder, .fill:
        break
      }
    }
    return weights.subtracting(others)
  }
}
