#include "auth/post_policy.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/encoding.h"

namespace aerolith::auth {
namespace {

namespace json = boost::json;

constexpr size_t kPolicyLimitBytes = 20 * 1024;
constexpr size_t kDepthLimit = 16;

const std::string* find_field(const FormFields& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return equals_ignore_case(field.first, name); });
  return found == fields.end() ? nullptr : &found->second;
}

std::unexpected<PostPolicyError> malformed(std::string detail) {
  return fail(PostPolicyErrorCode::malformed_document, std::move(detail));
}

std::string text_of(const json::string& text) { return std::string(text.data(), text.size()); }

// S3 takes 1, "1" and 1.0 alike for the limits of content-length-range.
std::optional<uint64_t> parse_limit(const json::value& value) {
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64() && value.get_int64() >= 0) return static_cast<uint64_t>(value.get_int64());
  if (value.is_double()) {
    constexpr double kEnd = 0x1p63;
    const double number = value.get_double();
    if (number < 0 || number >= kEnd || number != std::floor(number)) return std::nullopt;
    return static_cast<uint64_t>(number);
  }
  if (!value.is_string()) return std::nullopt;
  const json::string& text = value.get_string();
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// {"acl": "public-read"}
Result<void, PostPolicyError> add_object(const json::object& object, PostPolicy& policy) {
  if (object.size() != 1) {
    return malformed("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
  }
  const auto& member = *object.begin();
  if (!member.value().is_string()) return malformed("Invalid Simple-Condition: value must be a string.");
  policy.conditions.push_back(
      EqualCondition{to_lower(std::string_view(member.key())), text_of(member.value().get_string())});
  return {};
}

// ["eq", "$acl", "public-read"], ["starts-with", "$key", "user/"], ["content-length-range", 0, 10]
Result<void, PostPolicyError> add_array(const json::array& array, PostPolicy& policy) {
  if (array.empty() || !array[0].is_string()) return malformed("Invalid Condition: missing operation identifier.");
  const std::string operation = to_lower(text_of(array[0].get_string()));
  if (operation != "eq" && operation != "starts-with" && operation != "content-length-range") {
    return malformed("Invalid Condition: unknown operation '" + operation + "'.");
  }
  if (array.size() != 3) return malformed("Invalid " + operation + ": wrong number of arguments.");
  if (operation == "content-length-range") {
    const auto low = parse_limit(array[1]);
    const auto high = parse_limit(array[2]);
    if (!low || !high) return malformed("Invalid content-length-range: the limits must be whole numbers.");
    policy.conditions.push_back(LengthCondition{*low, *high});
    return {};
  }
  if (!array[1].is_string() || !array[2].is_string()) return malformed("Invalid " + operation + ": not strings.");
  std::string field = to_lower(text_of(array[1].get_string()));
  if (!field.starts_with('$')) return malformed("Invalid " + operation + ": the field must begin with '$'.");
  field.erase(0, 1);
  std::string value = text_of(array[2].get_string());
  if (operation == "eq") {
    policy.conditions.push_back(EqualCondition{std::move(field), std::move(value)});
  } else {
    policy.conditions.push_back(PrefixCondition{std::move(field), std::move(value)});
  }
  return {};
}

Result<PostPolicy, PostPolicyError> read_document(const json::value& document) {
  if (!document.is_object()) return malformed("Expecting '{'.");
  const json::object& object = document.get_object();
  const json::value* expiration = object.if_contains("expiration");
  if (expiration == nullptr) return malformed("Policy missing expiration.");
  PostPolicy policy;
  const auto time = expiration->is_string() ? parse_iso8601(text_of(expiration->get_string())) : std::nullopt;
  if (!time) return malformed("Invalid 'expiration' value.");
  policy.expires_at = *time;
  const json::value* conditions = object.if_contains("conditions");
  if (conditions == nullptr) return malformed("Policy missing conditions.");
  if (!conditions->is_array()) return malformed("Invalid 'conditions' value: must be a List.");
  for (const json::value& condition : conditions->get_array()) {
    if (condition.is_object()) {
      TRY(add_object(condition.get_object(), policy));
    } else if (condition.is_array()) {
      TRY(add_array(condition.get_array(), policy));
    } else {
      return malformed("Invalid condition test: must be a List or Object.");
    }
  }
  return policy;
}

bool needs_no_condition(std::string_view name) {
  return name == "x-amz-signature" || name == "file" || name == "policy" || name.starts_with("x-ignore-");
}

// A Content-Type of several values, divided by commas, must match with each of them.
bool has_prefix(std::string_view field, std::string_view value, std::string_view prefix) {
  if (field != "content-type") return value.starts_with(prefix);
  while (true) {
    const size_t end = std::min(value.find(','), value.size());
    if (!trim(value.substr(0, end)).starts_with(prefix)) return false;
    if (end == value.size()) return true;
    value.remove_prefix(end + 1);
  }
}

}  // namespace

