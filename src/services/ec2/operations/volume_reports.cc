// What is seen of volumes: their status, and their attributes.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ec2/operations/describe_volume_attribute.h"
#include "ec2/operations/describe_volume_status.h"
#include "ec2/operations/enable_volume_io.h"
#include "ec2/operations/modify_volume_attribute.h"
#include "ec2/schema.h"
#include "services/ec2/describe.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

// Whether a volume's file is there: what is to be known without opening it.
class Files {
 public:
  static Result<Files> look(const Cloud& cloud) {
    Files files;
    if (cloud.volumes == nullptr) return files;
    auto there = cloud.volumes->list();
    if (!there.has_value()) return errors::internal_error(there.error().detail);
    files.there_ = *std::move(there);
    files.volumes_ = cloud.volumes;
    return files;
  }
  bool has(const std::string& volume) const { return std::ranges::binary_search(there_, volume); }
  std::optional<blocks::Filling> filling(const VolumeRecord& volume) const {
    return volumes_ == nullptr || volume.snapshot.empty() ? std::nullopt : volumes_->filling(volume.snapshot);
  }

 private:
  const blocks::Volumes* volumes_ = nullptr;
  std::vector<std::string> there_;  // sorted
};

// Of a volume that is being made, nothing is known yet.
bool is_being_made(const VolumeRecord& volume, const Files& files) {
  return volume.file == VolumeFile::to_make || (volume.file == VolumeFile::with_instance && !files.has(volume.id));
}

// Of volumes that are made of something.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InitializationStatusDetails.html
InitializationStatusDetails show_initialization(const VolumeRecord& volume,
                                                const std::optional<blocks::Filling>& filling) {
  const bool is_provisioned = volume.initialization_rate > 0;
  InitializationStatusDetails shown{.initialization_type = is_provisioned                 ? "provisioned-rate"
                                                           : volume.source_volume.empty() ? "default"
                                                                                          : "volume-copy",
                                    .progress = 100};
  if (is_provisioned) shown.estimated_time_to_complete_in_seconds = 0;
  if (!filling) return shown;
  shown.progress = filling->of_bytes == 0 ? 0 : static_cast<int64_t>(filling->done_bytes * 100 / filling->of_bytes);
  if (!is_provisioned || filling->of_bytes == 0) {
    shown.estimated_time_to_complete_in_seconds.reset();
    return shown;
  }
  const uint64_t left = filling->of_bytes - filling->done_bytes;
  shown.estimated_time_to_complete_in_seconds = static_cast<int64_t>(left / filling->bytes_per_second + 1);
  return shown;
}

// How fast it is, nobody watches here, which AWS calls so for all but volumes with IOPS of their own.
// https://docs.aws.amazon.com/ebs/latest/userguide/monitoring-volume-checks.html
VolumeStatusItem show_status(const Scope& scope, const VolumeRecord& volume, const Files& files) {
  const bool is_known = !is_being_made(volume, files);
  const bool is_there = volume.file != VolumeFile::failed && files.has(volume.id);
  const auto filling = files.filling(volume);
  VolumeStatusInfo info{.details = std::vector<VolumeStatusDetails>(),
                        .status = !is_known  ? "insufficient-data"
                                  : is_there ? "ok"
                                             : "impaired"};
  if (is_known) {
    info.details->push_back({.name = "io-enabled", .status = is_there ? "passed" : "failed"});
    info.details->push_back({.name = "io-performance", .status = "not-applicable"});
    const std::string state = filling ? "initializing" : "completed";
    info.details->push_back({.name = "initialization-state", .status = is_there ? state : "not-applicable"});
  }
  VolumeStatusItem item{.actions = std::vector<VolumeStatusAction>(),
                        .availability_zone = volume.zone,
                        .events = std::vector<VolumeStatusEvent>(),
                        .volume_id = volume.id,
                        .volume_status = std::move(info),
                        .attachment_statuses = std::vector<VolumeStatusAttachmentStatus>()};
  if (is_known && is_there && !volume.snapshot.empty()) {
    item.initialization_status_details = show_initialization(volume, filling);
  }
  if (const auto zone = find_zone(scope.region, volume.zone)) item.availability_zone_id = zone->id;
  for (const VolumeAttachmentRecord& each : volume.attachments) {
    item.attachment_statuses->push_back({.io_performance = "not-applicable", .instance_id = each.instance});
  }
  return item;
}

