// Browser form uploads: a policy document, signed by somebody who has a key, that says which form may be posted.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "auth/authenticate.h"
#include "base/result.h"
#include "base/time.h"

namespace aerolith::auth {

// The fields before `file`, in the order they came. Names compare without case.
using FormFields = std::vector<std::pair<std::string, std::string>>;

enum class PostPolicyErrorCode : uint8_t {
  invalid_base64,
  malformed_document,  // not JSON, or not the shape of a policy; detail says what
  expired,
  condition_failed,
  extra_field,  // a field that no condition names
  entity_too_small,
  entity_too_large,
};
inline constexpr PostPolicyErrorCode kLastPostPolicyErrorCode = PostPolicyErrorCode::entity_too_large;
using PostPolicyError = Failure<PostPolicyErrorCode>;

struct EqualCondition {
  std::string field;  // lower case, without '$'
  std::string value;
};
struct PrefixCondition {
  std::string field;
  std::string prefix;
};
struct LengthCondition {
  uint64_t min_bytes = 0;
  uint64_t max_bytes = 0;
};

struct PostPolicy {
  Timestamp expires_at;
  std::vector<std::variant<EqualCondition, PrefixCondition, LengthCondition>> conditions;
};

// Verifies the signature over the policy text: fields policy, x-amz-algorithm, x-amz-credential, x-amz-date,
// x-amz-signature, x-amz-security-token. A form with neither policy nor signature is anonymous. Whether the policy
// allows this form is for the functions below. Only AWS4-HMAC-SHA256, as AWS.
Result<Authenticated, AuthError> verify_post_policy(const Authenticator& authenticator, const FormFields& fields,
                                                    Anonymous anonymous = Anonymous::refused);

// Of the `policy` field's text. Bounded: 20 KiB of text (S3's limit on a form without the file), 16 levels.
Result<PostPolicy, PostPolicyError> parse_post_policy(std::string_view policy_base64);

// Pure. Before the file is read: expiry, every field against the conditions, and no field that they don't name
// (save x-amz-signature, file, policy and x-ignore-*). `bucket` is the one in the request's address.
Result<void, PostPolicyError> check_post_form(const PostPolicy& policy, const FormFields& fields,
                                              std::string_view bucket, Timestamp now);
// The size of the whole file; stop reading at post_length_limit().
Result<void, PostPolicyError> check_post_length(const PostPolicy& policy, uint64_t size_bytes);
// The largest file that the policy allows; all ones when it sets no limit.
uint64_t post_length_limit(const PostPolicy& policy);

}  // namespace aerolith::auth
