/// AVX2 with fused multiply-add: 16 registers of 8 numbers.
#if defined(__x86_64__)
#define LANES 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define FEW_SUMS 12
#define KERNELS kernels_avx2
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Loops/All.h"
#pragma clang attribute pop
#endif
