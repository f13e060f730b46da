#include "auth/post_policy.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>

#include "auth/legacy_link.h"
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

std::string condition_text(std::string_view operation, std::string_view first, std::string_view second) {
  std::string text = "[";
  for (std::string_view part : {operation, first, second}) {
    if (text.size() > 1) text += ", ";
    text += '"';
    text += part;
    text += '"';
  }
  return text + "]";
}

std::string show(const json::value& value) {
  return value.is_string() ? text_of(value.get_string()) : json::serialize(value);
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
    if (low && high) {
      policy.conditions.push_back(LengthCondition{*low, *high});
    } else {
      policy.conditions.push_back(NeverCondition{condition_text(operation, show(array[1]), show(array[2]))});
    }
    return {};
  }
  if (!array[1].is_string() || !array[2].is_string()) return malformed("Invalid " + operation + ": not strings.");
  std::string field = to_lower(text_of(array[1].get_string()));
  std::string value = text_of(array[2].get_string());
  if (!field.starts_with('$')) {
    policy.conditions.push_back(NeverCondition{condition_text(operation, field, value)});
    return {};
  }
  field.erase(0, 1);
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
  return name == "x-amz-signature" || name == "signature" || name == "awsaccesskeyid" || name == "file" ||
         name == "policy" || name.starts_with("x-ignore-");
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

// The named fields must all be there: nullptr stands for one that isn't.
Result<void, AuthError> require_fields(std::initializer_list<std::pair<std::string_view, const std::string*>> fields) {
  for (const auto& [name, field] : fields) {
    if (field == nullptr) return refuse(AuthErrorCode::missing_form_field, AuthMethod::post_policy, name);
  }
  return {};
}

Result<Authenticated, AuthError> check_signature(const Authenticator& authenticator, const SignatureClaim& claim,
                                                 std::shared_ptr<const AccessKey> key, std::string_view computed,
                                                 const std::string& signature, const std::string& policy) {
  const bool is_right = equals_constant_time(computed, signature);
  if (!key || !key->enabled) TRY(authenticator.check_key(claim, key.get()));
  if (!is_right) {
    auto refusal = refuse(AuthErrorCode::signature_mismatch, claim.how);
    refusal.error().access_key_id = claim.scope.access_key_id;
    refusal.error().evidence = SignatureEvidence{claim.scope.access_key_id, policy, signature, {}};
    return refusal;
  }
  TRY(authenticator.check_key(claim, key.get()));
  Authenticated out;
  out.key = std::move(key);
  return out;
}

// The form of Signature Version 2, which boto3 still makes for us-east-1: an HMAC-SHA1 over the policy.
Result<Authenticated, AuthError> verify_legacy_policy(const Authenticator& authenticator, const FormFields& fields) {
  const std::string* key_id = find_field(fields, "AWSAccessKeyId");
  const std::string* policy = find_field(fields, "policy");
  const std::string* signature = find_field(fields, "signature");
  TRY(require_fields({{"Policy", policy}, {"AWSAccessKeyId", key_id}, {"Signature", signature}}));
  SignatureClaim claim;
  claim.how = AuthMethod::post_policy;
  claim.scope = {.access_key_id = *key_id, .date = {}, .region = {}, .service = "s3"};
  if (const std::string* token = find_field(fields, "x-amz-security-token")) claim.session_token = *token;
  auto key = TRY(authenticator.find_key(claim));
  // As much work for a key that isn't there.
  const std::string computed = legacy_signature(key ? std::string_view(key->secret) : "nobody's secret", *policy);
  return check_signature(authenticator, claim, std::move(key), computed, *signature, *policy);
}

}  // namespace

Result<Authenticated, AuthError> verify_post_policy(const Authenticator& authenticator, const FormFields& fields,
                                                    Anonymous anonymous) {
  constexpr auto kHow = AuthMethod::post_policy;
  const std::string* policy = find_field(fields, "policy");
  const std::string* algorithm = find_field(fields, "x-amz-algorithm");
  const std::string* signature = find_field(fields, "x-amz-signature");
  const bool has_legacy = find_field(fields, "AWSAccessKeyId") != nullptr || find_field(fields, "signature") != nullptr;
  if (has_legacy && algorithm == nullptr && signature == nullptr) return verify_legacy_policy(authenticator, fields);
  if (policy == nullptr && algorithm == nullptr && signature == nullptr) {
    if (anonymous == Anonymous::refused) return refuse(AuthErrorCode::missing_authentication, kHow);
    return Authenticated{};
  }
  const std::string* credential = find_field(fields, "x-amz-credential");
  const std::string* date = find_field(fields, "x-amz-date");
  TRY(require_fields({{"Policy", policy},
                      {"X-Amz-Algorithm", algorithm},
                      {"X-Amz-Credential", credential},
                      {"X-Amz-Date", date},
                      {"X-Amz-Signature", signature}}));
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

  auto key = TRY(authenticator.find_key(claim));
  const std::string computed = hmac_signature(*authenticator.signing_key(claim, key.get()), *policy);
  return check_signature(authenticator, claim, std::move(key), computed, *signature, *policy);
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
        return fail(PostPolicyErrorCode::condition_failed, condition_text("eq", "$" + equal->field, equal->value));
      }
      named.push_back(equal->field);
    } else if (const auto* prefix = std::get_if<PrefixCondition>(&condition)) {
      if (!has_prefix(prefix->field, value_of(prefix->field), prefix->prefix)) {
        return fail(PostPolicyErrorCode::condition_failed,
                    condition_text("starts-with", "$" + prefix->field, prefix->prefix));
      }
      named.push_back(prefix->field);
    } else if (const auto* never = std::get_if<NeverCondition>(&condition)) {
      return fail(PostPolicyErrorCode::condition_failed, never->text);
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

uint64_t post_length_minimum(const PostPolicy& policy) {
  uint64_t minimum = 0;
  for (const auto& condition : policy.conditions) {
    if (const auto* range = std::get_if<LengthCondition>(&condition)) minimum = std::max(minimum, range->min_bytes);
  }
  return minimum;
}

uint64_t post_length_limit(const PostPolicy& policy) {
  uint64_t limit = std::numeric_limits<uint64_t>::max();
  for (const auto& condition : policy.conditions) {
    if (const auto* range = std::get_if<LengthCondition>(&condition)) limit = std::min(limit, range->max_bytes);
  }
  return limit;
}

}  // namespace aerolith::auth
