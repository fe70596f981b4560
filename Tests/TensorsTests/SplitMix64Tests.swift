import Tensors
import Testing

@Suite struct SplitMix64Tests {
  // The first numbers for two seeds, as published with the reference implementation
  // (https://prng.di.unimi.it/splitmix64.c; 1234567 is the vector of Rosetta Code, "Pseudo-random numbers/Splitmix64").
  @Test("The numbers are those of the reference implementation")
  func vectors() {
    var generator = SplitMix64(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in generator.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
    var zero = SplitMix64(seed: 0)
    #expect(zero.next() == 0xE220_A839_7B1D_CDAF)
  }

  @Test("A unit number is at least 0 and below 1, and the same for the same seed", arguments: [0, 1, UInt64.max])
  func units(seed: UInt64) {
    var (a, b) = (SplitMix64(seed: seed), SplitMix64(seed: seed))
    for _ in 0..<1000 {
      let unit = a.nextUnit()
      #expect(unit >= 0 && unit < 1)
      #expect(unit == b.nextUnit())
    }
  }

  @Test("Random tensors stay in their range and depend on the seed alone")
  func tensors() {
    let tensor = Tensor.random([4, 5], in: -3...2, seed: 7)
    #expect(tensor == Tensor.random([4, 5], in: -3...2, seed: 7))
    #expect(tensor != Tensor.random([4, 5], in: -3...2, seed: 8))
    #expect(tensor.scalars.allSatisfy { (-3...2).contains($0) })
  }
}
