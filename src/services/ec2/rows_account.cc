// Rows of the table: an account's settings, and what is so for all.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/describe_aggregate_id_format.h"
#include "ec2/operations/describe_id_format.h"
#include "ec2/operations/describe_instance_image_metadata.h"
#include "ec2/operations/describe_security_group_references.h"
#include "ec2/operations/describe_spot_datafeed_subscription.h"
#include "ec2/operations/describe_stale_security_groups.h"
#include "ec2/operations/describe_vpc_block_public_access_options.h"
#include "ec2/operations/get_allowed_images_settings.h"
#include "ec2/operations/get_serial_console_access_status.h"
#include "ec2/operations/report_instance_status.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {

void add_account_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::describe_aggregate_id_format>(describe_aggregate_id_format, "ec2:DescribeAggregateIdFormat",
                                               kAnything);
  table.row<ec2::describe_id_format>(describe_id_format, "ec2:DescribeIdFormat", kAnything);
  table.row<ec2::describe_instance_image_metadata>(describe_instance_image_metadata,
                                                   "ec2:DescribeInstanceImageMetadata", kAnything);
  table.row<ec2::describe_security_group_references>(describe_security_group_references,
                                                     "ec2:DescribeSecurityGroupReferences", kAnything);
  table.row<ec2::describe_spot_datafeed_subscription>(describe_spot_datafeed_subscription,
                                                      "ec2:DescribeSpotDatafeedSubscription", kAnything);
  table.row<ec2::describe_stale_security_groups>(describe_stale_security_groups, "ec2:DescribeStaleSecurityGroups",
                                                 kAnything);
  table.row<ec2::describe_vpc_block_public_access_options>(describe_vpc_block_public_access_options,
                                                           "ec2:DescribeVpcBlockPublicAccessOptions", kAnything);
  table.row<ec2::get_allowed_images_settings>(get_allowed_images_settings, "ec2:GetAllowedImagesSettings", kAnything);
  table.row<ec2::get_serial_console_access_status>(get_serial_console_access_status, "ec2:GetSerialConsoleAccessStatus",
                                                   kAnything);
  table.row<ec2::report_instance_status>(report_instance_status, "ec2:ReportInstanceStatus", kAnything);
}

}  // namespace aerolith::ec2
