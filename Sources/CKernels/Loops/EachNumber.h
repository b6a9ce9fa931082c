// Functions of each number by itself. A last vector that is not full takes the same steps as the
// others, so that a result does not depend on where its number stands.

#define EACH(NAME, ONE) \
  static void NAME(const float *x, float *y, long count) { \
    long i = 0; \
    NO_UNROLL for (; i + LANES <= count; i += LANES) store(y + i, ONE(load(x + i))); \
    if (i < count) store_some(y + i, ONE(load_some(x + i, count - i, 0)), count - i); \
  }

EACH(each_exponential, exponential)
EACH(each_sigmoid, sigmoid_of)
EACH(each_silu, silu_of)
EACH(each_tanh, tanh_of)
EACH(each_gelu, gelu_of)
EACH(each_tanh_gelu, tanh_gelu_of)
EACH(each_softplus, softplus_of)

#define EACH_TWO(NAME, ONE) \
  static void NAME(const float *x, const float *z, float *y, long count) { \
    long i = 0; \
    for (; i + LANES <= count; i += LANES) store(y + i, ONE(load(x + i), load(z + i))); \
    if (i < count) \
      store_some( \
        y + i, ONE(load_some(x + i, count - i, 0), load_some(z + i, count - i, 0)), count - i); \
  }

INLINE lanes silu_times_of(lanes gate, lanes up) { return silu_of(gate) * up; }
INLINE lanes sum_of(lanes x, lanes y) { return x + y; }
INLINE lanes product_of(lanes x, lanes y) { return x * y; }

EACH_TWO(silu_times, silu_times_of)
EACH_TWO(add, sum_of)
EACH_TWO(multiply, product_of)

/// y = x · factor.
static void scale(const float *x, float factor, float *y, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(y + i, load(x + i) * factor);
  if (i < count) store_some(y + i, load_some(x + i, count - i, 0) * factor, count - i);
}

/// y = y + x · factor.
static void add_scaled(const float *x, float factor, float *y, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) store(y + i, load(y + i) + load(x + i) * factor);
  if (i < count) {
    lanes sum = load_some(y + i, count - i, 0) + load_some(x + i, count - i, 0) * factor;
    store_some(y + i, sum, count - i);
  }
}

/// Turns each pair of a first and a second number by its angle.
static void rotate(
  float *first, float *second, const float *cosines, const float *sines, long count) {
  long i = 0;
  for (; i + LANES <= count; i += LANES) {
    lanes a = load(first + i), b = load(second + i), c = load(cosines + i), s = load(sines + i);
    store(first + i, a * c - b * s);
    store(second + i, b * c + a * s);
  }
  if (i < count) {
    long n = count - i;
    lanes a = load_some(first + i, n, 0), b = load_some(second + i, n, 0);
    lanes c = load_some(cosines + i, n, 0), s = load_some(sines + i, n, 0);
    store_some(first + i, a * c - b * s, n);
    store_some(second + i, b * c + a * s, n);
  }
}
