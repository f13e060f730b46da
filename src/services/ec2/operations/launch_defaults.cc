#include "services/ec2/launch_defaults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "ec2/operations/get_default_credit_specification.h"
#include "ec2/operations/get_instance_metadata_defaults.h"
#include "ec2/operations/modify_default_credit_specification.h"
#include "ec2/operations/modify_instance_metadata_defaults.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kNoPreference = "no-preference";
constexpr int32_t kMostHops = 64;

template <typename Change>
Result<> change_defaults(Call& call, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<> {
    LaunchDefaultsRecord record = TRY(launch_defaults_of(txn, call.scope));
    change(record);
    kLaunchDefaults.put(txn, {call.scope.account, call.scope.region}, record);
    return {};
  });
}

Result<> check_choice(std::string_view parameter, const std::optional<std::string>& asked,
                      std::array<std::string_view, 2> allowed) {
  if (!asked || *asked == kNoPreference || std::ranges::find(allowed, *asked) != allowed.end()) return {};
  return errors::invalid_value(parameter, *asked, "It is none of those that are allowed.");
}

Result<> check_family(const std::string& family) {
  constexpr std::array<std::string_view, 4> kBurstable{"t2", "t3", "t3a", "t4g"};
  if (std::ranges::find(kBurstable, family) != kBurstable.end()) return {};
  return errors::invalid_value("InstanceFamily", family, "It is no family of burstable performance instances.");
}

std::optional<std::string> shown(const std::string& value) {
  if (value.empty()) return std::nullopt;
  return value;
}

}  // namespace

Result<GetInstanceMetadataDefaultsOutput> get_instance_metadata_defaults(
    Call& call, const GetInstanceMetadataDefaultsInput& /*input*/) {
  const LaunchDefaultsRecord record = TRY(launch_defaults_of(*call.read(), call.scope));
  InstanceMetadataDefaultsResponse level{.http_tokens = shown(record.http_tokens),
                                         .http_endpoint = shown(record.http_endpoint),
                                         .instance_metadata_tags = shown(record.metadata_tags),
                                         .managed_by = "account"};
  if (record.hop_limit > 0) level.http_put_response_hop_limit = record.hop_limit;
  return GetInstanceMetadataDefaultsOutput{.account_level = std::move(level)};
}

// What isn't named stays; "no-preference" and -1 take it back.
Result<ModifyInstanceMetadataDefaultsOutput> modify_instance_metadata_defaults(
    Call& call, const ModifyInstanceMetadataDefaultsInput& input) {
  TRY(check_choice("HttpTokens", input.http_tokens, {"optional", "required"}));
  TRY(check_choice("HttpEndpoint", input.http_endpoint, {"enabled", "disabled"}));
  TRY(check_choice("InstanceMetadataTags", input.instance_metadata_tags, {"enabled", "disabled"}));
  if (input.http_tokens_enforced == "enabled") {
    return errors::unsupported("Launches are free to ask for version 1 of the instance metadata service.");
  }
  const int32_t hops = input.http_put_response_hop_limit.value_or(1);
  if (hops != -1 && (hops < 1 || hops > kMostHops)) {
    return errors::invalid_value("HttpPutResponseHopLimit", std::to_string(hops),
                                 "Valid values are from 1 to 64, and -1 for no preference.");
  }
  const auto set = [](std::string& to, const std::optional<std::string>& asked) {
    if (asked) to = *asked == kNoPreference ? std::string() : *asked;
  };
  TRY(change_defaults(call, [&](LaunchDefaultsRecord& record) {
    set(record.http_tokens, input.http_tokens);
    set(record.http_endpoint, input.http_endpoint);
    set(record.metadata_tags, input.instance_metadata_tags);
    if (input.http_put_response_hop_limit) record.hop_limit = std::max(hops, 0);
  }));
  return ModifyInstanceMetadataDefaultsOutput{.return_ = true};
}

Result<GetDefaultCreditSpecificationOutput> get_default_credit_specification(
    Call& call, const GetDefaultCreditSpecificationInput& input) {
  const std::string& family = *input.instance_family;
  TRY(check_family(family));
  const LaunchDefaultsRecord record = TRY(launch_defaults_of(*call.read(), call.scope));
  const auto found = record.credits.find(family);
  const std::string credits = found == record.credits.end() ? usual_credits_of(family) : found->second;
  return GetDefaultCreditSpecificationOutput{.instance_family_credit_specification = InstanceFamilyCreditSpecification{
                                                 .instance_family = family, .cpu_credits = credits}};
}

Result<ModifyDefaultCreditSpecificationOutput> modify_default_credit_specification(
    Call& call, const ModifyDefaultCreditSpecificationInput& input) {
  const std::string& family = *input.instance_family;
  const std::string& credits = *input.cpu_credits;
  TRY(check_family(family));
  if (credits != "standard" && credits != "unlimited") {
    return errors::invalid_parameter(fmt::format("Invalid value '{}' for CpuCredits.", credits));
  }
  TRY(change_defaults(call, [&](LaunchDefaultsRecord& record) { record.credits[family] = credits; }));
  return ModifyDefaultCreditSpecificationOutput{
      .instance_family_credit_specification =
          InstanceFamilyCreditSpecification{.instance_family = family, .cpu_credits = credits}};
}

}  // namespace aerolith::ec2
