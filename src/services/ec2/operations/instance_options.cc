#include <fmt/format.h>

#include <array>

#include "ec2/operations/describe_instance_credit_specifications.h"
#include "ec2/operations/modify_instance_credit_specification.h"
#include "ec2/operations/modify_instance_metadata_options.h"
#include "ec2/operations/monitor_instances.h"
#include "ec2/operations/unmonitor_instances.h"
#include "services/ec2/describe.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/instances.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/unbuilt.h"

namespace aerolith::ec2 {
namespace {

using InstanceFilter = FilterDefinition<InstanceRecord>;
constexpr std::array kCreditFilters{
    InstanceFilter{"instance-id",
                   [](const Lookup&, const InstanceRecord& r) -> Result<Strings> { return Strings{r.id}; }},
};

Result<std::vector<InstanceMonitoring>> set_monitoring(Call& call, const Strings& ids, bool enabled) {
  return call.write([&](metadata::Transaction& txn) -> Result<std::vector<InstanceMonitoring>> {
    std::vector<InstanceMonitoring> result;
    for (InstanceRecord& record : TRY(find_all<InstanceRecord>(txn, call.scope, kInstances, ids))) {
      record.monitoring = enabled;
      kInstances.put(txn, call.scope, record);
      result.push_back({.instance_id = record.id, .monitoring = Monitoring{.state = enabled ? "enabled" : "disabled"}});
    }
    return result;
  });
}

}  // namespace

Result<ModifyInstanceMetadataOptionsOutput> modify_instance_metadata_options(
    Call& call, const ModifyInstanceMetadataOptionsInput& input) {
  auto options = TRY(call.write([&](metadata::Transaction& txn) -> Result<InstanceMetadataOptionsResponse> {
    InstanceRecord record = TRY(kInstances.get(txn, call.scope, input.instance_id));
    if (record.state == LifeState::terminated || record.state == LifeState::shutting_down) {
      return errors::of(
          "IncorrectInstanceState",
          fmt::format("The instance '{}' is not in a state in which its metadata options can change.", record.id));
    }
    MetadataOptionsRecord& stored = record.metadata_options;
    if (input.http_tokens) stored.tokens_required = *input.http_tokens == "required";
    if (input.http_put_response_hop_limit) {
      stored.hop_limit = *input.http_put_response_hop_limit;
      if (stored.hop_limit < 1 || stored.hop_limit > 64) {
        return errors::invalid_value("HttpPutResponseHopLimit", std::to_string(stored.hop_limit),
                                     "Valid values are from 1 to 64.");
      }
    }
    TRY(check_metadata_protocol(input.http_protocol_ipv6));
    if (input.http_endpoint) stored.enabled = *input.http_endpoint == "enabled";
    if (input.instance_metadata_tags) stored.shows_tags = *input.instance_metadata_tags == "enabled";
    kInstances.put(txn, call.scope, record);
    return *TRY(shown(txn, call.scope, record, {})).metadata_options;
  }));
  return ModifyInstanceMetadataOptionsOutput{.instance_id = input.instance_id,
                                             .instance_metadata_options = std::move(options)};
}

Result<MonitorInstancesOutput> monitor_instances(Call& call, const MonitorInstancesInput& input) {
  return MonitorInstancesOutput{.instance_monitorings = TRY(set_monitoring(call, *input.instance_ids, true))};
}

Result<UnmonitorInstancesOutput> unmonitor_instances(Call& call, const UnmonitorInstancesInput& input) {
  return UnmonitorInstancesOutput{.instance_monitorings = TRY(set_monitoring(call, *input.instance_ids, false))};
}

Result<DescribeInstanceCreditSpecificationsOutput> describe_instance_credit_specifications(
    Call& call, const DescribeInstanceCreditSpecificationsInput& input) {
  const auto txn = call.read();
  const auto page =
      TRY(describe<InstanceRecord>(*txn, call.scope, kInstances, kCreditFilters,
                                   {input.instance_ids, input.filters, input.max_results, input.next_token}));
  DescribeInstanceCreditSpecificationsOutput output{
      .instance_credit_specifications = std::vector<InstanceCreditSpecification>(), .next_token = page.next_token};
  for (const auto& item : page.items) {
    if (item.record.credits.empty()) continue;
    output.instance_credit_specifications->push_back(
        {.instance_id = item.record.id, .cpu_credits = item.record.credits});
  }
  return output;
}

Result<ModifyInstanceCreditSpecificationOutput> modify_instance_credit_specification(
    Call& call, const ModifyInstanceCreditSpecificationInput& input) {
  using Refused = UnsuccessfulInstanceCreditSpecificationItem;
  return call.write([&](metadata::Transaction& txn) -> Result<ModifyInstanceCreditSpecificationOutput> {
    ModifyInstanceCreditSpecificationOutput output{
        .successful_instance_credit_specifications = std::vector<SuccessfulInstanceCreditSpecificationItem>(),
        .unsuccessful_instance_credit_specifications = std::vector<Refused>()};
    const auto refuse = [&](const std::string& id, std::string code, std::string why) {
      output.unsuccessful_instance_credit_specifications->push_back(
          {.instance_id = id,
           .error =
               UnsuccessfulInstanceCreditSpecificationItemError{.code = std::move(code), .message = std::move(why)}});
    };
    for (const InstanceCreditSpecificationRequest& asked : *input.instance_credit_specifications) {
      const std::string& id = *asked.instance_id;
      const std::string credits = asked.cpu_credits.value_or("");
      if (credits != "standard" && credits != "unlimited") {
        return errors::invalid_parameter(fmt::format("Invalid value '{}' for CpuCredits.", credits));
      }
      if (!is_well_formed(Kind::instance, id)) {
        refuse(id, "InvalidInstanceID.Malformed", fmt::format("Invalid id: \"{}\"", id));
        continue;
      }
      auto record = TRY(kInstances.find(txn, call.scope, id));
      if (!record) {
        refuse(id, "InvalidInstanceID.NotFound", fmt::format("The instance ID '{}' does not exist", id));
      } else if (record->credits.empty()) {
        refuse(id, "InstanceCreditSpecification.NotSupported",
               fmt::format("The instance '{}' is of no burstable type.", id));
      } else {
        record->credits = credits;
        kInstances.put(txn, call.scope, *record);
        output.successful_instance_credit_specifications->push_back({.instance_id = id});
      }
    }
    return output;
  });
}

}  // namespace aerolith::ec2
