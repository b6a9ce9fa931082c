// Every loop, for the vectors that the including file defines: LANES numbers in one, tiles of
// TILE_ROWS × TILE_VECTORS vectors, and FEW_SUMS running sums in products with few rows.
#include <stdint.h>
#include <string.h>

#include "../include/CKernels.h"
#include "Lanes.h"
#include "Transpose.h"
#include "Tile.h"
#include "Few.h"
#include "Exponential.h"
#include "EachNumber.h"
#include "WholeRow.h"
#include "Uniform.h"

const struct kernels KERNELS = {
  .tile_rows = TILE_ROWS,
  .tile_columns = TILE_VECTORS * LANES,
  .lanes = LANES,
  .few_rows = FEW_LIMIT,
  .copy_panel = copy_panel,
  .pack = pack,
  .tile = tile,
  .transpose = transpose,
  .dot_few = dot_few,
  .axpy_few = axpy_few,
  .exponential = each_exponential,
  .sigmoid = each_sigmoid,
  .silu = each_silu,
  .tanh = each_tanh,
  .gelu = each_gelu,
  .tanh_gelu = each_tanh_gelu,
  .softplus = each_softplus,
  .silu_times = silu_times,
  .add = add,
  .multiply = multiply,
  .scale = scale,
  .add_scaled = add_scaled,
  .rotate = rotate,
  .dot = dot,
  .sum = row_sum,
  .squares = row_squares,
  .normalize = normalize,
  .softmax = softmax,
  .uniform = uniform,
};
