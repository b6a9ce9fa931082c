/// SSE2, which every x86-64 has: 16 registers of 4 numbers, no fused multiply-add.
#if defined(__x86_64__)
#define LANES 4
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define FEW_SUMS 12
#define KERNELS kernels_sse2
#include "Loops/All.h"
#endif
