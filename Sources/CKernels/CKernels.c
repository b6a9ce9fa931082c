#include "CKernels.h"

// Mixes 32 bits so that each depends on all (Wellons 2018, "lowbias32").
static inline __attribute__((always_inline)) uint32_t ck_mix(uint32_t h) {
  h ^= h >> 16;
  h *= 0x7feb352du;
  h ^= h >> 15;
  h *= 0x846ca68bu;
  h ^= h >> 16;
  return h;
}

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#define NAME(x) JOIN(x, _avx512)
#define NAME_TEXT "avx512"
#define LANES 16
#define ROWS 14
#define WIDE 2
#include "loops.h"
#undef NAME
#undef NAME_TEXT
#undef LANES
#undef ROWS
#undef WIDE
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(x) JOIN(x, _avx2)
#define NAME_TEXT "avx2"
#define LANES 8
#define ROWS 6
#define WIDE 2
#include "loops.h"
#undef NAME
#undef NAME_TEXT
#undef LANES
#undef ROWS
#undef WIDE
#pragma clang attribute pop

#define NAME(x) JOIN(x, _sse2)
#define NAME_TEXT "sse2"
#define LANES 4
#define ROWS 6
#define WIDE 2
#include "loops.h"

long ck_count(void) { return 3; }

const ck_loops *ck_loops_at(long index) {
  switch (index) {
    case 0:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
                 ? &loops_avx512
                 : 0;
    case 1:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &loops_avx2 : 0;
    case 2:
      return &loops_sse2;
    default:
      return 0;
  }
}

#else

// Four numbers are what NEON and most other vectors hold; clang takes the vectors apart elsewhere.
#define NAME(x) JOIN(x, _wide)
#define NAME_TEXT "neon"
#define LANES 4
#define ROWS 8
#define WIDE 3
#include "loops.h"

long ck_count(void) { return 1; }

const ck_loops *ck_loops_at(long index) { return index == 0 ? &loops_wide : 0; }

#endif
