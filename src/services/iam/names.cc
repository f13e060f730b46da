#include "services/iam/names.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/random.h"

namespace aerolith::iam {
namespace {

constexpr std::string_view kIdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kSecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kArnStart = "arn:aws:iam::";

constexpr std::string_view kNamePattern = "[\\w+=,.@-]+";
constexpr std::string_view kPathRule =
    "It must begin and end with / and contain only alphanumeric characters and/or / characters.";

std::string invalid_value(std::string_view member, std::string_view rule) {
  std::string name(member);
  name[0] = to_lower(name.substr(0, 1))[0];
  return fmt::format("The specified value for {} is invalid. {}", name, rule);
}

}  // namespace

Name lower_name(std::string_view name) { return to_lower(name); }
Name lower_name(const std::string& name) { return to_lower(name); }
Name lower_name(const std::optional<std::string>& name) { return to_lower(name.value_or("")); }

std::string make_unique_id(std::string_view prefix) { return std::string(prefix) + random_string(17, kIdAlphabet); }
std::string make_access_key_id() { return "AKIA" + random_string(16, kIdAlphabet); }
std::string make_secret_access_key() { return random_string(40, kSecretAlphabet); }

std::string make_arn(const AccountId& account, std::string_view type, std::string_view path, std::string_view name) {
  return fmt::format("{}{}:{}{}{}", kArnStart, account.view(), type, path, name);
}

std::string root_arn(const AccountId& account) { return fmt::format("{}{}:root", kArnStart, account.view()); }

Result<std::string> read_path(const std::optional<std::string>& path) {
  if (!path || path->empty()) return std::string("/");
  if (path->front() == '/' && path->back() == '/' && path->find("//") == std::string::npos) return *path;
  return errors::validation_error(invalid_value("path", kPathRule));
}

std::optional<std::string> word_breach(const protocol::DecodeError& breach) {
  const std::string& member = breach.member_path;
  if (breach.pattern.empty()) return std::nullopt;
  if (member == "Path" || member == "NewPath") return invalid_value(member, kPathRule);
  if (member == "PathPrefix") {
    return invalid_value(
        member, "It must begin with the / character and contain only alphanumeric characters and/or / characters.");
  }
  if (breach.pattern != kNamePattern || !member.ends_with("Name")) return std::nullopt;
  return invalid_value(member, "It must contain only alphanumeric characters and/or the following: +=,.@_-");
}

bool has_prefix(std::string_view path, const std::optional<std::string>& prefix) {
  return !prefix || path.starts_with(*prefix);
}

std::optional<ArnParts> split_arn(std::string_view arn) {
  if (!arn.starts_with(kArnStart)) return std::nullopt;
  arn.remove_prefix(kArnStart.size());
  const size_t colon = arn.find(':');
  const size_t slash = arn.find('/');
  if (colon == std::string_view::npos || slash == std::string_view::npos || slash < colon) return std::nullopt;
  const size_t last = arn.rfind('/');
  return ArnParts{.account = arn.substr(0, colon),
                  .type = arn.substr(colon + 1, slash - colon - 1),
                  .path = arn.substr(slash, last + 1 - slash),
                  .name = arn.substr(last + 1)};
}

}  // namespace aerolith::iam
