// Functions of a whole row. Sums run in four vectors, so that additions need not wait for each other.

enum { STEP = 4 * LANES };

static float dot(const float *x, const float *y, long count) {
  lanes sums[4] = {(lanes)0.0f, (lanes)0.0f, (lanes)0.0f, (lanes)0.0f};
  long i = 0;
  NO_UNROLL for (; i + STEP <= count; i += STEP)
    UNROLL for (long j = 0; j < 4; j++)
      sums[j] += load(x + i + j * LANES) * load(y + i + j * LANES);
  for (; i < count; i += LANES) {
    long n = count - i < LANES ? count - i : LANES;
    sums[0] += load_some(x + i, n, 0) * load_some(y + i, n, 0);
  }
  return total((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// The sum of the numbers.
static float row_sum(const float *x, long count) {
  lanes sums[4] = {(lanes)0.0f, (lanes)0.0f, (lanes)0.0f, (lanes)0.0f};
  long i = 0;
  NO_UNROLL for (; i + STEP <= count; i += STEP)
    UNROLL for (long j = 0; j < 4; j++) sums[j] += load(x + i + j * LANES);
  for (; i < count; i += LANES)
    sums[0] += load_some(x + i, count - i < LANES ? count - i : LANES, 0);
  return total((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// The sum of the squares of what the numbers differ from the centre.
static float row_squares(const float *x, float centre, long count) {
  lanes sums[4] = {(lanes)0.0f, (lanes)0.0f, (lanes)0.0f, (lanes)0.0f};
  long i = 0;
  NO_UNROLL for (; i + STEP <= count; i += STEP)
    UNROLL for (long j = 0; j < 4; j++) {
      lanes difference = load(x + i + j * LANES) - centre;
      sums[j] += difference * difference;
    }
  for (; i < count; i += LANES) {
    lanes difference = load_some(x + i, count - i < LANES ? count - i : LANES, centre) - centre;
    sums[0] += difference * difference;
  }
  return total((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// y = (x − centre) · factor, times a weight and plus a bias where there are any.
static void normalize(
  const float *x, float centre, float factor, const float *weight, const float *bias, float *y,
  long count) {
  for (long i = 0; i < count; i += LANES) {
    long n = count - i < LANES ? count - i : LANES;
    bool whole = n == LANES;
    lanes value = ((whole ? load(x + i) : load_some(x + i, n, 0)) - centre) * factor;
    if (weight) value = value * (whole ? load(weight + i) : load_some(weight + i, n, 0));
    if (bias) value = value + (whole ? load(bias + i) : load_some(bias + i, n, 0));
    if (whole)
      store(y + i, value);
    else
      store_some(y + i, value, n);
  }
}

/// exp(x · scale) divided by the sum of all; without any number above −∞, all are zero.
static void softmax(const float *x, float scale, float *y, long count) {
  lanes most[4] = {
    (lanes)-3.40282347e38f, (lanes)-3.40282347e38f, (lanes)-3.40282347e38f, (lanes)-3.40282347e38f
  };
  long i = 0;
  NO_UNROLL for (; i + STEP <= count; i += STEP)
    UNROLL for (long j = 0; j < 4; j++) {
      lanes value = load(x + i + j * LANES) * scale;
      most[j] = most[j] < value ? value : most[j];
    }
  for (; i < count; i += LANES) {
    lanes value = load_some(x + i, count - i < LANES ? count - i : LANES, x[0]) * scale;
    most[0] = most[0] < value ? value : most[0];
  }
  float all[STEP], largest = -3.40282347e38f;
  UNROLL for (long j = 0; j < 4; j++) store(all + j * LANES, most[j]);
  for (long j = 0; j < STEP; j++) largest = all[j] > largest ? all[j] : largest;

  lanes sums[2] = {(lanes)0.0f, (lanes)0.0f};
  i = 0;
  NO_UNROLL for (; i + 2 * LANES <= count; i += 2 * LANES)
    UNROLL for (long j = 0; j < 2; j++) {
      lanes value = exponential(load(x + i + j * LANES) * scale - largest);
      store(y + i + j * LANES, value);
      sums[j] += value;
    }
  for (; i < count; i += LANES) {
    long n = count - i < LANES ? count - i : LANES;
    lanes value = exponential(load_some(x + i, n, 0) * scale - largest);
    float part[LANES];
    store(part, value);
    for (long j = n; j < LANES; j++) part[j] = 0;
    store_some(y + i, value, n);
    sums[0] += load(part);
  }
  float sum = total(sums[0] + sums[1]);
  scale = sum > 0 ? 1 / sum : 0;
  for (i = 0; i + LANES <= count; i += LANES) store(y + i, load(y + i) * scale);
  for (; i < count; i++) y[i] *= scale;
}
