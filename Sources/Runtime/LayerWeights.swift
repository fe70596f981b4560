import CKernels
import Graphs
import Planning
import Tensors

import struct Kernels.AddedFilters
import struct Kernels.BinaryFilters
import struct Kernels.GatheredFilters
import struct Kernels.LeveledFilters

/// The weights of a weighted sum as plain numbers, and their packing for the kernels.
struct LayerWeights {
  /// Output channels.
  let outputs: Int
  /// Input channels that one output sees.
  let channelsPerGroup: Int
  /// Weights of one output channel.
  let rowLength: Int
  private let kernel: (rows: Int, columns: Int)
  private let columnStride: Int
  /// Whether taps lie apart, as those of groups and dilated filters do.
  let isSplit: Bool
  private let numbers: Numbers

  private enum Numbers {
    case levels([Int8])
    case reals([Float])
  }

  /// - Precondition: the weights are a constant whose levels fit in 8 bits, as packing makes them.
  init(_ graph: Graph, _ sum: WeightedSum, input: MapLayout) {
    guard let constant = graph.constants[sum.weights], let shape = graph[sum.weights].type.fixedShape else {
      preconditionFailure("Weights are constants")
    }
    outputs = shape[0]
    rowLength = shape[0] == 0 ? 0 : shape.elementCount / shape[0]
    kernel = sum.kernel
    columnStride = sum.strides.columns
    channelsPerGroup = rowLength / max(sum.kernel.rows * sum.kernel.columns, 1)
    isSplit = sum.groups > 1 || sum.dilations.columns > 1
    switch (input.elementType, constant) {
    case (.uint8, .coded(let coded)): numbers = .levels(coded.smallLevels)
    case (_, let constant): numbers = .reals(constant.tensor.asFloat32?.scalars ?? [])
    }
  }

  /// The weights of the output channels in `range`, in the kernels' layout.
  func packed(
    _ range: Range<Int>, _ input: MapLayout, isDepthwise: Bool, _ storage: Storage
  ) -> UnsafeMutableRawPointer {
    var filters = filters(range, input, isDepthwise: isDepthwise)
    switch numbers {
    case .levels(let levels):
      return levels.withUnsafeBufferPointer { levels in
        filters.weights = UnsafeRawPointer(levels.baseAddress.map { $0 + range.lowerBound * rowLength })
        let block = storage.allocate(
          isDepthwise ? dc_packed_depthwise_byte_count_s8(&filters) : dc_packed_byte_count_s8(&filters))
        if isDepthwise {
          dc_pack_depthwise_s8(&filters, block)
        } else {
          dc_pack_weights_s8(&filters, 0, filters.outputs, block)
        }
        return block
      }
    case .reals(let reals):
      return reals.withUnsafeBufferPointer { reals in
        filters.weights = UnsafeRawPointer(reals.baseAddress.map { $0 + range.lowerBound * rowLength })
        let block = storage.allocate(
          isDepthwise ? dc_packed_depthwise_byte_count_f32(&filters) : dc_packed_byte_count_f32(&filters))
        if isDepthwise {
          dc_pack_depthwise_f32(&filters, block)
        } else {
          dc_pack_weights_f32(&filters, 0, filters.outputs, block)
        }
        return block
      }
    }
  }
}

extension LayerWeights {
  /// The weights of the output channels in `range` without their zeros; nil when they are not levels.
  ///
  /// - Parameters:
  ///   - levels: the two levels of `twoLevels`, for half the bytes; nil for bytes of any weights.
  ///   - columns: pixels of a row that are computed as one; 1 for filters that are split.
  func gathered(
    _ range: Range<Int>, _ input: MapLayout, levels: (Int8, Int8)?, columns: Int = 1
  ) -> GatheredFilters? {
    guard case .levels(let numbers) = numbers else { return nil }
    var filters = filters(range, input, isDepthwise: false)
    return numbers.withUnsafeBufferPointer { numbers in
      filters.weights = UnsafeRawPointer(numbers.baseAddress.map { $0 + range.lowerBound * rowLength })
      guard columns > 1 else { return GatheredFilters(filters, levels: levels) }
      return GatheredFilters(filters, columns: columns, stride: columnStride, levels: levels)
    }
  }

  /// The weights of the output channels in `range` in 4 or 2 bits; nil when they have more than 16 levels.
  func leveled(_ range: Range<Int>, _ input: MapLayout) -> LeveledFilters? {
    guard case .levels(let levels) = numbers else { return nil }
    var filters = filters(range, input, isDepthwise: false)
    return levels.withUnsafeBufferPointer { levels in
      filters.weights = UnsafeRawPointer(levels.baseAddress.map { $0 + range.lowerBound * rowLength })
      return LeveledFilters(filters)
    }
  }

