// The loops for one width of vectors: CKernels.c includes this file once for each, with
// LANES (numbers of a vector), ROWS and WIDE (rows and vectors of a tile) and NAME(x) defined.

typedef float NAME(V) __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int NAME(I) __attribute__((vector_size(4 * LANES), aligned(4)));
typedef unsigned NAME(U) __attribute__((vector_size(4 * LANES), aligned(4)));
#define V NAME(V)
#define I NAME(I)
#define U NAME(U)
#define COLUMNS (LANES * WIDE)

#define LOAD(p) (*(const V *)(p))
#define STORE(p, v) (*(V *)(p) = (v))

static inline V NAME(all)(float x) {
  V v;
  for (int i = 0; i < LANES; i++) v[i] = x;
  return v;
}
#define ALL(x) NAME(all)(x)

// MARK: - Products

static void NAME(tile)(long depth, const float *a, const float *b, float *tile, long stride,
                       int adds, const float *next, long next_stride) {
  V t[ROWS][WIDE];
#pragma clang loop unroll(full)
  for (int r = 0; r < ROWS; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < WIDE; c++) t[r][c] = (V){};
  for (long k = 0; k < depth; k++) {
    V x[WIDE];
#pragma clang loop unroll(full)
    for (int c = 0; c < WIDE; c++) x[c] = LOAD(b + k * COLUMNS + c * LANES);
    __builtin_prefetch(next + (k >> 5) * next_stride + (k & 31) * 16);
#pragma clang loop unroll(full)
    for (int r = 0; r < ROWS; r++) {
      float s = a[r * CK_STRIDE + k];
#pragma clang loop unroll(full)
      for (int c = 0; c < WIDE; c++) t[r][c] += s * x[c];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < ROWS; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < WIDE; c++) {
      float *p = tile + r * stride + c * LANES;
      STORE(p, adds ? LOAD(p) + t[r][c] : t[r][c]);
    }
}

static inline float NAME(sum)(V v) {
  float s = 0;
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) v[i] += v[i + width];
  s = v[0];
  return s;
}

static float NAME(dot)(const float *x, const float *y, long n) {
  V a = {}, b = {}, c = {}, d = {};
  long i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    a += LOAD(x + i) * LOAD(y + i);
    b += LOAD(x + i + LANES) * LOAD(y + i + LANES);
    c += LOAD(x + i + 2 * LANES) * LOAD(y + i + 2 * LANES);
    d += LOAD(x + i + 3 * LANES) * LOAD(y + i + 3 * LANES);
  }
  for (; i + LANES <= n; i += LANES) a += LOAD(x + i) * LOAD(y + i);
  float s = NAME(sum)((a + b) + (c + d));
  for (; i < n; i++) s += x[i] * y[i];
  return s;
}

// One row of w against one row of x at a time would read w once for each; four rows of x share it.
static void NAME(dots)(long m, long n, long k, const float *x, long xs, const float *w, long ws,
                       float *y, long ys, int adds) {
  for (long j = 0; j < n; j++) {
    const float *row = w + j * ws;
    long q = 0;
    for (; q + 4 <= m; q += 4) {
      const float *p = x + q * xs;
      V a[4] = {}, b[4] = {};
      long i = 0;
      for (; i + 2 * LANES <= k; i += 2 * LANES) {
        V u = LOAD(row + i), v = LOAD(row + i + LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < 4; r++) {
          a[r] += u * LOAD(p + r * xs + i);
          b[r] += v * LOAD(p + r * xs + i + LANES);
        }
      }
      for (int r = 0; r < 4; r++) {
        float s = NAME(sum)(a[r] + b[r]);
        for (long e = i; e < k; e++) s += row[e] * p[r * xs + e];
        float *out = y + (q + r) * ys + j;
        *out = adds ? *out + s : s;
      }
    }
    for (; q < m; q++) {
      float s = NAME(dot)(x + q * xs, row, k);
      float *out = y + q * ys + j;
      *out = adds ? *out + s : s;
    }
  }
}

static void NAME(sums)(long m, long n, long k, const float *x, long xs, const float *w, long ws,
                       float *y, long ys, int adds) {
  for (long q = 0; q < m; q++) {
    const float *p = x + q * xs;
    float *out = y + q * ys;
    long j = 0;
    for (; j + 4 * LANES <= n; j += 4 * LANES) {
      V t[4];
      for (int c = 0; c < 4; c++) t[c] = adds ? LOAD(out + j + c * LANES) : (V){};
      for (long e = 0; e < k; e++) {
        float s = p[e];
#pragma clang loop unroll(full)
        for (int c = 0; c < 4; c++) t[c] += s * LOAD(w + e * ws + j + c * LANES);
      }
      for (int c = 0; c < 4; c++) STORE(out + j + c * LANES, t[c]);
    }
    for (; j + LANES <= n; j += LANES) {
      V t = adds ? LOAD(out + j) : (V){};
      for (long e = 0; e < k; e++) t += p[e] * LOAD(w + e * ws + j);
      STORE(out + j, t);
    }
    for (; j < n; j++) {
      float t = adds ? out[j] : 0;
      for (long e = 0; e < k; e++) t += p[e] * w[e * ws + j];
      out[j] = t;
    }
  }
}

