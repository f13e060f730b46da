// Rows of the table: capacity that can't be bought here, and tasks that can't be begun.
#include "ec2/operations/describe_bundle_tasks.h"
#include "ec2/operations/describe_capacity_reservation_fleets.h"
#include "ec2/operations/describe_capacity_reservations.h"
#include "ec2/operations/describe_conversion_tasks.h"
#include "ec2/operations/describe_elastic_gpus.h"
#include "ec2/operations/describe_export_image_tasks.h"
#include "ec2/operations/describe_export_tasks.h"
#include "ec2/operations/describe_fast_launch_images.h"
#include "ec2/operations/describe_fleets.h"
#include "ec2/operations/describe_fpga_images.h"
#include "ec2/operations/describe_host_reservation_offerings.h"
#include "ec2/operations/describe_host_reservations.h"
#include "ec2/operations/describe_hosts.h"
#include "ec2/operations/describe_instance_event_windows.h"
#include "ec2/operations/describe_mac_hosts.h"
#include "ec2/operations/describe_reserved_instances.h"
#include "ec2/operations/describe_reserved_instances_listings.h"
#include "ec2/operations/describe_reserved_instances_modifications.h"
#include "ec2/operations/describe_reserved_instances_offerings.h"
#include "ec2/operations/describe_scheduled_instances.h"
#include "ec2/operations/describe_spot_fleet_requests.h"
#include "ec2/operations/describe_spot_instance_requests.h"
#include "ec2/operations/describe_spot_price_history.h"
#include "ec2/operations/describe_store_image_tasks.h"
#include "services/ec2/absences.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {
namespace {

constexpr Absence kCapacityReservation{"InvalidCapacityReservationId.NotFound",
                                       "The capacity reservation ID '{}' does not exist"};
constexpr Absence kExportTask{"InvalidExportTaskID.NotFound", "The export task ID '{}' does not exist"};
constexpr Absence kFleet{"InvalidFleetId.NotFound", "The fleet ID '{}' does not exist"};
constexpr Absence kFpgaImage{"InvalidFpgaImageID.NotFound", "The FPGA image ID '{}' does not exist"};
constexpr Absence kHost{"InvalidHostID.NotFound", "The specified host ID '{}' does not exist"};
constexpr Absence kReservedInstance{"InvalidReservedInstancesId", "The ID '{}' is not valid"};
constexpr Absence kReservedInstancesOffering{"InvalidReservedInstancesOfferingId", "The offering ID '{}' is not valid"};
constexpr Absence kSpotFleetRequest{"InvalidSpotFleetRequestId.NotFound",
                                    "The spot fleet request ID '{}' does not exist"};
constexpr Absence kSpotInstanceRequest{"InvalidSpotInstanceRequestID.NotFound",
                                       "The spot instance request ID '{}' does not exist"};

}  // namespace

