#include <gtest/gtest.h>

#include <string>
#include <string_view>

// In no public header of RocksDB. The second is what the linker keeps of the library's own.
namespace rocksdb::crc32c {
uint32_t Extend(uint32_t crc, const char* data, size_t size);
}
extern "C" uint32_t __real__ZN7rocksdb6crc32c6ExtendEjPKcm(uint32_t crc, const char* data, size_t size);

namespace aerolith::metadata {
namespace {

TEST(RocksdbCrc32c, GivesThePublishedCheckValue) {
  constexpr std::string_view kCheck = "123456789";
  EXPECT_EQ(rocksdb::crc32c::Extend(0, kCheck.data(), kCheck.size()), 0xE3069283U);
}

TEST(RocksdbCrc32c, GivesWhatRocksdbGives) {
  std::string bytes;
  for (size_t size = 0; size < 3000; size += 7) {
    while (bytes.size() < size) bytes.push_back(static_cast<char>(bytes.size() * 131 % 251));
    for (const size_t cut : {size_t{0}, size / 3, size}) {
      const uint32_t ours =
          rocksdb::crc32c::Extend(rocksdb::crc32c::Extend(0, bytes.data(), cut), bytes.data() + cut, size - cut);
      EXPECT_EQ(ours, __real__ZN7rocksdb6crc32c6ExtendEjPKcm(0, bytes.data(), size)) << size << " cut at " << cut;
    }
  }
}

}  // namespace
}  // namespace aerolith::metadata
