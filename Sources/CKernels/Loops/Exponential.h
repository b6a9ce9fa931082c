// The exponential function and what is made of it; each within a few units in the last place.

typedef int32_t integers __attribute__((ext_vector_type(LANES)));

/// exp(x + more) for a `more` that is at most a tenth; infinite above the range of numbers, zero below it.
INLINE lanes exponential_of_sum(lanes x, lanes more) {
  x = x > 89.0f ? (lanes)89.0f : x;
  x = x < -105.0f ? (lanes)-105.0f : x;
  // Adding 1.5 · 2²³ leaves the nearest integer in the last bits.
  const float shift = 12582912.0f;
  lanes shifted = x * 1.44269504f + shift;
  lanes power = shifted - shift;
  // ln 2 in two parts, the first of few bits, so that its multiples are exact.
  lanes r = x - power * 0.693359375f;
  r = r - power * -2.12194440e-4f + more;
  lanes p = (lanes)1.975633786059916e-4f;
  p = p * r + 1.3978006318211555e-3f;
  p = p * r + 8.333764970302582e-3f;
  p = p * r + 4.166572540998459e-2f;
  p = p * r + 1.6666662693023682e-1f;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  // Two steps, because the power of two alone may be outside the range.
  integers n = (integers)shifted - 0x4B400000;
  integers half = n >> 1;
  lanes first = (lanes)((half + 127) << 23);
  lanes second = (lanes)((n - half + 127) << 23);
  return p * first * second;
}

INLINE lanes exponential(lanes x) { return exponential_of_sum(x, (lanes)0.0f); }

INLINE lanes magnitude(lanes x) {
  return (lanes)((integers)x & 0x7FFFFFFF);
}

/// 1 / (1 + exp(−x)), by the exponential of −|x|, which is never large.
INLINE lanes sigmoid_of(lanes x) {
  lanes e = exponential(-magnitude(x));
  return (x < 0.0f ? e : (lanes)1.0f) / (1.0f + e);
}

/// x without its infinitely small end: functions that vanish there do so long before.
INLINE lanes above(lanes x, float least) { return x < least ? (lanes)least : x; }

INLINE lanes silu_of(lanes x) { return above(x, -200.0f) * sigmoid_of(x); }

INLINE lanes tanh_of(lanes x) {
  lanes t = magnitude(x);
  lanes large = 1.0f - 2.0f / (exponential(2.0f * t) + 1.0f);
  large = x < 0.0f ? -large : large;
  lanes s = x * x;
  lanes p = (lanes)-5.716281943023205e-3f;
  p = p * s + 2.064993418753147e-2f;
  p = p * s + -5.3743306547403336e-2f;
  p = p * s + 1.3331489264965057e-1f;
  p = p * s + -3.333328366279602e-1f;
  lanes small = x + x * s * p;
  return t < 0.625f ? small : large;
}

/// x · Φ(x): Φ(−t) is exp(−t²/2) times a function that a polynomial in (t − 4) / (t + 4) follows.
INLINE lanes gelu_of(lanes x) {
  lanes t = magnitude(above(x, -15.0f));
  t = t > 15.0f ? (lanes)15.0f : t;
  lanes u = (t - 4.0f) / (t + 4.0f);
  lanes p = (lanes)1.1893665032403078e-5f;
  p = p * u + -4.712184454547241e-5f;
  p = p * u + -1.7334443691652268e-4f;
  p = p * u + 6.419990095309913e-4f;
  p = p * u + 5.028090672567487e-4f;
  p = p * u + -8.493082597851753e-3f;
  p = p * u + 3.0865546315908432e-2f;
  p = p * u + -7.170731574296951e-2f;
  p = p * u + 1.2437921017408371e-1f;
  p = p * u + -1.7039772868156433e-1f;
  p = p * u + 9.441064298152924e-2f;
  // The square in two parts, because exp makes much of a small error in a large number.
  lanes head = (lanes)((integers)t & (int32_t)0xFFFFF000);
  lanes rest = (t - head) * (t + head) * -0.5f;
  lanes tail = exponential_of_sum(head * head * -0.5f, rest) * p;
  return above(x, -15.0f) * (x < 0.0f ? tail : 1.0f - tail);
}

/// x · σ(2u) with u = √(2/π) (x + 0.044715 x³), which is the usual x/2 · (1 + tanh u).
INLINE lanes tanh_gelu_of(lanes x) {
  lanes y = above(x, -15.0f);
  return y * sigmoid_of(y * (1.5957691216057308f + 0.07135481627159945f * (y * y)));
}

/// ln(1 + exp x) = max(x, 0) + ln(1 + e) with e = exp(−|x|); ln(1 + e) = 2 artanh(e / (2 + e)).
INLINE lanes softplus_of(lanes x) {
  lanes e = exponential(-magnitude(x));
  lanes u = e / (2.0f + e), s = u * u;
  lanes p = (lanes)1.2150469422340393e-1f;
  p = p * s + 1.0713828355073929e-1f;
  p = p * s + 1.4308442175388336e-1f;
  p = p * s + 1.9999438524246216e-1f;
  p = p * s + 3.3333337306976318e-1f;
  lanes logarithm = 2.0f * (u + u * s * p);
  return above(x, 0.0f) + logarithm;
}
