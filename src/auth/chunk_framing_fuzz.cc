// aws-chunked bodies: any bytes, in reads of any size, give the same outcome, and never more data than was declared.
#include <cstdint>
#include <cstdlib>

#include "auth/test_fixtures.h"

namespace {

using namespace aerolith::auth;

struct Outcome {
  std::string data;
  std::optional<PayloadErrorCode> failure;
  bool is_clean = false;
};

Outcome run(const PayloadPlan& plan, std::string_view body, size_t step, size_t buffer_size) {
  testing::StringBody inner(std::string(body), step);
  const auto reader = make_payload_reader(plan, inner);
  Outcome out;
  std::string buffer(buffer_size, '\0');
  while (true) {
    const auto size = reader->read(buffer);
    if (!size.has_value() || *size == 0) {
      out.is_clean = size.has_value();
      break;
    }
    out.data.append(buffer.data(), *size);
  }
  if (reader->failure()) out.failure = reader->failure()->code;
  if (out.data.size() > plan.decoded_length_bytes) std::abort();
  if (out.is_clean && out.data.size() != plan.decoded_length_bytes) std::abort();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 3, size - 3);
  PayloadPlan plan;
  plan.kind = data[0] % 3 == 0   ? PayloadKind::unsigned_chunks_trailer
              : data[0] % 3 == 1 ? PayloadKind::signed_chunks
                                 : PayloadKind::signed_chunks_trailer;
  plan.decoded_length_bytes = data[1];
  plan.trailers = {"a"};
  plan.signing = ChunkSigning{std::make_shared<const std::string>("key"), nullptr, "20130524T000000Z", "scope", "seed"};
  const Outcome whole = run(plan, body, SIZE_MAX, 4096);
  const Outcome pieces = run(plan, body, 1 + data[2] % 7, 1 + data[2] % 5);
  if (whole.is_clean != pieces.is_clean || whole.failure != pieces.failure || whole.data != pieces.data) std::abort();
  return 0;
}
