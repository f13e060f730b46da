// Compiled for AVX-512 (CMakeLists.txt): only what runs_of_16() hands out may use it.
#include "base/lane_kernels.h"

namespace aerolith::lanes {

#if defined(__AVX512F__)
Runs runs_of_16() {
  if (!__builtin_cpu_supports("avx512f")) return {};
  return {&Kernel<Md5, 16>::run, &Kernel<Sha256, 16>::run};
}
#else
Runs runs_of_16() { return {}; }
#endif

}  // namespace aerolith::lanes
