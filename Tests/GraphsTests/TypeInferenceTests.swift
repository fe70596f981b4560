import Graphs
import Tensors
import Testing

@Suite struct TypeInferenceTests {
  @Test("Operands give the type or the problem of the table", arguments: TypeCase.all)
  func followsTheTable(item: TypeCase) {
    let found: TypeCase.Expectation
    do throws(GraphError.Problem) {
      found = .type(try item.operator.inferredType(item.operands))
    } catch {
      found = .problem(error)
    }
    switch (item.expectation, found) {
    case (.type(let expected), .type(let type)): #expect(type == expected)
    case (.problem(let expected), .problem(let problem)): #expect(problem == expected)
    case (.sentence, .problem(.mismatch(let sentence))), (.sentence, .problem(.attribute(let sentence))):
      #expect(!sentence.isEmpty)
    default: Issue.record("found \(found)")
    }
  }

  @Test("Every kind of operator has a case that fits and one that does not", arguments: Operator.Kind.allCases)
  func coversEveryKind(kind: Operator.Kind) {
    let cases = TypeCase.all.filter { $0.operator.kind == kind }
    #expect(cases.contains { if case .type = $0.expectation { true } else { false } })
    #expect(cases.contains { if case .type = $0.expectation { false } else { true } })
  }

  @Test("Operands without any types are refused, never a trap", arguments: TypeCase.all)
  func refusesNothing(item: TypeCase) {
    for operands in [[], [nil], [nil, nil], [TensorType?](repeating: nil, count: 8)] {
      #expect(throws: GraphError.Problem.self) {
        _ = try item.operator.inferredType(operands)
      }
    }
  }

  @Test("Operands of other cases give a type or a problem, never a trap", arguments: 0..<64)
  func survivesForeignOperands(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let types = TypeCase.all.flatMap { $0.operands }
    for item in TypeCase.all {
      let operands = item.operands.map { type in
        generator.next() % 3 == 0 ? type : types.randomElement(using: &generator) ?? nil
      }
      _ = try? item.operator.inferredType(operands)
    }
  }

  @Test("Kinds have names of their own")
  func kindNames() {
    #expect(Set(Operator.Kind.allCases.map(\.description)).count == Operator.Kind.allCases.count)
  }
}
