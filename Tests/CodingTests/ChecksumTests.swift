import Coding
import Testing

@Suite struct ChecksumTests {
  /// The values come from the Python package `xxhash` 3 (`xxhash.xxh64(bytes).intdigest()`).
  @Test(
    "It is XXH64 with seed 0, at lengths around its strides of 32, 8, 4 and 1",
    arguments: [
      (0, 0xEF46_DB37_51D8_E999), (1, 0xE934_A84A_DB05_2768), (3, 0x1EE1_A975_CFE0_AABF),
      (4, 0x1120_5FFA_BFA9_C8C8), (7, 0x988B_AC46_81D0_B05C), (8, 0xE4B9_9C28_23F5_1388),
      (12, 0xC825_67B9_7B6D_3C30), (31, 0xF327_6AA3_EED4_830B), (32, 0x4E9E_0D46_D4C1_9D60),
      (33, 0x2FB8_0FE8_DC7A_8E3E), (39, 0x5ECC_21CC_CFC3_BF0F), (63, 0xB0EA_0BA3_0A54_3D2B),
      (64, 0x90F9_1CE6_98FB_B11C), (100, 0x648D_7793_2CFF_FEEB), (200, 0xE633_2600_DD09_DDF6),
    ] as [(Int, UInt64)])
  func equalsXXH64(count: Int, checksum: UInt64) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * $0 * 7 + 3 * $0) }
    #expect(Checksum.of(bytes) == checksum)
  }
}
