// Products of a few rows with many, which read the many once, in place.

enum { FEW_LIMIT = 8 };

/// Dots `rows` rows of `many` with `few` rows; each of the sums is one vector until the end.
INLINE void dots(
  const long few, const long rows, const float *few_start, long few_stride, const float *many,
  long many_stride, long depth, float *to, long to_few_stride, long to_row_stride, bool adds) {
  lanes sums[FEW_LIMIT][FEW_LIMIT];
  UNROLL for (long i = 0; i < few; i++)
    UNROLL for (long j = 0; j < rows; j++) sums[i][j] = (lanes)0.0f;
  long k = 0;
  NO_UNROLL for (; k + LANES <= depth; k += LANES) {
    lanes row[FEW_LIMIT];
    UNROLL for (long j = 0; j < rows; j++) row[j] = load(many + j * many_stride + k);
    UNROLL for (long i = 0; i < few; i++) {
      lanes value = load(few_start + i * few_stride + k);
      UNROLL for (long j = 0; j < rows; j++) sums[i][j] += value * row[j];
    }
  }
  if (k < depth) {
    lanes row[FEW_LIMIT];
    UNROLL for (long j = 0; j < rows; j++)
      row[j] = load_some(many + j * many_stride + k, depth - k, 0);
    UNROLL for (long i = 0; i < few; i++) {
      lanes value = load_some(few_start + i * few_stride + k, depth - k, 0);
      UNROLL for (long j = 0; j < rows; j++) sums[i][j] += value * row[j];
    }
  }
  UNROLL for (long i = 0; i < few; i++)
    UNROLL for (long j = 0; j < rows; j++) {
      float *place = to + i * to_few_stride + j * to_row_stride;
      *place = (adds ? *place : 0) + total(sums[i][j]);
    }
}

/// Products of `few` rows with all others: as many of them at once as there are registers, but no more
/// than four, because memory delivers a few streams faster than many.
INLINE void all_dots(
  const long few, const float *few_start, long few_stride, const float *many, long many_stride,
  long rows, long depth, float *to, long to_few_stride, long to_row_stride, bool adds) {
  const long at_once = FEW_SUMS / few < 4 ? FEW_SUMS / few : 4;
  long row = 0;
  for (; row + at_once <= rows; row += at_once)
    dots(few, at_once, few_start, few_stride, many + row * many_stride, many_stride, depth,
      to + row * to_row_stride, to_few_stride, to_row_stride, adds);
  for (; row < rows; row++)
    dots(few, 1, few_start, few_stride, many + row * many_stride, many_stride, depth,
      to + row * to_row_stride, to_few_stride, to_row_stride, adds);
}

static void dot_few(
  long few, const float *few_start, long few_stride, const float *many, long many_stride,
  long rows, long depth, float *to, long to_few_stride, long to_row_stride, bool adds) {
#define CASE(FEW) \
  case FEW: \
    all_dots(FEW, few_start, few_stride, many, many_stride, rows, depth, to, to_few_stride, \
      to_row_stride, adds); \
    break;
  switch (few) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }
#undef CASE
}

/// Adds up rows of `many`, each times a number, for `vectors` vectors of columns.
INLINE void axpys(
  const long few, const long vectors, const float *few_start, long few_stride,
  long few_depth_stride, const float *many, long many_stride, long depth, float *to,
  long to_stride, bool adds) {
  lanes sums[FEW_LIMIT][FEW_LIMIT];
  UNROLL for (long i = 0; i < few; i++)
    UNROLL for (long j = 0; j < vectors; j++) sums[i][j] = (lanes)0.0f;
  NO_UNROLL for (long k = 0; k < depth; k++) {
    lanes row[FEW_LIMIT];
    UNROLL for (long j = 0; j < vectors; j++) row[j] = load(many + k * many_stride + j * LANES);
    UNROLL for (long i = 0; i < few; i++) {
      lanes value = (lanes)few_start[i * few_stride + k * few_depth_stride];
      UNROLL for (long j = 0; j < vectors; j++) sums[i][j] += value * row[j];
    }
  }
  UNROLL for (long i = 0; i < few; i++)
    UNROLL for (long j = 0; j < vectors; j++) {
      float *place = to + i * to_stride + j * LANES;
      store(place, adds ? load(place) + sums[i][j] : sums[i][j]);
    }
}

INLINE void all_axpys(
  const long few, const float *few_start, long few_stride, long few_depth_stride,
  const float *many, long many_stride, long columns, long depth, float *to, long to_stride,
  bool adds) {
  const long at_once = FEW_SUMS / few < 8 ? FEW_SUMS / few : 8;
  long column = 0;
  for (; column + at_once * LANES <= columns; column += at_once * LANES)
    axpys(few, at_once, few_start, few_stride, few_depth_stride, many + column, many_stride,
      depth, to + column, to_stride, adds);
  for (; column + LANES <= columns; column += LANES)
    axpys(few, 1, few_start, few_stride, few_depth_stride, many + column, many_stride, depth,
      to + column, to_stride, adds);
  for (; column < columns; column++)
    for (long i = 0; i < few; i++) {
      float sum = 0;
      for (long k = 0; k < depth; k++)
        sum += few_start[i * few_stride + k * few_depth_stride] * many[k * many_stride + column];
      to[i * to_stride + column] = (adds ? to[i * to_stride + column] : 0) + sum;
    }
}

static void axpy_few(
  long few, const float *few_start, long few_stride, long few_depth_stride, const float *many,
  long many_stride, long columns, long depth, float *to, long to_stride, bool adds) {
#define CASE(FEW) \
  case FEW: \
    all_axpys(FEW, few_start, few_stride, few_depth_stride, many, many_stride, columns, depth, to, \
      to_stride, adds); \
    break;
  switch (few) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }
#undef CASE
}
