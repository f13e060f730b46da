// Queries as clients write them, and a reader of answers that is not the library under test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aerolith::dns::testing_support {

inline void put16(std::string& bytes, unsigned value) {
  bytes += static_cast<char>(value >> 8);
  bytes += static_cast<char>(value & 0xff);
}
inline unsigned get16(std::string_view bytes, size_t at) {
  return static_cast<unsigned char>(bytes.at(at)) * 256U + static_cast<unsigned char>(bytes.at(at + 1));
}

struct QueryParts {
  std::string name;
  unsigned type = 1;
  unsigned record_class = 1;
  unsigned flags = 0x0100;  // recursion desired
  int edns_size = -1;       // below 0: no EDNS
  unsigned edns_version = 0;
  unsigned id = 0x1234;
};

inline std::string name_bytes(std::string_view name) {
  std::string bytes;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    bytes += static_cast<char>(label.size());
    bytes += label;
    name.remove_prefix(label.size() < name.size() ? label.size() + 1 : name.size());
  }
  return bytes + '\0';
}

inline std::string make_query(const QueryParts& parts) {
  std::string bytes;
  put16(bytes, parts.id);
  put16(bytes, parts.flags);
  for (const unsigned count : {1U, 0U, 0U, parts.edns_size >= 0 ? 1U : 0U}) put16(bytes, count);
  bytes += name_bytes(parts.name);
  put16(bytes, parts.type);
  put16(bytes, parts.record_class);
  if (parts.edns_size >= 0) {
    bytes += '\0';
    put16(bytes, 41);
    put16(bytes, static_cast<unsigned>(parts.edns_size));
    put16(bytes, parts.edns_version);  // extended code 0 before it
    put16(bytes, 0);
    put16(bytes, 0);
  }
  return bytes;
}

struct AnswerParts {
  unsigned id = 0;
  unsigned flags = 0;
  unsigned code = 0;
  unsigned authorities = 0;
  std::vector<std::string> addresses;  // data of A and AAAA records
  bool is_cut() const { return (flags & 0x0200) != 0; }
  bool is_authoritative() const { return (flags & 0x0400) != 0; }
  bool offers_recursion() const { return (flags & 0x0080) != 0; }
};

inline size_t skip_name(std::string_view bytes, size_t at) {
  while (true) {
    const auto size = static_cast<unsigned char>(bytes.at(at));
    if (size >= 0xc0) return at + 2;
    if (size == 0) return at + 1;
    at += 1 + size;
  }
}

// Throws std::out_of_range for what is no answer.
inline AnswerParts read_answer(std::string_view bytes) {
  AnswerParts parts{.id = get16(bytes, 0), .flags = get16(bytes, 2), .code = get16(bytes, 2) & 0x0f};
  size_t at = 12;
  for (unsigned i = 0; i < get16(bytes, 4); ++i) at = skip_name(bytes, at) + 4;
  for (unsigned i = 0; i < get16(bytes, 6); ++i) {
    at = skip_name(bytes, at);
    const unsigned size = get16(bytes, at + 8);
    parts.addresses.emplace_back(bytes.substr(at + 10, size));
    at += 10 + size;
  }
  parts.authorities = get16(bytes, 8);
  return parts;
}

}  // namespace aerolith::dns::testing_support
