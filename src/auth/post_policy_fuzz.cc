// Policy documents: any text gives a policy or a named error, and a policy is checked without surprises.
#include <cstdint>

#include "auth/error_code.h"
#include "auth/post_policy.h"
#include "base/encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::auth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const FormFields fields = {{"key", "user/a"}, {"acl", "private"}, {"Content-Type", "image/png,image/gif"}};
  for (const std::string& document : {std::string(text), aerolith::base64_encode(text)}) {
    const auto policy = parse_post_policy(document);
    if (!policy.has_value()) {
      answer_for(policy.error());
      continue;
    }
    (void)check_post_form(*policy, fields, "bucket", aerolith::Timestamp{});
    (void)post_length_minimum(*policy);
    (void)post_length_limit(*policy);
  }
  return 0;
}
