// Feeds bytes to the code that every connection's head and chunked body go through, whole and in pieces:
// how the bytes are cut must not change what they mean.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_parser.h"

namespace {

using namespace aerolith::http;

constexpr size_t kLimitBytes = 8 * 1024;

void require(bool holds) {
  if (!holds) std::abort();
}

// The head's size, 0 when unfinished, or the status of the refusal, negative.
long scan(std::string_view bytes, size_t step) {
  HeadScanner scanner;
  for (size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    const auto size = scanner.scan(bytes.substr(0, end), kLimitBytes);
    if (!size.has_value()) return -size.error().status;
    if (*size > 0 || end == bytes.size()) return static_cast<long>(*size);
  }
}

struct Decoded {
  std::string body;
  bool done = false;
  bool failed = false;
};

Decoded decode(std::string_view input, size_t input_step, size_t output_step) {
  Decoded decoded;
  ChunkDecoder decoder;
  std::vector<char> room(output_step);
  size_t start = 0;
  for (size_t end = std::min(input_step, input.size());;) {
    const auto progress = decoder.decode(input.substr(start, end - start), room);
    if (!progress.has_value()) {
      decoded.failed = true;
      return decoded;
    }
    require(progress->produced_bytes <= room.size());
    start += progress->consumed_bytes;
    require(start <= end);
    decoded.body.append(room.data(), progress->produced_bytes);
    if (decoder.is_done()) {
      decoded.done = true;
      return decoded;
    }
    if (progress->consumed_bytes > 0) continue;
    if (end == input.size()) return decoded;
    end = std::min(end + input_step, input.size());
  }
}

void check_head(std::string_view bytes) {
  const auto parsed = parse_head(bytes);
  if (!parsed.has_value()) {
    require(parsed.error().status >= 400 && parsed.error().status < 600);
    return;
  }
  const RequestHead& head = parsed->head;
  require(!head.method.empty());
  require(head.target == "*" || head.target.starts_with('/'));
  require(head.path().size() <= head.target.size());
  require(parsed->is_http10 || head.headers.contains("host"));
  require(!(head.headers.contains("content-length") && head.headers.contains("transfer-encoding")));
  for (const auto& [name, value] : head.headers.fields()) {
    require(!name.empty() && name.find_first_of(std::string_view(" \t\r\n:\0", 6)) == std::string::npos);
    require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const long whole = scan(bytes, bytes.size() + 1);
  require(whole == scan(bytes, 1));
  require(whole == scan(bytes, 7));
  if (whole > 0) check_head(bytes.substr(0, static_cast<size_t>(whole)));

  const std::string_view body = whole > 0 ? bytes.substr(static_cast<size_t>(whole)) : bytes;
  const Decoded at_once = decode(body, body.size() + 1, 64 * 1024);
  const Decoded in_pieces = decode(body, 1, 3);
  require(at_once.done == in_pieces.done && at_once.failed == in_pieces.failed);
  if (at_once.done) require(at_once.body == in_pieces.body);
  return 0;
}
