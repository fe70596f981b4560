import Graphs
import Planning
import Reference
import Tensors

/// An operator without a kernel, evaluated by its definition on copies of its operands. Allocates.
final class ReferenceJob: Job {
  private let `operator`: Operator
  private let operands: [Operand?]
  private let output: UnsafeMutableRawPointer
  private let shape: Shape
  let node: Int
  /// Why the last run failed, if it did.
  private(set) var error: ReferenceError?

  private enum Operand {
    case memory(UnsafeRawPointer, ElementType, Shape)
    case constant(Constant)
  }

  init(_ builder: JobBuilder, _ step: Step, _ operator: Operator, _ operands: [ReferenceOperand?]) {
    let graph = builder.schedule.graph
    self.operator = `operator`
    node = step.node
    let types = graph.nodes[step.node].inputs.map { $0.map { graph[$0].type.elementType } }
    self.operands = zip(operands, types).map { operand, type in
      switch operand {
      case .read(let index, let shape):
        type.map { .memory(UnsafeRawPointer(builder.pointer(step.reads[index])), $0, shape) }
      case .constant(let id): graph.constants[id].map { .constant($0) }
      case nil: nil
      }
    }
    output = builder.pointer(step.writes)
    let type = graph[graph.nodes[step.node].output].type
    shape = (try? type.shape(batch: builder.schedule.batch)) ?? .scalar
    super.init(work: 0)
  }

  override func run(part: Int, of parts: Int) {
    guard part == 0 else { return }
    let values = operands.map { operand -> Constant? in
      switch operand {
      case .memory(let pointer, let type, let shape): .tensor(AnyTensor(copying: pointer, type, shape))
      case .constant(let constant): constant
      case nil: nil
      }
    }
    do throws(ReferenceError) {
      let result = try Reference.evaluate(`operator`, values)
      precondition(result.shape == shape, "The definition gives the inferred shape")
      result.copyBytes(to: output)
      error = nil
    } catch {
      self.error = error
    }
  }
}
