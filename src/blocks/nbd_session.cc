#include "blocks/nbd_session.h"

#include <utility>

#include "blocks/big_endian.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kGreeting = "NBDMAGICIHAVEOPT";
constexpr std::string_view kOptionMagic = "IHAVEOPT";
constexpr uint64_t kOptionReply = 0x3E889045565A9;
constexpr uint32_t kRequest = 0x25609513;
constexpr uint32_t kReply = 0x67446698;

constexpr uint16_t kFixedNewstyle = 1;
constexpr uint16_t kNoPadding = 2;
constexpr size_t kPaddingBytes = 124;

constexpr uint32_t kExportName = 1;
constexpr uint32_t kAbort = 2;
constexpr uint32_t kInfo = 6;
constexpr uint32_t kGo = 7;
constexpr uint32_t kAcknowledged = 1;
constexpr uint32_t kInfoReply = 3;
constexpr uint32_t kUnsupported = (uint32_t{1} << 31) + 1;
constexpr uint32_t kInvalid = (uint32_t{1} << 31) + 3;
constexpr uint16_t kInfoOfExport = 0;
// Has flags, is read-only, may be flushed, may be read over several connections.
constexpr uint16_t kExportFlags = 1 | 2 | 4 | 256;

constexpr uint16_t kRead = 0;
constexpr uint16_t kWrite = 1;
constexpr uint16_t kDisconnect = 2;
constexpr uint16_t kFlush = 3;
constexpr uint16_t kCache = 5;
constexpr uint32_t kNotPermitted = 1;
constexpr uint32_t kInputOutput = 5;
constexpr uint32_t kNotValid = 22;

constexpr size_t kOptionHeadBytes = 16;
constexpr size_t kRequestBytes = 28;
constexpr size_t kMostOptionBytes = 64 << 10;
constexpr uint32_t kMostReadBytes = 32 << 20;  // what clients may ask for without being told another limit

template <typename Integer>
void append(std::string& out, Integer value) {
  for (size_t byte = sizeof(value); byte-- > 0;) out.push_back(static_cast<char>(value >> (8 * byte) & 0xFF));
}

void append_reply(std::string& out, uint32_t error, std::string_view handle) {
  append(out, kReply);
  append(out, error);
  out.append(handle);
}

void append_option_reply(std::string& out, uint32_t option, uint32_t kind, std::string_view data = {}) {
  append(out, kOptionReply);
  append(out, option);
  append(out, kind);
  append(out, static_cast<uint32_t>(data.size()));
  out.append(data);
}

uint32_t number_at(std::string_view bytes, size_t place) {
  return static_cast<uint32_t>(big_endian(bytes.substr(place, 4)));
}

}  // namespace

NbdSession::NbdSession(uint64_t size_bytes, Read read) : size_bytes_(size_bytes), read_(std::move(read)) {}

std::string NbdSession::greet() const {
  std::string out(kGreeting);
  append(out, static_cast<uint16_t>(kFixedNewstyle | kNoPadding));
  return out;
}

size_t NbdSession::end() {
  is_over_ = true;
  return 0;
}

std::string NbdSession::take(std::string_view bytes) {
  std::string out;
  waiting_.append(bytes);
  std::string_view rest = waiting_;
  while (!is_over_) {
    const size_t taken = step(rest, out);
    if (taken == 0) break;
    rest.remove_prefix(taken);
  }
  waiting_.erase(0, waiting_.size() - rest.size());
  return out;
}

size_t NbdSession::step(std::string_view bytes, std::string& out) {
  switch (stage_) {
    case Stage::flags:
      return take_flags(bytes);
    case Stage::options:
      return take_option(bytes, out);
    case Stage::requests:
      return take_request(bytes, out);
  }
  std::unreachable();
}

size_t NbdSession::take_flags(std::string_view bytes) {
  if (bytes.size() < 4) return 0;
  const uint32_t flags = number_at(bytes, 0);
  if ((flags & kFixedNewstyle) == 0 || (flags & ~uint32_t{kFixedNewstyle | kNoPadding}) != 0) return end();
  sends_padding_ = (flags & kNoPadding) == 0;
  stage_ = Stage::options;
  return 4;
}

size_t NbdSession::take_option(std::string_view bytes, std::string& out) {
  if (bytes.size() < kOptionHeadBytes) return 0;
  if (!bytes.starts_with(kOptionMagic)) return end();
  const uint32_t length = number_at(bytes, 12);
  if (length > kMostOptionBytes) return end();
  if (bytes.size() < kOptionHeadBytes + length) return 0;
  answer_option(number_at(bytes, 8), bytes.substr(kOptionHeadBytes, length), out);
  return kOptionHeadBytes + length;
}

void NbdSession::answer_option(uint32_t option, std::string_view data, std::string& out) {
  switch (option) {
    case kExportName:
      append(out, size_bytes_);
      append(out, kExportFlags);
      if (sends_padding_) out.append(kPaddingBytes, '\0');
      stage_ = Stage::requests;
      return;
    case kAbort:
      append_option_reply(out, option, kAcknowledged);
      end();
      return;
    case kInfo:
    case kGo:
      return go(option, data, out);
    default:
      append_option_reply(out, option, kUnsupported);
  }
}

// Length and text of a name, then a count of what is asked for, and that: two bytes each.
void NbdSession::go(uint32_t option, std::string_view data, std::string& out) {
  const uint64_t name_bytes = data.size() < 6 ? data.size() : number_at(data, 0);
  const bool fits =
      name_bytes + 6 <= data.size() && data.size() == name_bytes + 6 + 2 * big_endian(data.substr(4 + name_bytes, 2));
  if (!fits) return append_option_reply(out, option, kInvalid);
  std::string facts;
  append(facts, kInfoOfExport);
  append(facts, size_bytes_);
  append(facts, kExportFlags);
  append_option_reply(out, option, kInfoReply, facts);
  append_option_reply(out, option, kAcknowledged);
  if (option == kGo) stage_ = Stage::requests;
}

size_t NbdSession::take_request(std::string_view bytes, std::string& out) {
  if (bytes.size() < kRequestBytes) return 0;
  if (number_at(bytes, 0) != kRequest) return end();
  const uint64_t kind = big_endian(bytes.substr(6, 2));
  const std::string_view handle = bytes.substr(8, 8);
  const uint64_t offset = big_endian(bytes.substr(16, 8));
  const uint32_t length = number_at(bytes, 24);
  switch (kind) {
    case kRead:
      if (length > kMostReadBytes) return end();
      answer_read(handle, offset, length, out);
      return kRequestBytes;
    case kDisconnect:
      return end();
    case kFlush:
    case kCache:
      append_reply(out, 0, handle);
      return kRequestBytes;
    case kWrite:  // bytes follow, which the client was told not to send
      return end();
    default:
      append_reply(out, kNotPermitted, handle);
      return kRequestBytes;
  }
}

void NbdSession::answer_read(std::string_view handle, uint64_t offset, uint32_t length, std::string& out) {
  if (offset > size_bytes_ || length > size_bytes_ - offset) return append_reply(out, kNotValid, handle);
  const size_t before = out.size();
  append_reply(out, 0, handle);
  const size_t head = out.size();
  out.resize(head + length);
  if (read_(offset, std::span(out).subspan(head)).has_value()) return;
  out.resize(before);
  append_reply(out, kInputOutput, handle);
}

}  // namespace aerolith::blocks
