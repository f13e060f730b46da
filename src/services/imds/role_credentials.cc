#include "services/imds/role_credentials.h"

#include <fmt/format.h>

#include "base/json_string.h"

namespace aerolith::imds {
namespace {

constexpr std::chrono::hours kLife{6};
constexpr std::chrono::hours kRenewBefore{1};
constexpr std::string_view kService = "ec2.amazonaws.com";

std::string in_quotes(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string seconds_of(Timestamp time) { return format_iso8601(std::chrono::floor<std::chrono::seconds>(time)); }

std::string name_in(std::string_view arn) { return std::string(arn.substr(arn.rfind('/') + 1)); }

std::string trouble(std::string_view code, std::string_view message, Timestamp now) {
  return fmt::format("{{\n  \"Code\" : {},\n  \"Message\" : {},\n  \"LastUpdated\" : {}\n}}", in_quotes(code),
                     in_quotes(message), in_quotes(seconds_of(now)));
}

}  // namespace

metadata::Result<std::optional<iam::InstanceProfileFacts>> RoleCredentials::find_profile(
    const ec2::InstanceFacts& facts) const {
  if (facts.profile_arn.empty()) return std::optional<iam::InstanceProfileFacts>();
  auto found = TRY(find_profile_(facts.account, name_in(facts.profile_arn)));
  // One that was deleted and made again under its name isn't this instance's.
  if (found && found->id != facts.profile_id) return std::optional<iam::InstanceProfileFacts>();
  return found;
}

metadata::Result<std::optional<std::string>> RoleCredentials::role_name(const ec2::InstanceFacts& facts) const {
  const auto profile = TRY(find_profile(facts));
  if (!profile || profile->role_arn.empty()) return std::optional<std::string>();
  return std::optional(name_in(profile->role_arn));
}

metadata::Result<std::string> RoleCredentials::info(const ec2::InstanceFacts& facts, Timestamp now) const {
  const auto profile = TRY(find_profile(facts));
  if (!profile) {
    return trouble("InstanceProfileNotFound",
                   fmt::format("Instance Profile with Id {} cannot be found. Please see documentation at "
                               "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html.",
                               facts.profile_id),
                   now);
  }
  return fmt::format(
      "{{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : {},\n  \"InstanceProfileArn\" : {},\n"
      "  \"InstanceProfileId\" : {}\n}}",
      in_quotes(seconds_of(now)), in_quotes(profile->arn), in_quotes(profile->id));
}

metadata::Result<std::optional<std::string>> RoleCredentials::document(const ec2::InstanceFacts& facts,
                                                                       const std::string& role, Timestamp now) {
  const auto profile = TRY(find_profile(facts));
  if (!profile || profile->role_arn.empty() || name_in(profile->role_arn) != role) return std::optional<std::string>();
  const auto found = roles_.find_role(facts.account, profile->role_arn);
  std::optional<auth::AccessKey> key;
  if (found) key = find_kept(facts.id, found->unique_id, now);
  if (!key) {
    auto made = sts::assume_role_for_service(sessions_, roles_,
                                             {.service = kService,
                                              .account = facts.account,
                                              .role_arn = profile->role_arn,
                                              .session_name = facts.id,
                                              .duration = kLife,
                                              .now = now});
    if (!made.has_value()) {
      return std::optional(trouble("AssumeRoleUnauthorizedAccess",
                                   fmt::format("EC2 cannot assume the role {}. Please see documentation at "
                                               "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
                                               "troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc.",
                                               role),
                                   now));
    }
    key = *std::move(made);
    keep(facts.id, *key, now);
  }
  return std::optional(fmt::format(
      "{{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : {},\n  \"Type\" : \"AWS-HMAC\",\n  \"AccessKeyId\" : {},\n"
      "  \"SecretAccessKey\" : {},\n  \"Token\" : {},\n  \"Expiration\" : {}\n}}",
      in_quotes(seconds_of(key->session->issued_at)), in_quotes(key->id.view()), in_quotes(key->secret),
      in_quotes(key->session->token), in_quotes(seconds_of(key->session->expires_at))));
}

std::optional<auth::AccessKey> RoleCredentials::find_kept(const std::string& instance, const std::string& role_id,
                                                          Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(instance);
  if (found == kept_.end() || found->second.principal.entity_id != role_id) return std::nullopt;
  if (found->second.session->expires_at - now < kRenewBefore) return std::nullopt;
  return found->second;
}

void RoleCredentials::keep(const std::string& instance, const auth::AccessKey& key, Timestamp now) {
  const std::lock_guard lock(mutex_);
  // Of instances that don't ask any more.
  std::erase_if(kept_, [&](const auto& each) { return each.second.session->expires_at <= now; });
  kept_.insert_or_assign(instance, key);
}

}  // namespace aerolith::imds
