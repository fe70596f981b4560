import CKernels

/// One line of the kernel list: a function for one operation on one instruction set.
public struct Kernel: @unchecked Sendable {
  /// `isa_operation_types_tile`, such as `avx512_conv_u8s8u8_12x32`.
  public let name: String
  public let instructionSet: InstructionSet
  /// What it computes, and so what describes its work.
  public let operation: Operation
  /// Types of input, weights (where there are some) and result, such as `u8s8u8`.
  public let types: String
  /// Rows by columns, here output pixels by output channels, that it computes at a time.
  public let tile: String

  private let function: (@convention(c) () -> Void)?

  init(_ kernel: dc_kernel, instructionSet: InstructionSet, operation: Operation) {
    name = String(cString: kernel.name)
    types = String(cString: kernel.types)
    tile = String(cString: kernel.tile)
    function = kernel.run
    self.instructionSet = instructionSet
    self.operation = operation
  }

  /// Whether this processor and this build can run it.
  public var runsHere: Bool { function != nil && instructionSet.isAvailable }

  /// Runs it, without any check.
  ///
  /// - Parameter description: a value of the type that `operation` names, which the kernel trusts.
  public func run(unchecked description: UnsafeRawPointer) {
    precondition(function != nil, "The build must contain a kernel that is run.")
    let function = unsafeBitCast(function!, to: (@convention(c) (UnsafeRawPointer) -> Void).self)
    function(description)
  }
}

/// All kernels, those of other processors included; simpler instruction sets first.
///
/// Dispatch, tests and benchmarks read this one list, which is `CKernels/kernels.def`.
public enum KernelList {
  public static var all: [Kernel] {
    var count: Int32 = 0
    let list = dc_kernel_list(&count)!
    var kernels: [Kernel] = []
    for i in 0..<Int(count) {
      guard let instructionSet = InstructionSet(rawValue: Int(list[i].isa.rawValue)),
        let operation = Operation(rawValue: Int(list[i].operation.rawValue))
      else { preconditionFailure("InstructionSet and Operation must list what kernels.def has.") }
      kernels.append(Kernel(list[i], instructionSet: instructionSet, operation: operation))
    }
    return kernels
  }
}

/// What kernels compute; `dc_kernels.h` has the rules. The comment names the type of the description.
public enum Operation: Int, CaseIterable, Sendable {
  // Convolution
  case convolveCodes, convolveCodesAddingResidual, convolveCodesToSums, convolveCodesToValues,
    gatherCodes, gatherCodesAddingResidual, gatherCodesToValues, unpackCodes, unpackCodesToValues,
    countCodes, countCodesToValues, addUpCodes, addUpCodesAddingResidual, convolveValues, convolvePairs
  case depthwiseConvolveCodes, depthwiseConvolveValues
  // Pooling
  case poolGreatestCodes, poolMeanCodes, poolGreatestValues, poolMeanValues
  // ElementwiseMap
  case addCodes, lookUpCodes, quantize, dequantize, addValues, multiplyValues, clampValues
  // Reordering
  case interleaveValues, interleaveCodes, interleaveQuantizing
  case deinterleaveValues, deinterleaveCodes, deinterleaveDequantizing
  // FilterGradient
  case accumulateFilterGradient, accumulateFilterGradientOfPairs
  // Narrowing
  case narrow
  // Channelwise
  case sumMoments, normalize, sumGradients, normalizeGradient, normalizeToGrid, findRanges, passGradientOfGrid
}

extension KernelList {
  /// The kernel that an instruction set uses for an operation; nil where it is not available.
  public static func kernel(for operation: Operation, on set: InstructionSet) -> Kernel? {
    guard set.isAvailable else { return nil }
    return all.last { $0.operation == operation && $0.runsHere && set.uses($0.instructionSet) }
  }
}

extension InstructionSet {
  /// Whether kernels of `other` stand in where this one has none of its own, as the tables of `dispatch.c` are made.
  func uses(_ other: InstructionSet) -> Bool {
    switch other {
    case .scalar: true
    case .avx2: (InstructionSet.avx2.rawValue...InstructionSet.avx512BF16.rawValue).contains(rawValue)
    case .avxVNNI: self == .avxVNNI
    case .avx512, .avx512VBMI, .avx512BF16:
      (other.rawValue...InstructionSet.avx512BF16.rawValue).contains(rawValue)
    case .neon, .dotProduct, .i8mm: rawValue >= other.rawValue
    }
  }
}
