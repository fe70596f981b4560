import Graphs
import Reference
import Tensors

extension Graph {
  /// The graph with everything computed that depends on constants only.
  ///
  /// `dequantize` is left to `absorbingCodes`, and coded weights that are moved stay coded. What fails, as a division
  /// by zero does, is left for the time when it runs.
  ///
  /// - Parameters:
  ///   - elementLimit: larger results are computed only if they have no more elements than their operands, so that
  ///     a stretched scalar does not fill the file.
  ///   - workLimit: nodes that take more steps stay.
  public func foldingConstants(elementLimit: Int = 1 << 16, workLimit: Int = 1 << 26) -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), let operands = rewriting.constants(node),
        let shape = self[node.output].type.fixedShape
      else { continue }
      if case .dequantize = node.operator { continue }
      let given = operands.reduce(0) { $0 + ($1?.shape.elementCount ?? 0) }
      guard shape.elementCount <= max(elementLimit, given),
        work(node, reading: given, writing: shape.elementCount) <= workLimit
      else { continue }
      if let moved = moved(operands, by: node) {
        rewriting.replace(index, by: moved)
      } else if let result = try? Reference.evaluate(node.operator, operands) {
        rewriting.replace(index, by: .tensor(result))
      }
    }
    return rewriting.finished()
  }

  /// About how many steps a node takes.
  private func work(_ node: Node, reading given: Int, writing count: Int) -> Int {
    switch node.operator {
    case .pooling, .resize, .localResponseNormalization:
      let (product, overflow) = given.multipliedReportingOverflow(by: count)
      return overflow ? .max : product
    default: return macCount(node)
    }
  }

  /// Coded weights under another shape or permutation.
  private func moved(_ operands: [Constant?], by node: Node) -> Constant? {
    guard case .coded(let coded)?? = operands.first else { return nil }
    switch node.operator {
    case .transpose(let permutation): return Constant.coded(coded).transposed(permutation)
    case .reshape: return self[node.output].type.fixedShape.flatMap(coded.reshaped).map(Constant.coded)
    default: return nil
    }
  }
}

extension Rewriting {
  /// The operands of a node, if all that are there are constants.
  fileprivate func constants(_ node: Node) -> [Constant?]? {
    var operands: [Constant?] = []
    for input in node.inputs {
      guard let id = input else {
        operands.append(nil)
        continue
      }
      guard let constant = graph.constants[id] else { return nil }
      operands.append(constant)
    }
    return operands
  }
}

extension Constant {
  /// The constant with its axes in another order; codes stay codes.
  func transposed(_ permutation: [Int]) -> Constant? {
    switch self {
    case .tensor(let tensor):
      return (try? Reference.evaluate(.transpose(permutation), [.tensor(tensor)])).map(Constant.tensor)
    case .coded(let coded):
      guard case .int8(let codes)? = try? Reference.evaluate(.transpose(permutation), [.tensor(.int8(coded.codes))])
      else { return nil }
      let axis = coded.encoding.axis.flatMap { permutation.firstIndex(of: $0) }
      return .coded(CodedTensor(codes: codes, encoding: coded.encoding.along(axis)))
    }
  }
}

extension CodedTensor {
  /// The same codes under another shape, if their scales still lie along an axis.
  fileprivate func reshaped(_ shape: Shape) -> CodedTensor? {
    guard let axis = encoding.axis else { return CodedTensor(codes: codes.reshaped(shape), encoding: encoding) }
    let inner = self.shape.dimensions[(axis + 1)...].reduce(1, *)
    let place = shape.dimensions.indices.first {
      shape[$0] == self.shape[axis] && shape.dimensions[($0 + 1)...].reduce(1, *) == inner
    }
    guard let place else { return nil }
    return CodedTensor(codes: codes.reshaped(shape), encoding: encoding.along(place))
  }
}

extension Encoding {
  /// The same encoding with its scales along another axis.
  fileprivate func along(_ axis: Int?) -> Encoding {
    switch self {
    case .affine(var affine):
      affine.axis = axis
      return .affine(affine)
    case .ternary(var ternary):
      ternary.axis = axis
      return .ternary(ternary)
    }
  }
}
