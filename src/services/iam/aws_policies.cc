#include "services/iam/aws_policies.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>

#include "base/digest.h"
#include "base/log.h"
#include "services/iam/names.h"

namespace aerolith::iam {

extern const std::string_view kManagedPoliciesJson;  // generated from managed_policies.json

namespace {

// Always the same for a policy, as AWS's are.
std::string id_of(std::string_view arn) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string id = "ANPA";
  const std::string bytes = digest(DigestKind::sha256, arn);
  for (size_t i = 0; i < 17; ++i) id += kAlphabet[static_cast<unsigned char>(bytes[i]) % kAlphabet.size()];
  return id;
}

std::string text(const boost::json::object& object, const char* name) {
  return std::string(object.at(name).as_string().c_str());
}

AwsPolicy read_policy(const boost::json::object& object) {
  AwsPolicy policy{.arn = text(object, "arn"),
                   .version_id = text(object, "version"),
                   .created_at = parse_iso8601(text(object, "created")).value_or(Timestamp()),
                   .document = boost::json::serialize(object.at("document"))};
  const std::optional<ArnParts> parts = split_arn(policy.arn);
  policy.name = parts->name;
  policy.path = parts->path;
  policy.id = id_of(policy.arn);
  auto parsed = policy::parse_policy(policy.document, policy::PolicyKind::managed);
  if (!parsed.has_value()) {
    // Our own data: a unit test sees to it that this never happens.
    log_error("iam: an AWS-managed policy doesn't parse", {{"arn", policy.arn}, {"why", parsed.error().message}});
    flush_log();
    std::abort();
  }
  policy.parsed = std::make_shared<const policy::Policy>(*std::move(parsed));
  return policy;
}

std::vector<AwsPolicy> read_policies() {
  std::vector<AwsPolicy> policies;
  const boost::json::value all =
      boost::json::parse(boost::json::string_view(kManagedPoliciesJson.data(), kManagedPoliciesJson.size()));
  for (const boost::json::value& entry : all.as_array()) policies.push_back(read_policy(entry.as_object()));
  std::ranges::sort(policies, {}, &AwsPolicy::arn);
  return policies;
}

}  // namespace

const std::vector<AwsPolicy>& aws_policies() {
  static const std::vector<AwsPolicy> policies = read_policies();
  return policies;
}

const AwsPolicy* find_aws_policy(std::string_view arn) {
  const auto& all = aws_policies();
  const auto at = std::ranges::lower_bound(all, arn, {}, &AwsPolicy::arn);
  return at != all.end() && at->arn == arn ? &*at : nullptr;
}

}  // namespace aerolith::iam
