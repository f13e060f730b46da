// What is so for every account: ids are long, and what isn't here is off.
#include <string>
#include <string_view>
#include <vector>

#include "ec2/operations/describe_aggregate_id_format.h"
#include "ec2/operations/describe_id_format.h"
#include "ec2/operations/describe_spot_datafeed_subscription.h"
#include "ec2/operations/get_allowed_images_settings.h"
#include "ec2/operations/get_serial_console_access_status.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeIdFormat.html
constexpr std::string_view kTypesWithLongIds[] = {
    "bundle",
    "conversion-task",
    "customer-gateway",
    "dhcp-options",
    "elastic-ip-allocation",
    "elastic-ip-association",
    "export-task",
    "flow-log",
    "image",
    "import-task",
    "instance",
    "internet-gateway",
    "network-acl",
    "network-acl-association",
    "network-interface",
    "network-interface-attachment",
    "prefix-list",
    "reservation",
    "route-table",
    "route-table-association",
    "security-group",
    "snapshot",
    "subnet",
    "subnet-cidr-block-association",
    "volume",
    "vpc",
    "vpc-cidr-block-association",
    "vpc-endpoint",
    "vpc-peering-connection",
    "vpn-connection",
    "vpn-gateway",
};

std::vector<IdFormat> id_formats() {
  std::vector<IdFormat> formats;
  for (const std::string_view type : kTypesWithLongIds) {
    formats.push_back({.resource = std::string(type), .use_long_ids = true});
  }
  return formats;
}

}  // namespace

Result<DescribeIdFormatOutput> describe_id_format(Call& /*call*/, const DescribeIdFormatInput& input) {
  DescribeIdFormatOutput output{.statuses = id_formats()};
  if (!input.resource) return output;
  std::erase_if(*output.statuses, [&](const IdFormat& each) { return each.resource != *input.resource; });
  if (!output.statuses->empty()) return output;
  return errors::invalid_value("resource", *input.resource, "Unknown resource type.");
}

Result<DescribeAggregateIdFormatOutput> describe_aggregate_id_format(Call& /*call*/,
                                                                     const DescribeAggregateIdFormatInput& /*input*/) {
  return DescribeAggregateIdFormatOutput{.use_long_ids_aggregated = true, .statuses = id_formats()};
}

Result<DescribeSpotDatafeedSubscriptionOutput> describe_spot_datafeed_subscription(
    Call& /*call*/, const DescribeSpotDatafeedSubscriptionInput& /*input*/) {
  return errors::of("InvalidSpotDatafeed.NotFound", "Spot datafeed subscription does not exist.");
}

// A console to type into isn't built.
Result<GetSerialConsoleAccessStatusOutput> get_serial_console_access_status(
    Call& /*call*/, const GetSerialConsoleAccessStatusInput& /*input*/) {
  return GetSerialConsoleAccessStatusOutput{.serial_console_access_enabled = false, .managed_by = "account"};
}

// Every image may be used that one has been given.
Result<GetAllowedImagesSettingsOutput> get_allowed_images_settings(Call& /*call*/,
                                                                   const GetAllowedImagesSettingsInput& /*input*/) {
  return GetAllowedImagesSettingsOutput{
      .state = "disabled", .image_criteria = std::vector<ImageCriterion>(), .managed_by = "account"};
}

}  // namespace aerolith::ec2
