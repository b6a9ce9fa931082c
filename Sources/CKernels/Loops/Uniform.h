// Numbers that look random, each a function of its place alone.

typedef uint32_t naturals __attribute__((ext_vector_type(LANES)));

INLINE naturals mix(naturals v) {
  v = (v ^ v >> 16) * 0x85EBCA6Bu;
  v = (v ^ v >> 13) * 0xC2B2AE35u;
  return v ^ v >> 16;
}

/// Number i is mix(mix(i ^ a) + b), the lower 32 bits of its place i in [first, first + count) and all
/// of what the caller made of the key and of the upper ones; its upper 24 bits, with a sign, times scale.
static void uniform(float *to, long count, uint32_t a, uint32_t b, uint32_t first, float scale) {
  uint32_t all[LANES];
  for (uint32_t i = 0; i < LANES; i++) all[i] = first + i;
  naturals place;
  memcpy(&place, all, sizeof place);
  for (long i = 0; i < count; i += LANES, place += LANES) {
    naturals bits = mix(mix(place ^ a) + b);
    integers high = (integers)bits >> 8;
    lanes value = __builtin_convertvector(high, lanes) * scale;
    if (count - i >= LANES)
      store(to + i, value);
    else
      store_some(to + i, value, count - i);
  }
}
