// Copies that exchange rows and columns, four by four.

INLINE void transpose_4x4(const float *from, long stride, float *to, long to_stride, bool adds) {
  four a = *(const loose_four *)from, b = *(const loose_four *)(from + stride);
  four c = *(const loose_four *)(from + 2 * stride), d = *(const loose_four *)(from + 3 * stride);
  four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  four ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  four cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  four columns[4] = {
    __builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
    __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5), __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7),
  };
  UNROLL for (long i = 0; i < 4; i++) {
    loose_four *place = (loose_four *)(to + i * to_stride);
    *place = adds ? *place + columns[i] : columns[i];
  }
}

INLINE void transpose_as(
  const float *from, long stride, long rows, long columns, float *to, long to_stride, bool adds) {
  long whole_rows = rows & ~3, whole_columns = columns & ~3;
  for (long j = 0; j < whole_columns; j += 4)
    for (long i = 0; i < whole_rows; i += 4)
      transpose_4x4(from + i * stride + j, stride, to + j * to_stride + i, to_stride, adds);
  for (long j = 0; j < columns; j++)
    for (long i = j < whole_columns ? whole_rows : 0; i < rows; i++) {
      float value = from[i * stride + j];
      to[j * to_stride + i] = adds ? to[j * to_stride + i] + value : value;
    }
}

static void transpose(
  const float *from, long stride, long rows, long columns, float *to, long to_stride, bool adds) {
  if (adds)
    transpose_as(from, stride, rows, columns, to, to_stride, true);
  else
    transpose_as(from, stride, rows, columns, to, to_stride, false);
}
