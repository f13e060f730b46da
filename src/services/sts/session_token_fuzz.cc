// Session tokens of strangers, as though their seal had been broken: read or refused, and never another key's.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/encoding.h"
#include "services/sts/sessions.h"

namespace {

using namespace aerolith;

// Anybody can seal with this one.
class OpenBox final : public auth::SecretBox {
 public:
  std::string seal(std::string_view secret, std::string_view) const override { return base64_encode(secret); }
  std::optional<std::string> open(std::string_view sealed, std::string_view) const override {
    return base64_decode(sealed);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const OpenBox box;
  const sts::Sessions sessions(box);
  const auth::AccessKeyId id("ASIAQQQQQQQQQQQQQQQQ");
  for (const std::string& token : {bytes, base64_encode(bytes)}) {
    const auto found = sessions.find(id, token);
    if (found.has_value() && *found != nullptr && (*found)->id != id) std::abort();
  }
  // What is issued comes back, whatever is in it.
  auth::Session session{.token = {}, .expires_at = {}, .issued_at = {}};
  session.tags.emplace_back(bytes, bytes);
  session.policies.push_back(bytes);
  session.source_identity = bytes;
  const auth::AccessKey issued =
      sessions.issue({.account = AccountId("123456789012"), .arn = bytes, .user_id = bytes}, std::move(session));
  const auto back = sessions.find(issued.id, issued.session->token);
  if (!back.has_value() || *back == nullptr || (*back)->principal.arn != bytes || (*back)->secret != issued.secret ||
      (*back)->session->tags != issued.session->tags) {
    std::abort();
  }
  return 0;
}
