// What the generator writes and expects to read back: the name and the bytes of object number i, the same in every run,
// so that one run can read what another wrote.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aerolith::load {

uint64_t mix(uint64_t number);

// "<prefix>/<folder of 64>/<16 hex digits>": in no order, spread over folders, as many writers make them.
std::string key_of(std::string_view prefix, uint64_t number);

// Some random bodies of one size, in turn; more than a server's compression could see through.
class Bodies {
 public:
  explicit Bodies(uint64_t size_bytes);

  const std::string& body(uint64_t number) const { return bodies_[number % bodies_.size()]; }
  const std::string& sha256_hex(uint64_t number) const { return sha256_hex_[number % bodies_.size()]; }

 private:
  std::vector<std::string> bodies_;
  std::vector<std::string> sha256_hex_;
};

}  // namespace aerolith::load
