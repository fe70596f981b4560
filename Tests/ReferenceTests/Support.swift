import Graphs
import Reference
import Tensors
import Testing

/// A float tensor as an operand.
func floats(_ shape: Shape, _ scalars: [Float]) -> Constant {
  .tensor(.float32(Tensor(shape: shape, scalars: scalars)))
}

func integers(_ shape: Shape, _ scalars: [Int64]) -> Constant {
  .tensor(.int64(Tensor(shape: shape, scalars: scalars)))
}

func bytes(_ shape: Shape, _ scalars: [UInt8]) -> Constant {
  .tensor(.uint8(Tensor(shape: shape, scalars: scalars)))
}

func evaluated(_ operator: Operator, _ operands: Constant?...) throws -> [Float] {
  try #require(try Reference.evaluate(`operator`, operands).asFloat32).scalars
}

func evaluatedIntegers(_ operator: Operator, _ operands: Constant?...) throws -> [Int64] {
  try #require(try Reference.evaluate(`operator`, operands).integers)
}

/// Small whole numbers as floats, on which every order of summation gives the same.
func wholeNumbers(_ shape: Shape, seed: UInt64) -> Tensor<Float> {
  Tensor.random(shape, in: -8...8, seed: seed).map { $0.rounded() }
}