  /// The weights of the output channels in `range` as bits; nil when they have more than two levels.
  ///
  /// - Parameter codeBits: ones where a code that a window sees may have a bit.
  func binary(_ range: Range<Int>, _ input: MapLayout, codeBits: UInt8) -> BinaryFilters? {
    guard case .levels(let levels) = numbers else { return nil }
    var filters = filters(range, input, isDepthwise: false)
    return levels.withUnsafeBufferPointer { levels in
      filters.weights = UnsafeRawPointer(levels.baseAddress.map { $0 + range.lowerBound * rowLength })
      return BinaryFilters(filters, codeBits: codeBits)
    }
  }

  /// The weights of the output channels in `range` as places of codes to add up; nil when `AddedFilters` has none.
  func added(_ range: Range<Int>, _ input: MapLayout, _ planes: WeightedSumSelector.Planes) -> AddedFilters? {
    guard case .levels(let levels) = numbers else { return nil }
    var filters = filters(range, input, isDepthwise: false)
    return levels.withUnsafeBufferPointer { levels in
      filters.weights = UnsafeRawPointer(levels.baseAddress.map { $0 + range.lowerBound * rowLength })
      return AddedFilters(filters, strides: planes.strides, rows: planes.rows, columns: planes.columns)
    }
  }

  /// Share of weights that are not zero; 1 when they are not levels.
  var density: Double {
    guard case .levels(let levels) = numbers, !levels.isEmpty else { return 1 }
    return levels.withUnsafeBufferPointer { levels in
      Double(dc_count_nonzeros(levels.baseAddress, levels.count)) / Double(levels.count)
    }
  }

  /// No sum of products with codes has a larger magnitude; nil when weights are not levels, or stay coded.
  var sumBound: Int? {
    guard case .levels(let levels) = numbers, levels.count == outputs * rowLength else { return nil }
    return levels.withUnsafeBytes { levels in
      var most: Int32 = 0
      for output in 0..<outputs {
        var (above, all) = (SIMD16<Int32>.zero, SIMD16<Int32>.zero)
        let end = (output + 1) * rowLength
        var first = output * rowLength
        while end - first >= 16 {
          let narrow = levels.loadUnaligned(fromByteOffset: first, as: SIMD16<Int8>.self)
          let row = SIMD16<Int32>(truncatingIfNeeded: narrow)
          above &+= pointwiseMax(row, .zero)
          all &+= row
          first += 16
        }
        var (positive, sum) = (above.wrappedSum(), all.wrappedSum())
        for index in first..<end {
          let level = Int32(Int8(bitPattern: levels[index]))
          positive &+= max(level, 0)
          sum &+= level
        }
        most = max(most, positive, positive &- sum)
      }
      return Int(most) * 255
    }
  }

  /// The levels other than 0 when there are at most two.
  var twoLevels: (Int8, Int8)? {
    guard case .levels(let levels) = numbers else { return nil }
    return levels.withUnsafeBufferPointer { levels in
      var first: Int8 = 0
      var second: Int8 = 0
      for level in levels where level != 0 && level != first && level != second {
        if first == 0 {
          first = level
        } else if second == 0 {
          second = level
        } else {
          return nil
        }
      }
      return (first == 0 ? 1 : first, second == 0 ? -1 : second)
    }
  }

  func filters(_ range: Range<Int>, _ input: MapLayout, isDepthwise: Bool) -> dc_filters {
    var filters = dc_filters()
    let taps = kernel.rows * kernel.columns
    filters.outputStride = rowLength
    filters.rowStride = kernel.columns
    filters.columnStride = 1
    filters.channelStride = taps
    filters.outputs = Int32(range.count)
    filters.rows = Int32(kernel.rows)
    filters.columns = Int32(kernel.columns)
    filters.channels = Int32(isDepthwise ? 1 : channelsPerGroup)
    filters.mapChannelStride = Int32(isSplit ? channelsPerGroup : input.channelStride)
    filters.columnsApart = isSplit ? 1 : 0
    return filters
  }
}

extension CodedTensor {
  /// The integers that multiply activations, in 8 bits.
  var smallLevels: [Int8] {
    switch encoding {
    case .affine: codes.scalars
    case .ternary: codes.scalars.map { Int8(encoding.level(of: $0)) }
    }
  }
}
