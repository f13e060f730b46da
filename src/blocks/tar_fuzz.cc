// An archive from outside: members that lie in it, or refused.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "blocks/tar.h"

namespace {

class Bytes final : public aerolith::os::File {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  aerolith::os::Result<size_t> read_at(uint64_t offset, std::span<char> buffer) const override {
    const size_t at = std::min(static_cast<size_t>(offset), bytes_.size());
    const size_t count = std::min(buffer.size(), bytes_.size() - at);
    if (count > 0) std::memcpy(buffer.data(), bytes_.data() + at, count);
    return count;
  }
  aerolith::os::Result<> write_at(uint64_t, std::string_view) override { return {}; }
  aerolith::os::Result<> sync_data() override { return {}; }
  aerolith::os::Result<uint64_t> size() const override { return bytes_.size(); }
  aerolith::os::Result<> truncate(uint64_t) override { return {}; }
  aerolith::os::Result<> preallocate(uint64_t, uint64_t) override { return {}; }
  aerolith::os::Result<> punch_hole(uint64_t, uint64_t) override { return {}; }

 private:
  std::string_view bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto members = aerolith::blocks::list_tar(Bytes({reinterpret_cast<const char*>(data), size}));
  if (!members.has_value()) return 0;
  for (const auto& member : *members) {
    if (member.offset_bytes > size || member.size_bytes > size - member.offset_bytes) std::abort();
  }
  return 0;
}
