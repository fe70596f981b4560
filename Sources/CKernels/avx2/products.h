/* Products of u8 and s8 in AVX2, exact: vpmaddubsw would saturate, so bytes at even and at odd places are widened to
   16 bits apart, and vpmaddwd multiplies and adds. The includer has included avx2.h. */
typedef struct weights8 {
  __m256i even, odd;
} weights8;
typedef weights8 codes8;

DC_AVX2_INLINE weights8 weights8_of(__m256i w) {
  weights8 r = {_mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8), _mm256_srai_epi16(w, 8)};
  return r;
}

DC_AVX2_INLINE weights8 weights8_at(const int8_t *weights) {
  return weights8_of(_mm256_loadu_si256((const __m256i *)(const void *)weights));
}

DC_AVX2_INLINE codes8 codes8_of(__m256i codes) {
  codes8 r = {_mm256_and_si256(codes, _mm256_set1_epi16(255)), _mm256_srli_epi16(codes, 8)};
  return r;
}

DC_AVX2_INLINE __m256i add_products(__m256i sums, codes8 codes, weights8 weights) {
  __m256i even = _mm256_madd_epi16(codes.even, weights.even), odd = _mm256_madd_epi16(codes.odd, weights.odd);
  return _mm256_add_epi32(sums, _mm256_add_epi32(even, odd));
}
