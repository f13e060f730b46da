// Compiled for AVX2 (CMakeLists.txt): only what run_of_8() hands out may use it.
#include "base/md5_kernel.h"

namespace aerolith::md5 {

#if defined(__AVX2__)
Run run_of_8() { return __builtin_cpu_supports("avx2") ? &Kernel<8>::run : nullptr; }
#else
Run run_of_8() { return nullptr; }
#endif

}  // namespace aerolith::md5
