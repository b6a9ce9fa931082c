/// AVX-512: 32 registers of 16 numbers.
#if defined(__x86_64__)
#define LANES 16
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define FEW_SUMS 24
#define KERNELS kernels_avx512
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#include "Loops/All.h"
#pragma clang attribute pop
#endif
