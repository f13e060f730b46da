// RocksDB's CRC32C by the processor's instruction. Debian builds its RocksDB for any processor of the architecture,
// which leaves it the table-driven form: a tenth of all time of small writes. The linker puts this in its place (see
// CMakeLists.txt); rocksdb_crc32c_test.cc holds the two to the same values.
#include <isa-l/crc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

// rocksdb::crc32c::Extend(uint32_t, const char*, size_t) as the linker knows it.
extern "C" uint32_t __wrap__ZN7rocksdb6crc32c6ExtendEjPKcm(uint32_t crc, const char* data, size_t size) {
  auto* next = reinterpret_cast<unsigned char*>(const_cast<char*>(data));
  uint32_t state = ~crc;
  while (size > 0) {
    const size_t piece = std::min<size_t>(size, 1U << 30);  // ISA-L takes an int
    state = crc32_iscsi(next, static_cast<int>(piece), state);
    next += piece;
    size -= piece;
  }
  return ~state;
}
