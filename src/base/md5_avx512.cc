// Compiled for AVX-512 (CMakeLists.txt): only what run_of_16() hands out may use it.
#include "base/md5_kernel.h"

namespace aerolith::md5 {

#if defined(__AVX512F__)
Run run_of_16() { return __builtin_cpu_supports("avx512f") ? &Kernel<16>::run : nullptr; }
#else
Run run_of_16() { return nullptr; }
#endif

}  // namespace aerolith::md5