template <Path path>
Result<Strings> at(const Lookup&, const VolumeStatusItem& item) {
  return values_at(schema::kVolumeStatusItem, &item, path.view());
}
using VolumeStatusFilter = FilterDefinition<VolumeStatusItem>;
constexpr std::array kVolumeStatusFilters{
    VolumeStatusFilter{"action.code", &at<"Actions.Code">},
    VolumeStatusFilter{"action.description", &at<"Actions.Description">},
    VolumeStatusFilter{"action.event-id", &at<"Actions.EventId">},
    VolumeStatusFilter{"attachment-status.instance-id", &at<"AttachmentStatuses.InstanceId">},
    VolumeStatusFilter{"attachment-status.io-performance", &at<"AttachmentStatuses.IoPerformance">},
    VolumeStatusFilter{"availability-zone", &at<"AvailabilityZone">},
    VolumeStatusFilter{"event.description", &at<"Events.Description">},
    VolumeStatusFilter{"event.event-id", &at<"Events.EventId">},
    VolumeStatusFilter{"event.event-type", &at<"Events.EventType">},
    VolumeStatusFilter{"event.not-after", &at<"Events.NotAfter">},
    VolumeStatusFilter{"event.not-before", &at<"Events.NotBefore">},
    VolumeStatusFilter{"volume-status.details-name", &at<"VolumeStatus.Details.Name">},
    VolumeStatusFilter{"volume-status.details-status", &at<"VolumeStatus.Details.Status">},
    VolumeStatusFilter{"volume-status.status", &at<"VolumeStatus.Status">},
};

}  // namespace

Result<DescribeVolumeStatusOutput> describe_volume_status(Call& call, const DescribeVolumeStatusInput& input) {
  TRY(check_max_results(input.max_results, 5, 1000));
  TRY(check_filters<VolumeStatusItem>(input.filters, kVolumeStatusFilters));
  const auto txn = call.read();
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  const std::string after = TRY(read_token(input.next_token));
  const bool names_some = input.volume_ids && !input.volume_ids->empty();
  auto volumes = names_some ? TRY((find_all<VolumeRecord>(*txn, call.scope, kVolumes, *input.volume_ids)))
                            : TRY(kVolumes.all(*txn, call.scope));
  std::ranges::sort(volumes, {}, &VolumeRecord::id);
  const Files files = TRY(Files::look(call.cloud));
  DescribeVolumeStatusOutput output{.volume_statuses = std::vector<VolumeStatusItem>()};
  for (const VolumeRecord& volume : volumes) {
    if (volume.id <= after || volume.removed) continue;
    VolumeStatusItem item = show_status(call.scope, volume, files);
    if (!TRY(matches<VolumeStatusItem>(input.filters, kVolumeStatusFilters, lookup, item, {}))) continue;
    if (input.max_results && output.volume_statuses->size() == static_cast<size_t>(*input.max_results)) {
      output.next_token = make_token(*output.volume_statuses->back().volume_id);
      break;
    }
    output.volume_statuses->push_back(std::move(item));
  }
  return output;
}

Result<DescribeVolumeAttributeOutput> describe_volume_attribute(Call& call, const DescribeVolumeAttributeInput& input) {
  const auto txn = call.read();
  const VolumeRecord volume = TRY(kVolumes.get(*txn, call.scope, input.volume_id));
  DescribeVolumeAttributeOutput output{.volume_id = volume.id};
  if (*input.attribute == "autoEnableIO") {
    output.auto_enable_io = AttributeBooleanValue{volume.auto_enable_io};
  } else if (*input.attribute == "productCodes") {
    output.product_codes = std::vector<ProductCode>();
  } else {
    return errors::invalid_value("attribute", *input.attribute, "Unknown attribute.");
  }
  return output;
}

Result<NoOutput> modify_volume_attribute(Call& call, const ModifyVolumeAttributeInput& input) {
  if (!input.auto_enable_io) return errors::missing_parameter("AutoEnableIO");
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    VolumeRecord volume = TRY(kVolumes.get(txn, call.scope, input.volume_id));
    volume.auto_enable_io = input.auto_enable_io->value.value_or(false);
    kVolumes.put(txn, call.scope, volume);
    return {};
  }));
  return NoOutput{};
}

// The I/O of a volume is never switched off here, so it is on wherever there is something to reach.
Result<NoOutput> enable_volume_io(Call& call, const EnableVolumeIOInput& input) {
  const VolumeRecord volume = TRY(kVolumes.get(*call.read(), call.scope, input.volume_id));
  const Files files = TRY(Files::look(call.cloud));
  if (files.has(volume.id)) return NoOutput{};
  return errors::of("IncorrectState",
                    fmt::format("The volume '{}' has no file: there is nothing to read or write.", volume.id));
}

}  // namespace aerolith::ec2
