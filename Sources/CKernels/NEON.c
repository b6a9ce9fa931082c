/// NEON, or whatever the compiler takes by itself: 32 registers of 4 numbers.
#if !defined(__x86_64__)
#define LANES 4
#define TILE_ROWS 8
#define TILE_VECTORS 3
#define FEW_SUMS 24
#define KERNELS kernels_neon
#include "Loops/All.h"
#endif
