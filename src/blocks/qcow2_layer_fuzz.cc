// A qcow2 file that a guest's QEMU was made to write: read, or refused.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "blocks/qcow2_layer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith;
  char path[] = "/tmp/aerolith-qcow2-XXXXXX";
  const int file = ::mkstemp(path);
  if (file < 0) return 0;
  const bool is_written = ::write(file, data, size) == static_cast<ssize_t>(size);
  ::close(file);
  os::RealFileSystem files;
  const auto layer = blocks::Qcow2Layer::open(files, path);
  if (is_written && layer.has_value()) {
    std::string buffer(size_t{1} << 16, '\0');
    for (uint64_t offset = 0; offset < (uint64_t{1} << 20); offset += buffer.size()) {
      (void)(*layer)->look(offset, buffer.size());
      (void)(*layer)->lay_over(offset, buffer);
    }
  }
  ::unlink(path);
  return 0;
}
