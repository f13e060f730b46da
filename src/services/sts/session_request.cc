#include "services/sts/session_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/encoding.h"
#include "policy/document.h"

namespace aerolith::sts {
namespace {

constexpr size_t kMaxPolicyArns = 10;
constexpr size_t kMaxTags = 50;

size_t policy_characters(const auth::Session& session) {
  size_t characters = 0;
  for (const std::string& document : session.policies) characters += document.size();
  for (const std::string& arn : session.policy_arns) characters += arn.size();
  return characters;
}

bool is_policy_arn(std::string_view arn) {
  constexpr std::string_view kStart = "arn:aws:iam::";
  return arn.starts_with(kStart) && arn.find(":policy/", kStart.size()) != std::string_view::npos;
}

}  // namespace

Result<> add_policies(const std::optional<std::string>& document,
                      const std::optional<std::vector<PolicyDescriptorType>>& arns, auth::Session& session) {
  if (document) {
    const auto parsed = policy::parse_policy(*document, policy::PolicyKind::identity);
    if (!parsed) return errors::malformed_policy(parsed.error());
    session.policies.push_back(*document);
  }
  if (arns) {
    if (arns->size() > kMaxPolicyArns) {
      return errors::validation_error(fmt::format(
          "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length "
          "less than or equal to {}",
          kMaxPolicyArns));
    }
    for (const PolicyDescriptorType& descriptor : *arns) {
      if (descriptor.arn && !is_policy_arn(*descriptor.arn)) {
        return errors::validation_error(fmt::format("{} is invalid", *descriptor.arn));
      }
      if (descriptor.arn) session.policy_arns.push_back(*descriptor.arn);
    }
  }
  return check_packed_size(session);
}

Result<> check_packed_size(const auth::Session& session) {
  const int32_t percent = packed_percent(session);
  if (percent <= 100) return {};
  return errors::packed_policy_too_large(
      fmt::format("Packed policy consumes {}% of allotted space, please use smaller policy.", percent));
}

Result<> add_transitive_keys(const std::vector<std::string>& keys, auth::Session& session) {
  for (const std::string& key : keys) {
    const bool is_there =
        std::ranges::any_of(session.tags, [&](const auto& tag) { return equals_ignore_case(tag.first, key); });
    if (!is_there) {
      return errors::invalid_parameter_value(
          "The specified transitive tag key must be included in the requested tags.");
    }
    session.transitive_tag_keys.push_back(key);
  }
  return {};
}

Result<> check_new_tag(const Tag& tag, const auth::Tags& tags) {
  const std::string name = tag.key.value_or("");
  const bool is_twice = std::ranges::any_of(tags, [&](const auto& t) { return equals_ignore_case(t.first, name); });
  if (!is_twice) return {};
  return errors::invalid_parameter_value("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
}

Result<> add_tags(const std::optional<std::vector<Tag>>& tags, auth::Session& session) {
  if (!tags) return {};
  if (tags->size() > kMaxTags) return errors::validation_error("At most 50 session tags may be passed.");
  for (const Tag& tag : *tags) {
    const std::string name = tag.key.value_or("");
    TRY(check_new_tag(tag, session.tags));
    if (to_lower(name).starts_with("aws:")) {
      return errors::validation_error("System tags cannot be added or modified: " + name);
    }
    session.tags.emplace_back(name, tag.value.value_or(""));
  }
  return {};
}

int32_t packed_percent(const auth::Session& session) {
  size_t characters = policy_characters(session);
  for (const auto& [name, value] : session.tags) characters += name.size() + value.size();
  return static_cast<int32_t>((characters * 100 + kMaxPolicyCharacters - 1) / kMaxPolicyCharacters);
}

Credentials to_credentials(const auth::AccessKey& key) {
  return {.access_key_id = key.id.str(),
          .secret_access_key = key.secret,
          .session_token = key.session->token,
          .expiration = std::chrono::floor<std::chrono::seconds>(key.session->expires_at)};
}

}  // namespace aerolith::sts
