// The product of a copied panel of rows and packed columns, with all sums of a tile in registers.

enum { TILE_COLUMNS = TILE_VECTORS * LANES };

INLINE void copy(const float *from, long count, float *to) {
  long k = 0;
  for (; k + LANES <= count; k += LANES) store(to + k, load(from + k));
  for (; k < count; k++) to[k] = from[k];
}

static void copy_panel(
  const float *from, long row_stride, long depth_stride, long rows, long depth, float *panel) {
  for (long i = 0; i < rows; i++, from += row_stride, panel += kernel_panel_stride) {
    if (depth_stride == 1)
      copy(from, depth, panel);
    else
      for (long k = 0; k < depth; k++) panel[k] = from[k * depth_stride];
  }
}

/// Packs whole panels whose columns are neighbours, row by row as they lie in memory.
static void pack_neighbours(
  const float *from, long depth_stride, long panels, long depth, float *packed) {
  for (long k = 0; k < depth; k++, from += depth_stride, packed += TILE_COLUMNS)
    for (long panel = 0; panel < panels; panel++)
      for (long j = 0; j < TILE_COLUMNS; j += LANES)
        store(
          packed + panel * TILE_COLUMNS * depth + j, load(from + panel * TILE_COLUMNS + j));
}

static void pack(
  const float *from, long column_stride, long depth_stride, long columns, long depth,
  float *packed) {
  if (column_stride == 1 && depth_stride != 1) {
    long whole = columns / TILE_COLUMNS;
    pack_neighbours(from, depth_stride, whole, depth, packed);
    from += whole * TILE_COLUMNS;
    columns -= whole * TILE_COLUMNS;
    packed += whole * TILE_COLUMNS * depth;
  }
  for (long first = 0; first < columns; first += TILE_COLUMNS, from += TILE_COLUMNS * column_stride) {
    long count = columns - first < TILE_COLUMNS ? columns - first : TILE_COLUMNS;
    long width = (count + LANES - 1) / LANES * LANES;
    if (depth_stride == 1) {
      transpose(from, column_stride, count, depth, packed, width, false);
    } else {
      for (long k = 0; k < depth; k++)
        for (long j = 0; j < count; j++)
          packed[k * width + j] = from[k * depth_stride + j * column_stride];
    }
    if (width > count)
      for (long k = 0; k < depth; k++)
        for (long j = count; j < width; j++) packed[k * width + j] = 0;
    packed += width * depth;
  }
}

/// One tile; with constant `rows` and `vectors` its sums are registers. Each step in depth fetches one
/// line of the next panel: steps walk down its rows first, then along them.
INLINE void one_tile(
  const long rows, const long vectors, long depth, const float *panel, const float *packed,
  float *to, long stride, bool adds, const float *next, long next_stride) {
  enum { SPREAD = TILE_ROWS > 8 ? 16 : 8 };
  lanes sums[TILE_ROWS][TILE_VECTORS];
  UNROLL for (long i = 0; i < rows; i++)
    UNROLL for (long j = 0; j < vectors; j++) sums[i][j] = (lanes)0.0f;
  NO_UNROLL for (long k = 0; k < depth; k++, packed += vectors * LANES) {
    __builtin_prefetch(next + (k & (SPREAD - 1)) * next_stride + k / SPREAD * 16, 0, 2);
    lanes column[TILE_VECTORS];
    UNROLL for (long j = 0; j < vectors; j++) column[j] = load(packed + j * LANES);
    UNROLL for (long i = 0; i < rows; i++) {
      lanes value = (lanes)panel[i * kernel_panel_stride + k];
      UNROLL for (long j = 0; j < vectors; j++) sums[i][j] += value * column[j];
    }
  }
  UNROLL for (long i = 0; i < rows; i++)
    UNROLL for (long j = 0; j < vectors; j++) {
      float *place = to + i * stride + j * LANES;
      store(place, adds ? load(place) + sums[i][j] : sums[i][j]);
    }
}

/// A tile whose columns do not fill its vectors.
INLINE void last_tile(
  const long rows, const long vectors, long columns, long depth, const float *panel,
  const float *packed, float *to, long stride, bool adds, const float *next, long next_stride) {
  if (columns == vectors * LANES) {
    one_tile(rows, vectors, depth, panel, packed, to, stride, adds, next, next_stride);
    return;
  }
  float all[TILE_ROWS * TILE_COLUMNS];
  one_tile(rows, vectors, depth, panel, packed, all, TILE_COLUMNS, false, next, next_stride);
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++)
      to[i * stride + j] = (adds ? to[i * stride + j] : 0) + all[i * TILE_COLUMNS + j];
}

/// All tiles of one panel of rows; the last of them fetches the next panel, the others nothing new.
INLINE void tiles(
  const long rows, long columns, long depth, const float *panel, const float *packed, float *to,
  long stride, bool adds, const float *next, long next_stride) {
  for (; columns > TILE_COLUMNS; columns -= TILE_COLUMNS) {
    one_tile(rows, TILE_VECTORS, depth, panel, packed, to, stride, adds, panel, 0);
    packed += TILE_COLUMNS * depth;
    to += TILE_COLUMNS;
  }
  long vectors = (columns + LANES - 1) / LANES;
  if (vectors == 1)
    last_tile(rows, 1, columns, depth, panel, packed, to, stride, adds, next, next_stride);
  if (vectors == 2)
    last_tile(rows, 2, columns, depth, panel, packed, to, stride, adds, next, next_stride);
#if TILE_VECTORS > 2
  if (vectors == 3)
    last_tile(rows, 3, columns, depth, panel, packed, to, stride, adds, next, next_stride);
#endif
}

static void tile(
  long rows, long columns, long depth, const float *panel, const float *packed, float *to,
  long stride, bool adds, const float *next, long next_stride) {
#define CASE(ROWS) \
  case ROWS: \
    tiles(ROWS, columns, depth, panel, packed, to, stride, adds, next, next_stride); \
    break;
  switch (rows) {
    CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if TILE_ROWS > 6
    CASE(7) CASE(8)
#endif
#if TILE_ROWS > 8
    CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
  }
#undef CASE
}
