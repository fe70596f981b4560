import Graphs
import Tensors
import Testing

@Suite struct CodeSetTests {
  @Test("A range holds its codes, as far as they are codes of 8 bits")
  func ranges() {
    #expect(CodeSet(0...255) == .all)
    #expect(CodeSet(-5...300) == .all)
    #expect((0...255).filter { CodeSet(62...65).contains(UInt8($0)) } == [62, 63, 64, 65])
    #expect(CodeSet(0...2).bits == 0b11)
    #expect(CodeSet(2...2).union(CodeSet(8...8)).bits == 0b1010)
    #expect(CodeSet.none.bits == 0)
  }

  @Test("Codes follow tables, movements and pooling; what nothing is known of can be anything")
  func graphs() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.uint8, [.batch(1), .fixed(4), .fixed(4), .fixed(4)]))
    let signs = LookupTable(results: (0...255).map { $0 < 128 ? 0 : 2 })
    let sign = try graph.append(.integer(.lookup(signs)), [x], name: "sign")
    let window = Window(kernel: [2, 2], strides: [2, 2])
    let pooled = try graph.append(.pooling(Pooling(kind: .maximum, window: window)), [sign], name: "pool")
    let both = try graph.append(.concatenation(axis: 1), [x, sign], name: "both")
    let doubled = LookupTable(results: (0...255).map { $0 < 2 ? 0 : 4 })
    let last = try graph.append(.integer(.lookup(doubled)), [pooled], name: "last")
    let sets = graph.codeSets
    #expect(sets[x.index] == .all)
    #expect(sets[sign.index].bits == 2)
    #expect(sets[pooled.index].bits == 2)
    #expect(sets[both.index] == .all)
    #expect(sets[last.index].bits == 4)
  }
}