void add_absent_capacity_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<none<DescribeBundleTasksInput, &DescribeBundleTasksOutput::bundle_tasks>>(
      describe_bundle_tasks, "ec2:DescribeBundleTasks", kAnything);
  table.row<none<DescribeCapacityReservationFleetsInput,
                 &DescribeCapacityReservationFleetsOutput::capacity_reservation_fleets>>(
      describe_capacity_reservation_fleets, "ec2:DescribeCapacityReservationFleets", kAnything);
  table.row<none_of<kCapacityReservation, &DescribeCapacityReservationsInput::capacity_reservation_ids,
                    &DescribeCapacityReservationsOutput::capacity_reservations>>(
      describe_capacity_reservations, "ec2:DescribeCapacityReservations", kAnything);
  table.row<none<DescribeConversionTasksInput, &DescribeConversionTasksOutput::conversion_tasks>>(
      describe_conversion_tasks, "ec2:DescribeConversionTasks", kAnything);
  table.row<none<DescribeElasticGpusInput, &DescribeElasticGpusOutput::elastic_gpu_set>>(
      describe_elastic_gpus, "ec2:DescribeElasticGpus", kAnything);
  table.row<none<DescribeExportImageTasksInput, &DescribeExportImageTasksOutput::export_image_tasks>>(
      describe_export_image_tasks, "ec2:DescribeExportImageTasks", kAnything);
  table.row<none_of<kExportTask, &DescribeExportTasksInput::export_task_ids, &DescribeExportTasksOutput::export_tasks>>(
      describe_export_tasks, "ec2:DescribeExportTasks", kAnything);
  table.row<none<DescribeFastLaunchImagesInput, &DescribeFastLaunchImagesOutput::fast_launch_images>>(
      describe_fast_launch_images, "ec2:DescribeFastLaunchImages", kAnything);
  table.row<none_of<kFleet, &DescribeFleetsInput::fleet_ids, &DescribeFleetsOutput::fleets>>(
      describe_fleets, "ec2:DescribeFleets", kAnything);
  table.row<none_of<kFpgaImage, &DescribeFpgaImagesInput::fpga_image_ids, &DescribeFpgaImagesOutput::fpga_images>>(
      describe_fpga_images, "ec2:DescribeFpgaImages", kAnything);
  table.row<none<DescribeHostReservationOfferingsInput, &DescribeHostReservationOfferingsOutput::offering_set>>(
      describe_host_reservation_offerings, "ec2:DescribeHostReservationOfferings", kAnything);
  table.row<none<DescribeHostReservationsInput, &DescribeHostReservationsOutput::host_reservation_set>>(
      describe_host_reservations, "ec2:DescribeHostReservations", kAnything);
  table.row<none_of<kHost, &DescribeHostsInput::host_ids, &DescribeHostsOutput::hosts>>(describe_hosts,
                                                                                        "ec2:DescribeHosts", kAnything);
  table.row<none<DescribeInstanceEventWindowsInput, &DescribeInstanceEventWindowsOutput::instance_event_windows>>(
      describe_instance_event_windows, "ec2:DescribeInstanceEventWindows", kAnything);
  table.row<none<DescribeMacHostsInput, &DescribeMacHostsOutput::mac_hosts>>(describe_mac_hosts, "ec2:DescribeMacHosts",
                                                                             kAnything);
  table.row<none_of<kReservedInstance, &DescribeReservedInstancesInput::reserved_instances_ids,
                    &DescribeReservedInstancesOutput::reserved_instances>>(describe_reserved_instances,
                                                                           "ec2:DescribeReservedInstances", kAnything);
  table.row<none<DescribeReservedInstancesListingsInput,
                 &DescribeReservedInstancesListingsOutput::reserved_instances_listings>>(
      describe_reserved_instances_listings, "ec2:DescribeReservedInstancesListings", kAnything);
  table.row<none<DescribeReservedInstancesModificationsInput,
                 &DescribeReservedInstancesModificationsOutput::reserved_instances_modifications>>(
      describe_reserved_instances_modifications, "ec2:DescribeReservedInstancesModifications", kAnything);
  table.row<
      none_of<kReservedInstancesOffering, &DescribeReservedInstancesOfferingsInput::reserved_instances_offering_ids,
              &DescribeReservedInstancesOfferingsOutput::reserved_instances_offerings>>(
      describe_reserved_instances_offerings, "ec2:DescribeReservedInstancesOfferings", kAnything);
  table.row<none<DescribeScheduledInstancesInput, &DescribeScheduledInstancesOutput::scheduled_instance_set>>(
      describe_scheduled_instances, "ec2:DescribeScheduledInstances", kAnything);
  table.row<none_of<kSpotFleetRequest, &DescribeSpotFleetRequestsInput::spot_fleet_request_ids,
                    &DescribeSpotFleetRequestsOutput::spot_fleet_request_configs>>(
      describe_spot_fleet_requests, "ec2:DescribeSpotFleetRequests", kAnything);
  table.row<none_of<kSpotInstanceRequest, &DescribeSpotInstanceRequestsInput::spot_instance_request_ids,
                    &DescribeSpotInstanceRequestsOutput::spot_instance_requests>>(
      describe_spot_instance_requests, "ec2:DescribeSpotInstanceRequests", kAnything);
  table.row<none<DescribeSpotPriceHistoryInput, &DescribeSpotPriceHistoryOutput::spot_price_history>>(
      describe_spot_price_history, "ec2:DescribeSpotPriceHistory", kAnything);
  table.row<none<DescribeStoreImageTasksInput, &DescribeStoreImageTasksOutput::store_image_task_results>>(
      describe_store_image_tasks, "ec2:DescribeStoreImageTasks", kAnything);
}

}  // namespace aerolith::ec2
