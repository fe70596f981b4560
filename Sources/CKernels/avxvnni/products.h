/* Products of u8 and s8 in AVX-VNNI: one vpdpbusd. The includer has included avx2.h. */
typedef __m256i weights8;
typedef __m256i codes8;

DC_AVX2_INLINE weights8 weights8_of(__m256i w) { return w; }

DC_AVX2_INLINE weights8 weights8_at(const int8_t *weights) {
  return _mm256_loadu_si256((const __m256i *)(const void *)weights);
}

DC_AVX2_INLINE codes8 codes8_of(__m256i codes) { return codes; }

DC_AVX2_INLINE __m256i add_products(__m256i sums, codes8 codes, weights8 weights) {
  return _mm256_dpbusd_avx_epi32(sums, codes, weights);
}
