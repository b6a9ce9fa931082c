// Vectors of LANES numbers.
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define NO_UNROLL _Pragma("clang loop unroll(disable)")

typedef float lanes __attribute__((ext_vector_type(LANES)));
typedef float loose_lanes __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef float four __attribute__((ext_vector_type(4)));
typedef float loose_four __attribute__((ext_vector_type(4), aligned(4), may_alias));

INLINE lanes load(const float *from) { return *(const loose_lanes *)from; }
INLINE void store(float *to, lanes value) { *(loose_lanes *)to = value; }

/// Loads fewer numbers than a vector holds; the rest are `otherwise`.
INLINE lanes load_some(const float *from, long count, float otherwise) {
  lanes all = (lanes)otherwise;
  memcpy(&all, from, (size_t)count * sizeof(float));
  return all;
}

INLINE void store_some(float *to, lanes value, long count) {
  memcpy(to, &value, (size_t)count * sizeof(float));
}

/// The sum of a vector's numbers: of its quarters first, where it has them, and then of four.
INLINE float total(lanes value) {
  float all[LANES];
  store(all, value);
  four sum = *(loose_four *)all;
  UNROLL for (long i = 4; i < LANES; i += 4) sum += *(loose_four *)(all + i);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}
