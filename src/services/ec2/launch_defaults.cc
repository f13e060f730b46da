#include "services/ec2/launch_defaults.h"

#include <optional>

namespace aerolith::ec2 {
namespace {

void fill(std::optional<std::string>& asked, const std::string& usual) {
  if (!usual.empty() && (!asked || asked->empty())) asked = usual;
}

}  // namespace

Result<LaunchDefaultsRecord> launch_defaults_of(metadata::ReadTransaction& txn, const Scope& scope) {
  return TRY(kLaunchDefaults.get(txn, {scope.account, scope.region})).value_or(LaunchDefaultsRecord());
}

std::string usual_credits_of(std::string_view family) { return family == "t2" ? "standard" : "unlimited"; }

void fill_in(const LaunchDefaultsRecord& defaults, const TypeFacts& type, RunInstancesInput& input) {
  if (!input.metadata_options) input.metadata_options.emplace();
  auto& metadata = *input.metadata_options;
  fill(metadata.http_tokens, defaults.http_tokens);
  fill(metadata.http_endpoint, defaults.http_endpoint);
  fill(metadata.instance_metadata_tags, defaults.metadata_tags);
  if (defaults.hop_limit > 0 && !metadata.http_put_response_hop_limit) {
    metadata.http_put_response_hop_limit = defaults.hop_limit;
  }
  const auto credits = defaults.credits.find(std::string(type.name.substr(0, type.name.find('.'))));
  if (!type.is_burstable() || credits == defaults.credits.end()) return;
  if (!input.credit_specification) input.credit_specification.emplace();
  fill(input.credit_specification->cpu_credits, credits->second);
}

}  // namespace aerolith::ec2
