/// Inner loops that need the machine's widest vectors, chosen at run time.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stdint.h>

/// How far apart the rows of a panel that `copy_panel` made are, and so how deep one block may be.
enum { kernel_panel_depth = 512, kernel_panel_stride = kernel_panel_depth + 16 };

/// The inner loops for one set of instructions.
struct kernels {
  /// How many rows `tile` computes at once, at most.
  long tile_rows;
  /// How many columns `tile` computes at once; packed columns come in panels of so many.
  long tile_columns;
  /// How many numbers a vector holds; the last panel of columns is padded to a multiple of it.
  long lanes;
  /// How many rows `dot_few` and `axpy_few` take of their few operand.
  long few_rows;

  /// Copies rows × depth numbers to rows that are kernel_panel_stride apart.
  void (*copy_panel)(
    const float *from, long row_stride, long depth_stride, long rows, long depth, float *panel);
  /// Packs columns × depth numbers into panels of tile_columns: all its columns for each step in depth.
  void (*pack)(
    const float *from, long column_stride, long depth_stride, long columns, long depth,
    float *packed);
  /// Computes, or adds, rows × columns numbers from a copied panel of rows and packed columns;
  /// meanwhile fetches the rows of the panel that comes next, which are next_stride apart.
  void (*tile)(
    long rows, long columns, long depth, const float *panel, const float *packed, float *to,
    long stride, bool adds, const float *next, long next_stride);
  /// Writes, or adds, from[rows][columns] to its transpose.
  void (*transpose)(
    const float *from, long stride, long rows, long columns, float *to, long to_stride, bool adds);

  /// to[few][rows] = few[few][depth] · many[rows][depth]^T, all with neighbouring numbers in depth.
  void (*dot_few)(
    long few, const float *few_start, long few_stride, const float *many, long many_stride,
    long rows, long depth, float *to, long to_few_stride, long to_row_stride, bool adds);
  /// to[few][columns] = few[few][depth] · many[depth][columns], with neighbouring columns.
  void (*axpy_few)(
    long few, const float *few_start, long few_stride, long few_depth_stride, const float *many,
    long many_stride, long columns, long depth, float *to, long to_stride, bool adds);

  /// Functions of each number; x and y may be the same, in all that follows.
  void (*exponential)(const float *x, float *y, long count);
  void (*sigmoid)(const float *x, float *y, long count);
  void (*silu)(const float *x, float *y, long count);
  void (*tanh)(const float *x, float *y, long count);
  void (*gelu)(const float *x, float *y, long count);
  void (*tanh_gelu)(const float *x, float *y, long count);
  void (*softplus)(const float *x, float *y, long count);
  /// y = silu(gate) · up.
  void (*silu_times)(const float *gate, const float *up, float *y, long count);
  void (*add)(const float *x, const float *z, float *y, long count);
  void (*multiply)(const float *x, const float *z, float *y, long count);
  void (*scale)(const float *x, float factor, float *y, long count);
  /// y = y + x · factor.
  void (*add_scaled)(const float *x, float factor, float *y, long count);
  /// (a, b) = (a cos − b sin, b cos + a sin).
  void (*rotate)(
    float *first, float *second, const float *cosines, const float *sines, long count);
  float (*dot)(const float *x, const float *y, long count);
  float (*sum)(const float *x, long count);
  /// The sum of (x − centre)².
  float (*squares)(const float *x, float centre, long count);
  /// y = (x − centre) · factor · weight + bias; weight and bias may be null.
  void (*normalize)(
    const float *x, float centre, float factor, const float *weight, const float *bias, float *y,
    long count);
  /// exp(x · scale) divided by the sum of all.
  void (*softmax)(const float *x, float scale, float *y, long count);
  /// Numbers in [−2²³, 2²³) · scale that a and b and the place decide.
  void (*uniform)(float *to, long count, uint32_t a, uint32_t b, uint32_t first, float scale);
};

/// The loops for a set of instructions by name, or null where this machine has not got it.
const struct kernels *kernels_named(const char *name);

#endif