static void NAME(turn)(long count, long depth, const float *x, long xs, float *out) {
  for (long c = 0; c < COLUMNS; c++) {
    const float *row = x + c * xs;
    if (c < count)
      for (long k = 0; k < depth; k++) out[k * COLUMNS + c] = row[k];
    else
      for (long k = 0; k < depth; k++) out[k * COLUMNS + c] = 0;
  }
}

// MARK: - Element-wise

static inline V NAME(exp)(V x) {
  // e^x = 2^n e^r with |r| <= ln 2 / 2; the polynomial is Taylor's to the seventh power.
  V low = ALL(-87.3f), high = ALL(88.3f);
  I below = x < low, above = x > high;
  V t = (V)(((I)low & below) | ((I)x & ~below));
  t = (V)(((I)high & above) | ((I)t & ~above));
  V magic = ALL(12582912.0f);
  V n = (t * ALL(1.44269504088896f) + magic) - magic;
  V r = t - n * ALL(0.693359375f);
  r = r - n * ALL(-2.12194440e-4f);
  V p = ALL(1.0f / 5040);
  p = p * r + ALL(1.0f / 720);
  p = p * r + ALL(1.0f / 120);
  p = p * r + ALL(1.0f / 24);
  p = p * r + ALL(1.0f / 6);
  p = p * r + ALL(0.5f);
  p = p * r + ALL(1);
  p = p * r + ALL(1);
  I bits = (__builtin_convertvector(n, I) + 127) << 23;
  V e = p * (V)bits;
  // Below the smallest normal number it is zero.
  return (V)((I)e & ~below);
}

static inline V NAME(choose)(I mask, V yes, V no) {
  return (V)(((I)yes & mask) | ((I)no & ~mask));
}

static inline V NAME(logistic)(V x) { return ALL(1) / (ALL(1) + NAME(exp)(-x)); }

static inline V NAME(tanh_of)(V x) {
  // Near zero a polynomial keeps the last digits; elsewhere 1 - 2 / (e^2x + 1).
  V far = ALL(1) - ALL(2) / (NAME(exp)(x + x) + ALL(1));
  V q = x * x;
  V p = ALL(62.0f / 2835);
  p = ALL(-17.0f / 315) + q * p;
  p = ALL(2.0f / 15) + q * p;
  p = ALL(-1.0f / 3) + q * p;
  V near = x + x * q * p;
  I small = q < ALL(0.0225f);
  return NAME(choose)(small, near, far);
}

static inline V NAME(erf_of)(V x) {
  // Abramowitz and Stegun 7.1.26: within 1.5e-7 everywhere.
  V zero = {};
  I negative = x < zero;
  V a = NAME(choose)(negative, -x, x);
  V t = ALL(1) / (ALL(1) + ALL(0.3275911f) * a);
  V p = ALL(1.061405429f);
  p = ALL(-1.453152027f) + p * t;
  p = ALL(1.421413741f) + p * t;
  p = ALL(-0.284496736f) + p * t;
  p = ALL(0.254829592f) + p * t;
  V y = ALL(1) - p * t * NAME(exp)(-a * a);
  return NAME(choose)(negative, -y, y);
}

// Applies an expression in the vector x to every number of an array, the last ones in a padded copy.
#define EACH(type, name, expression)                                                              \
  static void NAME(name)(float *p, long n) {                                                      \
    long i = 0;                                                                                   \
    for (; i + LANES <= n; i += LANES) {                                                          \
      V x = LOAD(p + i);                                                                          \
      STORE(p + i, expression);                                                                   \
    }                                                                                             \
    if (i < n) {                                                                                  \
      V x = {};                                                                                   \
      __builtin_memcpy(&x, p + i, 4 * (n - i));                                                   \
      V y = expression;                                                                           \
      __builtin_memcpy(p + i, &y, 4 * (n - i));                                                   \
    }                                                                                             \
  }

EACH(V, sigmoid, NAME(logistic)(x))
EACH(V, silu, x / (ALL(1) + NAME(exp)(-x)))
EACH(V, gelu, ALL(0.5f) * x * (ALL(1) + NAME(erf_of)(x * ALL(0.70710678f))))
EACH(V, tanh_gelu,
     ALL(0.5f) * x *
         (ALL(1) + NAME(tanh_of)(ALL(0.79788456f) * (x + ALL(0.044715f) * x * x * x))))
EACH(V, tanh, NAME(tanh_of)(x))

static void NAME(bound)(float *p, float limit, long n) {
  for (long i = 0; i < n; i++) p[i] /= limit;
  NAME(tanh)(p, n);
  for (long i = 0; i < n; i++) p[i] *= limit;
}

static void NAME(silu_times)(const float *g, const float *u, float *y, long n) {
  long i = 0;
  for (; i + LANES <= n; i += LANES) {
    V x = LOAD(g + i);
    STORE(y + i, x / (ALL(1) + NAME(exp)(-x)) * LOAD(u + i));
  }
  if (i < n) {
    V x = {}, f = {};
    __builtin_memcpy(&x, g + i, 4 * (n - i));
    __builtin_memcpy(&f, u + i, 4 * (n - i));
    V r = x / (ALL(1) + NAME(exp)(-x)) * f;
    __builtin_memcpy(y + i, &r, 4 * (n - i));
  }
}

