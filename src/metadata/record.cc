#include "metadata/record.h"

namespace aerolith::metadata {

void append_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

bool take_varint(std::string_view& in, uint64_t& value) {
  if (!in.empty() && static_cast<unsigned char>(in.front()) < 0x80) {  // nearly all: sizes of fields
    value = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    return true;
  }
  value = 0;
  for (size_t i = 0; i < in.size() && i < 10; ++i) {
    auto byte = static_cast<unsigned char>(in[i]);
    if (i == 9 && byte > 1) return false;  // over 64 bits
    if (i > 0 && byte == 0) return false;  // not the shortest form
    value |= uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) {
      in.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

void Encoder::close_field(size_t start) {
  std::string size;
  append_varint(size, bytes_.size() - start);
  bytes_.insert(start, size);
}

void Encoder::add_payload(double v) {
  auto bits = std::bit_cast<uint64_t>(v);
  for (int i = 0; i < 8; ++i) bytes_ += static_cast<char>(bits >> (8 * i));
}

bool Decoder::next_field(std::string_view& payload) {
  if (!ok_ || in_.empty()) return false;
  uint64_t size = 0;
  if (!take_varint(in_, size) || size > in_.size()) {
    ok_ = false;
    return false;
  }
  payload = in_.substr(0, size);
  in_.remove_prefix(size);
  return true;
}

bool Decoder::read(std::string_view in, double& v) {
  if (in.size() != 8) return false;
  uint64_t bits = 0;
  for (size_t i = 0; i < 8; ++i) bits |= uint64_t{static_cast<unsigned char>(in[i])} << (8 * i);
  v = std::bit_cast<double>(bits);
  return true;
}

}  // namespace aerolith::metadata
