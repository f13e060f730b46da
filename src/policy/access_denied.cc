#include "policy/access_denied.h"

#include <fmt/format.h>

namespace aerolith::policy {

std::string_view kind_of_policy(PolicySource source) {
  switch (source) {
    case PolicySource::identity:
      return "identity-based policy";
    case PolicySource::boundary:
      return "permissions boundary";
    case PolicySource::session:
      return "session policy";
    case PolicySource::resource:
      return "resource-based policy";
    case PolicySource::trust:
      return "role trust policy";
    case PolicySource::endpoint:
      return "VPC endpoint policy";
  }
  return "policy";
}

namespace {

std::string_view article(PolicySource source) {
  if (source == PolicySource::identity) return "an";
  return source == PolicySource::trust ? "the" : "a";
}

std::string_view name_of(const Principal& principal) {
  if (!principal.arn.empty()) return principal.arn;
  if (!principal.service.empty()) return principal.service;
  return principal.provider.empty() ? "anonymous" : principal.provider;
}

}  // namespace

std::string access_denied_message(const Request& request, const Decision& decision, ResourceQuotes quotes) {
  std::string text =
      fmt::format("User: {} is not authorized to perform: {}", name_of(request.principal), request.action);
  // Where the action is for no resource in particular, only IAM says so.
  const bool is_told = request.resource != "*" || request.action.starts_with("iam:");
  if (is_told && !request.resource.empty()) {
    const std::string_view mark = quotes == ResourceQuotes::marks ? "\"" : "";
    text += fmt::format(" on resource: {}{}{}", mark, request.resource, mark);
  }
  const std::string_view kind = kind_of_policy(decision.source);
  if (decision.verdict == Verdict::explicit_deny) {
    return text + fmt::format(" with an explicit deny in {} {}", article(decision.source), kind);
  }
  return text + fmt::format(" because no {} allows the {} action", kind, request.action);
}

}  // namespace aerolith::policy
