#include "policy/principal.h"

#include <algorithm>
#include <array>

#include "policy/pattern.h"

namespace aerolith::policy {
namespace {

bool is_account_id(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// AIDAEXAMPLE...: what IAM makes of a user's or role's ARN when it stores a trust policy.
bool is_unique_id(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  return (text.starts_with("AIDA") || text.starts_with("AROA")) && text.size() >= 16 && text.size() <= 128 &&
         text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

// Users, roles and sessions; no wildcards: "Principals must always name a specific session".
bool is_principal_arn(const std::array<std::string_view, 6>& parts) {
  if (parts[0] != "arn" || !parts[1].starts_with("aws") || !parts[3].empty() || !is_account_id(parts[4])) return false;
  const std::string_view resource = parts[5];
  if (resource.find_first_of("*?") != std::string_view::npos || resource.ends_with('/')) return false;
  if (parts[2] == "iam") return resource.starts_with("user/") || resource.starts_with("role/");
  if (parts[2] != "sts") return false;
  return resource.starts_with("federated-user/") ||
         (resource.starts_with("assumed-role/") && std::count(resource.begin(), resource.end(), '/') == 2);
}

bool is_domain_name(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
  return !text.empty() && text.find('.') != std::string_view::npos &&
         text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

}  // namespace

PrincipalNameError PrincipalSet::add(std::string_view type, std::string_view value) {
  std::array<std::string_view, 6> parts;
  const bool is_arn = split_arn(value, Variables::literal, parts);
  if (type == "AWS") {
    if (value == "*") {
      everyone_ = true;
    } else if (is_account_id(value)) {
      accounts_.emplace_back(value);
    } else if (is_unique_id(value)) {
      arns_.emplace_back(value);
    } else if (is_arn && parts[2] == "iam" && parts[5] == "root" && is_account_id(parts[4])) {
      accounts_.emplace_back(parts[4]);
    } else if (is_arn && is_principal_arn(parts)) {
      arns_.emplace_back(value);
    } else {
      return PrincipalNameError::invalid;
    }
    return PrincipalNameError::none;
  }
  if (type == "Service" && is_domain_name(value)) {
    services_.emplace_back(value);
  } else if (type == "Federated" && value == "*") {
    every_provider_ = true;
  } else if (type == "Federated" && (is_domain_name(value) || (is_arn && parts[2] == "iam"))) {
    providers_.emplace_back(value);
  } else if (type == "CanonicalUser" && !value.empty() && value.find_first_of("*?") == std::string_view::npos) {
    canonical_users_.emplace_back(value);
  } else {
    return PrincipalNameError::invalid;
  }
  return PrincipalNameError::none;
}

bool PrincipalSet::lists(const std::vector<std::string>& names, std::string_view name) const {
  return !name.empty() && std::find(names.begin(), names.end(), name) != names.end();
}

PrincipalMatch PrincipalSet::match(const Principal& principal) const {
  if (everyone_) return PrincipalMatch::direct;
  switch (principal.type) {
    case PrincipalType::anonymous:
      return PrincipalMatch::none;
    case PrincipalType::service:
      return lists(services_, principal.service) ? PrincipalMatch::direct : PrincipalMatch::none;
    case PrincipalType::federated_identity:
      return every_provider_ || lists(providers_, principal.provider) ? PrincipalMatch::direct : PrincipalMatch::none;
    case PrincipalType::user:
      if (lists(arns_, principal.unique_id)) return PrincipalMatch::direct;
      [[fallthrough]];
    case PrincipalType::root:
    case PrincipalType::role_session:
    case PrincipalType::federated_user:
      break;
  }
  if (lists(arns_, principal.arn)) return PrincipalMatch::direct;
  const bool has_provider = !principal.provider.empty() && every_provider_;
  if (lists(arns_, principal.entity_arn) || lists(arns_, principal.unique_id) || has_provider ||
      lists(providers_, principal.provider)) {
    return PrincipalMatch::entity;
  }
  const bool is_account = lists(accounts_, principal.account) || lists(canonical_users_, principal.canonical_user_id);
  return is_account ? PrincipalMatch::account : PrincipalMatch::none;
}

bool PrincipalSet::exempts(const Principal& principal) const {
  if (everyone_) return true;
  switch (principal.type) {
    case PrincipalType::root:
      return match(principal) != PrincipalMatch::none;
    case PrincipalType::role_session:
      return lists(arns_, principal.arn) && (lists(arns_, principal.entity_arn) || lists(arns_, principal.unique_id));
    default:
      return match(principal) == PrincipalMatch::direct;
  }
}

}  // namespace aerolith::policy
