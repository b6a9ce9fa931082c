#include "CKernels.h"

#include <string.h>

#if defined(__x86_64__)
extern const struct kernels kernels_avx512, kernels_avx2, kernels_sse2;

const struct kernels *kernels_named(const char *name) {
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
    && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (!strcmp(name, "avx512") && avx512) return &kernels_avx512;
  if (!strcmp(name, "avx2") && avx2) return &kernels_avx2;
  if (!strcmp(name, "sse2")) return &kernels_sse2;
  return 0;
}
#else
extern const struct kernels kernels_neon;

const struct kernels *kernels_named(const char *name) {
  return strcmp(name, "neon") ? 0 : &kernels_neon;
}
#endif
