/// Inner loops that need the machine's widest vectors, chosen at run time.
///
/// Everything around them is Swift: see the target Kernels. They are C because Swift cannot be
/// told which vectors a function may use, and never contracts a product and a sum into one.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdint.h>

typedef struct {
  const char *name;
  /// Rows and columns of the tile that one call of `tile` computes.
  long rows, columns;
  /// tile[r][c] = (adds ? tile[r][c] : 0) + sum over k of a[r][k] * b[k][c].
  ///
  /// a has rows of CK_STRIDE numbers, b has rows of `columns`, tile rows of `stride`; the rows at
  /// `next` are read ahead for the panel that follows.
  void (*tile)(long depth, const float *a, const float *b, float *tile, long stride, int adds,
               const float *next, long next_stride);
  /// y[m][j] = (adds ? y[m][j] : 0) + x[m] . w[j], for few rows of x.
  void (*dots)(long m, long n, long k, const float *x, long xs, const float *w, long ws, float *y,
               long ys, int adds);
  /// y[m][j] = (adds ? y[m][j] : 0) + sum over k of x[m][k] * w[k][j], for few rows of x.
  void (*sums)(long m, long n, long k, const float *x, long xs, const float *w, long ws, float *y,
               long ys, int adds);
  /// Copies b[k][c] for a panel of columns from rows of x: out[k][c] = x[c][k].
  void (*turn)(long count, long depth, const float *x, long xs, float *out);

  void (*sigmoid)(float *x, long n);
  void (*silu)(float *x, long n);
  void (*silu_times)(const float *g, const float *u, float *y, long n);
  void (*gelu)(float *x, long n);
  void (*tanh_gelu)(float *x, long n);
  void (*tanh)(float *x, long n);
  void (*bound)(float *x, float limit, long n);
  void (*softmax)(float *x, long n, float scale);
  void (*root_mean_square_norm)(const float *x, const float *w, long n, float epsilon, float *y);
  void (*layer_norm)(const float *x, const float *w, const float *b, long n, float epsilon,
                     float *y);
  void (*add)(const float *x, float *y, long n);
  void (*multiply)(const float *x, float *y, long n);
  void (*scale)(float *y, float by, long n);
  void (*add_scaled)(const float *x, float by, float *y, long n);
  float (*dot)(const float *x, const float *y, long n);
  void (*rotate)(float *a, float *b, const float *c, const float *s, long n);
  void (*fill)(float *x, long n, uint64_t key, uint64_t first, float scale);
} ck_loops;

/// The numbers from one row of a broadcast panel to the next: its depth, and a gap so that the rows
/// do not fall into one set of the cache.
#define CK_DEPTH 512
#define CK_STRIDE (CK_DEPTH + 16)

/// How many sets of loops this program has for its kind of machine.
long ck_count(void);
/// One of them, the widest first, or null where this machine cannot run it.
const ck_loops *ck_loops_at(long index);

#endif
