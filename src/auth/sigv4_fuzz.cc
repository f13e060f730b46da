// Raw head bytes: reading the claim, canonicalising and authenticating must neither crash nor believe anything.
#include <cstdint>
#include <cstdlib>

#include "auth/error_code.h"
#include "auth/test_fixtures.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::auth;
  static const testing::FixedClock clock("20130524T000000Z");
  static testing::MemoryKeys keys;
  static const Authenticator authenticator = [] {
    keys.add(testing::kDocsKey, testing::kDocsSecret);
    return Authenticator({.region = "us-east-1", .accepts_service = {}, .accepts_region = {}}, keys, clock);
  }();
  const auto request = testing::parse_request({reinterpret_cast<const char*>(data), size});
  for (const PathRule rule : {PathRule::as_sent, PathRule::normalised}) {
    const std::string path = canonical_path(request.head.path(), rule);
    // Canonical text holds only what URIs may hold.
    if (path.empty() || path.find_first_of(" \r\n\"<>") != std::string::npos) std::abort();
  }
  // Canonical once is canonical for ever.
  const std::string query = canonical_query(request.head.query());
  if (canonical_query(query) != query) std::abort();
  Authenticator::needs_body_hash(request.head);
  const auto result = authenticator.authenticate(
      {.head = request.head, .service = {}, .anonymous = Anonymous::allowed, .body_sha256 = {}});
  if (result.has_value()) {
    testing::StringBody body(request.body);
    (void)aerolith::http::read_all(*make_payload_reader(result->payload, body), 1 << 20);
  } else {
    for (const auto style : {ServiceErrorStyle::s3, ServiceErrorStyle::query, ServiceErrorStyle::json}) {
      answer_for(result.error(), style);
    }
  }
  return 0;
}
