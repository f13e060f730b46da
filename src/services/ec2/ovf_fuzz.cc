// A description from an archive of others: read, or refused.
#include <cstdint>
#include <cstdlib>

#include "services/ec2/ovf.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto files = aerolith::ec2::disk_files_of({reinterpret_cast<const char*>(data), size});
  if (files.has_value() && files->empty()) std::abort();
  return 0;
}