static void NAME(softmax)(float *p, long n, float scale) {
  float greatest = -__builtin_inff();
  long i = 0;
  V most = ALL(greatest);
  for (; i + LANES <= n; i += LANES) {
    V x = LOAD(p + i) * ALL(scale);
    STORE(p + i, x);
    most = NAME(choose)(x > most, x, most);
  }
  for (int l = 0; l < LANES; l++) greatest = most[l] > greatest ? most[l] : greatest;
  for (; i < n; i++) {
    p[i] *= scale;
    greatest = p[i] > greatest ? p[i] : greatest;
  }
  V sums = {};
  float sum = 0;
  for (i = 0; i + LANES <= n; i += LANES) {
    V e = NAME(exp)(LOAD(p + i) - ALL(greatest));
    STORE(p + i, e);
    sums += e;
  }
  if (i < n) {
    V x = ALL(-__builtin_inff());
    __builtin_memcpy(&x, p + i, 4 * (n - i));
    V e = NAME(exp)(x - ALL(greatest));
    __builtin_memcpy(p + i, &e, 4 * (n - i));
    sums += e;
  }
  sum = NAME(sum)(sums);
  for (i = 0; i + LANES <= n; i += LANES) STORE(p + i, LOAD(p + i) / ALL(sum));
  for (; i < n; i++) p[i] /= sum;
}

static void NAME(root_mean_square_norm)(const float *x, const float *w, long n, float epsilon,
                                        float *y) {
  float inverse = 1 / __builtin_sqrtf(NAME(dot)(x, x, n) / n + epsilon);
  if (w)
    for (long i = 0; i < n; i++) y[i] = x[i] * inverse * w[i];
  else
    for (long i = 0; i < n; i++) y[i] = x[i] * inverse;
}

static void NAME(layer_norm)(const float *x, const float *w, const float *b, long n, float epsilon,
                             float *y) {
  V sums = {};
  long i = 0;
  for (; i + LANES <= n; i += LANES) sums += LOAD(x + i);
  float sum = NAME(sum)(sums);
  for (; i < n; i++) sum += x[i];
  float mean = sum / n;
  for (i = 0; i < n; i++) y[i] = x[i] - mean;
  float inverse = 1 / __builtin_sqrtf(NAME(dot)(y, y, n) / n + epsilon);
  for (i = 0; i < n; i++) y[i] *= inverse;
  if (w)
    for (i = 0; i < n; i++) y[i] *= w[i];
  if (b)
    for (i = 0; i < n; i++) y[i] += b[i];
}

static void NAME(add)(const float *x, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] += x[i];
}

static void NAME(multiply)(const float *x, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] *= x[i];
}

static void NAME(scale)(float *y, float by, long n) {
  for (long i = 0; i < n; i++) y[i] *= by;
}

static void NAME(add_scaled)(const float *x, float by, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] += by * x[i];
}

static void NAME(rotate)(float *a, float *b, const float *c, const float *s, long n) {
  for (long i = 0; i < n; i++) {
    float p = a[i], q = b[i];
    a[i] = p * c[i] - q * s[i];
    b[i] = q * c[i] + p * s[i];
  }
}

static void NAME(fill)(float *x, long n, uint64_t key, uint64_t first, float scale) {
  long i = 0;
  while (i < n) {
    // Within a run of 2^32 numbers only the low half of the counter changes.
    uint64_t begin = first + i;
    uint64_t run = (1ull << 32) - (begin & 0xffffffffull);
    long count = (uint64_t)(n - i) < run ? n - i : (long)run;
    uint32_t salt = (uint32_t)key ^ ck_mix((uint32_t)(key >> 32) + (uint32_t)(begin >> 32) * 0x9e3779b9u);
    uint32_t low = (uint32_t)begin;
    float *out = x + i;
    for (long j = 0; j < count; j++) {
      uint32_t h = ck_mix((low + (uint32_t)j) ^ salt);
      out[j] = ((float)(int32_t)(h >> 8) * 0x1p-23f - 1.0f) * scale;
    }
    i += count;
  }
}

static const ck_loops NAME(loops) = {
    NAME_TEXT,       ROWS,
    COLUMNS,         NAME(tile),
    NAME(dots),      NAME(sums),
    NAME(turn),      NAME(sigmoid),
    NAME(silu),      NAME(silu_times),
    NAME(gelu),      NAME(tanh_gelu),
    NAME(tanh),      NAME(bound),
    NAME(softmax),   NAME(root_mean_square_norm),
    NAME(layer_norm), NAME(add),
    NAME(multiply),  NAME(scale),
    NAME(add_scaled), NAME(dot),
    NAME(rotate),    NAME(fill),
};

#undef V
#undef I
#undef U
#undef COLUMNS
#undef LOAD
#undef STORE
#undef ALL
#undef EACH
