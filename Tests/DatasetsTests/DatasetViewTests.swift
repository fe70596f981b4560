import Datasets
import Foundation
import Tensors
import Testing

@Suite struct DatasetViewTests {
  private func dataset(_ count: Int) throws -> Dataset {
    let scalars = noise(count * 3 * 8 * 8, seed: 4)
    let labels = AnyTensor.int64(Tensor(shape: [count], scalars: (0..<Int64(count)).map { $0 % 10 }))
    return try Dataset(
      name: "noise", inputs: .uint8(Tensor(shape: [count, 3, 8, 8], scalars: scalars)), labels: labels)
  }

  @Test("A resized set gives each picture as the bilinear filter makes it")
  func resized() throws {
    let whole = try dataset(5)
    let large = whole.resized(rows: 10, columns: 12)
    #expect(large.itemShape == [3, 10, 12] && large.count == 5 && large.labels == whole.labels && large.holdsPixels)
    guard case .uint8(let batch) = try large.batch([4, 1]) else { return }
    var expected: [UInt8] = []
    for index in [4, 1] {
      guard case .uint8(let picture) = try whole.item(at: index) else { return }
      let resized = Resampling.bilinear(picture, rows: 10, columns: 12)
      let item = try large.item(at: index)
      #expect(item == .uint8(resized))
      expected += resized.scalars
    }
    #expect(batch == Tensor(shape: [2, 3, 10, 12], scalars: expected))
  }

  @Test("Kept and held-back items together are all, each once, in order", arguments: [0, 1, 30, 100], UInt64(1)...3)
  func holdingBack(count: Int, seed: UInt64) throws {
    let whole = try dataset(100)
    let (kept, heldBack) = whole.holdingBack(count, seed: seed)
    #expect(heldBack.count == count && kept.count == 100 - count)
    let all = try (0..<100).map { try whole.item(at: $0) }
    let places = try [kept, heldBack].map { part in
      try (0..<part.count).compactMap { index in all.firstIndex(of: try part.item(at: index)) }
    }
    #expect((places[0] + places[1]).sorted() == Array(0..<100))
    #expect(places.allSatisfy { $0 == $0.sorted() })
    #expect(kept.labels == places[0].map { $0 % 10 })
  }

  @Test("The same seed holds the same items back, another one others")
  func deterministic() throws {
    let whole = try dataset(100)
    let labels = (1...3).map { whole.holdingBack(40, seed: $0 == 3 ? 2 : 1).heldBack.labels }
    #expect(labels[0] == labels[1] && labels[0] != labels[2])
  }

  @Test("Views of views are views")
  func nested() throws {
    let whole = try dataset(20)
    let view = whole.holdingBack(5).kept.resized(rows: 4, columns: 4).selecting([3, 3, 0])
    #expect(view.itemShape == [3, 4, 4] && view.count == 3)
    let items = try (0..<3).map { try view.item(at: $0) }
    let batch = try view.batch(0..<3)
    #expect(items[0] == items[1] && items[0] != items[2])
    #expect(batch.shape == [3, 3, 4, 4])
  }
}
