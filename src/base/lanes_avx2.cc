// Compiled for AVX2 (CMakeLists.txt): only what runs_of_8() hands out may use it.
#include "base/lane_kernels.h"

namespace aerolith::lanes {

#if defined(__AVX2__)
Runs runs_of_8() {
  if (!__builtin_cpu_supports("avx2")) return {};
  return {&Kernel<Md5, 8>::run, &Kernel<Sha256, 8>::run};
}
#else
Runs runs_of_8() { return {}; }
#endif

}  // namespace aerolith::lanes