Result<Authenticated, AuthError> verify_post_policy(const Authenticator& authenticator, const FormFields& fields,
                                                    Anonymous anonymous) {
  constexpr auto kHow = AuthMethod::post_policy;
  const std::string* policy = find_field(fields, "policy");
  const std::string* algorithm = find_field(fields, "x-amz-algorithm");
  const std::string* signature = find_field(fields, "x-amz-signature");
  if (find_field(fields, "AWSAccessKeyId") != nullptr) return refuse(AuthErrorCode::legacy_signature, kHow);
  if (policy == nullptr && algorithm == nullptr && signature == nullptr) {
    if (anonymous == Anonymous::refused) return refuse(AuthErrorCode::missing_authentication, kHow);
    return Authenticated{};
  }
  const std::string* credential = find_field(fields, "x-amz-credential");
  const std::string* date = find_field(fields, "x-amz-date");
  for (const auto& [name, field] :
       {std::pair("Policy", policy), std::pair("X-Amz-Algorithm", algorithm), std::pair("X-Amz-Credential", credential),
        std::pair("X-Amz-Date", date), std::pair("X-Amz-Signature", signature)}) {
    if (field == nullptr) return refuse(AuthErrorCode::missing_form_field, kHow, name);
  }
  if (*algorithm != kHmacAlgorithm) return refuse(AuthErrorCode::unsupported_algorithm, kHow, *algorithm);
  SignatureClaim claim;
  claim.how = kHow;
  claim.scope = TRY(parse_credential(*credential, claim.algorithm, claim.how));
  claim.time_text = *date;
  const auto time = parse_iso8601_basic(*date);
  if (!time) return refuse(AuthErrorCode::malformed_date, kHow, *date);
  claim.time = *time;
  if (const std::string* token = find_field(fields, "x-amz-security-token")) claim.session_token = *token;
  TRY(authenticator.check_scope(claim, "s3"));

  const auto key = TRY(authenticator.find_key(claim));
  const std::string computed = hmac_signature(*authenticator.signing_key(claim, key.get()), *policy);
  const bool is_right = equals_constant_time(computed, *signature);
  if (!key || !key->enabled) TRY(authenticator.check_key(claim, key.get()));
  if (!is_right) {
    auto refusal = refuse(AuthErrorCode::signature_mismatch, kHow);
    refusal.error().access_key_id = claim.scope.access_key_id;
    refusal.error().evidence = SignatureEvidence{claim.scope.access_key_id, *policy, *signature, {}};
    return refusal;
  }
  TRY(authenticator.check_key(claim, key.get()));
  Authenticated out;
  out.key = key;
  return out;
}

Result<PostPolicy, PostPolicyError> parse_post_policy(std::string_view policy_base64) {
  if (policy_base64.size() > kPolicyLimitBytes) return malformed("the policy is too long");
  // Clients wrap their base64.
  std::string compact;
  std::copy_if(policy_base64.begin(), policy_base64.end(), std::back_inserter(compact),
               [](char c) { return c != '\r' && c != '\n' && c != ' '; });
  const auto text = base64_decode(compact);
  if (!text) return fail(PostPolicyErrorCode::invalid_base64, "the policy is not base64");
  json::parse_options options;
  options.max_depth = kDepthLimit;
  boost::system::error_code error;
  const json::value document = json::parse(*text, error, {}, options);
  if (error) return malformed("Invalid JSON.");
  return read_document(document);
}

Result<void, PostPolicyError> check_post_form(const PostPolicy& policy, const FormFields& fields,
                                              std::string_view bucket, Timestamp now) {
  if (now >= policy.expires_at) return fail(PostPolicyErrorCode::expired, "Policy expired.");
  // Not a form field but the address: a field named bucket never speaks for it.
  const auto value_of = [&](std::string_view name) -> std::string_view {
    if (name == "bucket") return bucket;
    const std::string* field = find_field(fields, name);
    return field != nullptr ? std::string_view(*field) : std::string_view{};
  };
  std::vector<std::string_view> named;
  for (const auto& condition : policy.conditions) {
    if (const auto* equal = std::get_if<EqualCondition>(&condition)) {
      if (value_of(equal->field) != equal->value) {
        return fail(PostPolicyErrorCode::condition_failed,
                    "[\"eq\", \"$" + equal->field + "\", \"" + equal->value + "\"]");
      }
      named.push_back(equal->field);
    } else if (const auto* prefix = std::get_if<PrefixCondition>(&condition)) {
      if (!has_prefix(prefix->field, value_of(prefix->field), prefix->prefix)) {
        return fail(PostPolicyErrorCode::condition_failed,
                    "[\"starts-with\", \"$" + prefix->field + "\", \"" + prefix->prefix + "\"]");
      }
      named.push_back(prefix->field);
    }
  }
  std::vector<std::string> seen;
  for (const auto& [name, value] : fields) {
    const std::string lower = to_lower(name);
    // The conditions were held against the first of a name: a second one would slip past them.
    if (std::find(seen.begin(), seen.end(), lower) != seen.end()) return fail(PostPolicyErrorCode::extra_field, name);
    seen.push_back(lower);
    if (needs_no_condition(lower) || std::find(named.begin(), named.end(), lower) != named.end()) continue;
    return fail(PostPolicyErrorCode::extra_field, name);
  }
  return {};
}

Result<void, PostPolicyError> check_post_length(const PostPolicy& policy, uint64_t size_bytes) {
  for (const auto& condition : policy.conditions) {
    const auto* range = std::get_if<LengthCondition>(&condition);
    if (range == nullptr) continue;
    if (size_bytes < range->min_bytes) return fail(PostPolicyErrorCode::entity_too_small, {});
    if (size_bytes > range->max_bytes) return fail(PostPolicyErrorCode::entity_too_large, {});
  }
  return {};
}

uint64_t post_length_limit(const PostPolicy& policy) {
  uint64_t limit = std::numeric_limits<uint64_t>::max();
  for (const auto& condition : policy.conditions) {
    if (const auto* range = std::get_if<LengthCondition>(&condition)) limit = std::min(limit, range->max_bytes);
  }
  return limit;
}

}  // namespace aerolith::auth
