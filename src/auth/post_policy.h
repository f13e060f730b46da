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
};
inline constexpr PostPolicyErrorCode kLastPostPolicyErrorCode = PostPolicyErrorCode::extra_field;
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

// One that no form meets: a field without its '$', a limit that is no number. S3 takes the policy and refuses the form.
struct NeverCondition {
  std::string text;  // as S3 tells it: ["eq", "key", "value"]
};

struct PostPolicy {
  Timestamp expires_at;
  std::vector<std::variant<EqualCondition, PrefixCondition, LengthCondition, NeverCondition>> conditions;
};

// Verifies the signature over the policy text: fields policy, x-amz-algorithm, x-amz-credential, x-amz-date,
// x-amz-signature, x-amz-security-token; or those of Signature Version 2: AWSAccessKeyId, policy, signature. A form
// with neither policy nor signature is anonymous. Whether the policy allows this form is for the functions below.
Result<Authenticated, AuthError> verify_post_policy(const Authenticator& authenticator, const FormFields& fields,
                                                    Anonymous anonymous = Anonymous::refused);

// Of the `policy` field's text. Bounded: 20 KiB of text (S3's limit on a form without the file), 16 levels.
Result<PostPolicy, PostPolicyError> parse_post_policy(std::string_view policy_base64);

// Pure. Before the file is read: expiry, every field against the conditions, and no field that they don't name
// (save the signature, its Version 2 key, file, policy and x-ignore-*). `bucket` is the one in the request's address.
Result<void, PostPolicyError> check_post_form(const PostPolicy& policy, const FormFields& fields,
                                              std::string_view bucket, Timestamp now);
// The smallest file that the policy allows, and the largest: all ones when it sets no limit.
uint64_t post_length_minimum(const PostPolicy& policy);
uint64_t post_length_limit(const PostPolicy& policy);

}  // namespace aerolith::auth
