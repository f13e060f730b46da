// Volumes that change while they are there: size, type, speed.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modify-volume.html
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/step.h"
#include "base/time.h"
#include "ec2/operations/describe_volumes_modifications.h"
#include "ec2/operations/modify_volume.h"
#include "ec2/schema.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/shown_volume.h"
#include "services/ec2/volume_attachments.h"
#include "services/ec2/volume_types.h"

namespace aerolith::ec2 {
namespace {

// "You can modify a volume up to four times within a rolling 24-hour period."
constexpr size_t kMostChanges = 4;
constexpr std::chrono::hours kChangesPeriod{24};
constexpr int32_t kDefaultIops = 3000;
constexpr int64_t kAllOfChange = 100;

VolumeModification show_modification(const VolumeRecord& volume) {
  const ModificationRecord& record = *volume.modification;
  VolumeModification shown{.volume_id = volume.id,
                           .modification_state = std::string(name_of(record.state)),
                           .target_size = record.target.size_gib,
                           .target_iops = iops_of(record.target),
                           .target_volume_type = record.target.type,
                           .target_throughput = throughput_of(record.target),
                           .target_multi_attach_enabled = record.target.multi_attach,
                           .original_size = record.original.size_gib,
                           .original_iops = iops_of(record.original),
                           .original_volume_type = record.original.type,
                           .original_throughput = throughput_of(record.original),
                           .original_multi_attach_enabled = record.original.multi_attach,
                           .progress = record.state == ModificationState::completed ? kAllOfChange : 0,
                           .start_time = record.started_at};
  if (record.ended_at) shown.end_time = *record.ended_at;
  if (!record.message.empty()) shown.status_message = record.message;
  return shown;
}

template <Path path>
Result<Strings> change_at(const Lookup&, const VolumeRecord& volume) {
  const VolumeModification shown = show_modification(volume);
  return values_at(schema::kVolumeModification, &shown, path.view());
}
using VolumeFilter = FilterDefinition<VolumeRecord>;
constexpr std::array kVolumeChangesFilters{
    VolumeFilter{"modification-state", &change_at<"ModificationState">},
    VolumeFilter{"original-iops", &change_at<"OriginalIops">},
    VolumeFilter{"original-size", &change_at<"OriginalSize">},
    VolumeFilter{"original-volume-type", &change_at<"OriginalVolumeType">},
    VolumeFilter{"originalMultiAttachEnabled", &change_at<"OriginalMultiAttachEnabled">},
    VolumeFilter{"start-time", &change_at<"StartTime">},
    VolumeFilter{"target-iops", &change_at<"TargetIops">},
    VolumeFilter{"target-size", &change_at<"TargetSize">},
    VolumeFilter{"target-volume-type", &change_at<"TargetVolumeType">},
    VolumeFilter{"targetMultiAttachEnabled", &change_at<"TargetMultiAttachEnabled">},
    VolumeFilter{"volume-id", &change_at<"VolumeId">},
};

// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes-multi.html#considerations
Result<> check_multi_attach(const VolumeRecord& volume, const VolumeShape& target) {
  if (volume.multi_attach && volume.type == "io1") {
    return errors::unsupported("Multi-Attach enabled io1 volumes can't be modified.");
  }
  if (volume.multi_attach && target.type != volume.type) {
    return errors::unsupported("The type of a Multi-Attach enabled volume can't be modified.");
  }
  if (volume.multi_attach == target.multi_attach) return {};
  if (volume.type == "io1" || target.type == "io1") {
    return errors::unsupported("Multi-Attach can't be enabled or disabled for io1 volumes after creation.");
  }
  if (!volume.is_attached()) return {};
  return errors::of("IncorrectState",
                    fmt::format("Multi-Attach can't be enabled or disabled while the volume {} is attached to an "
                                "instance.",
                                volume.id));
}

// What isn't said stays, or is the type's own.
Result<VolumeShape> read_target(const VolumeRecord& volume, const ModifyVolumeInput& input) {
  VolumeShape target = volume.shape();
  target.size_gib = input.size.value_or(volume.size_gib);
  if (target.size_gib < volume.size_gib) {
    return errors::invalid_parameter("New size cannot be smaller than existing size");
  }
  const std::string type = input.volume_type.value_or(volume.type);
  if (type != volume.type) {
    target.type = type;
    target.iops.reset();
    target.throughput.reset();
    if (type.starts_with("io") || type == "gp3") target.iops = kDefaultIops;
  }
  if (input.iops) target.iops = input.iops;
  if (input.throughput) target.throughput = input.throughput;
  if (input.multi_attach_enabled) target.multi_attach = *input.multi_attach_enabled;
  TRY(check_multi_attach(volume, target));
  TRY(check_shape(target));
  return target;
}

Result<> check_kind(metadata::ReadTransaction& txn, const Scope& scope, const VolumeRecord& volume,
                    const VolumeShape& target) {
  if (volume.type == "standard" || target.type == "standard") {
    return errors::unsupported(
        "Volumes of the previous generation, standard, can't be modified, nor be made of others.");
  }
  const VolumeTypeFacts* const type = find_volume_type(target.type);
  if (type == nullptr || type->may_boot) return {};
  for (const VolumeAttachmentRecord& each : volume.attachments) {
    const auto instance = TRY(kInstances.find(txn, scope, each.instance));
    if (!instance || instance->root_device != each.device) continue;
    return errors::invalid_parameter(fmt::format("{} volumes can't be boot volumes.", target.type));
  }
  return {};
}

Result<> check_state(const VolumeRecord& volume) {
  if (volume.removed) return errors::not_found(Kind::volume, volume.id);
  if (volume.file == VolumeFile::to_make || volume.file == VolumeFile::failed) {
    return errors::of("IncorrectState",
                      fmt::format("The volume '{}' is in the '{}' state.", volume.id, state_of(volume)));
  }
  if (!volume.is_changing()) return {};
  return errors::of(
      "IncorrectModificationState",
      fmt::format("Volume {} cannot be modified in modification state {}", volume.id,
                  volume.modification->state == ModificationState::modifying ? "MODIFYING" : "OPTIMIZING"));
}

// Forgets what is longer ago than a day.
Result<> take_turn(VolumeRecord& volume, Timestamp now) {
  std::erase_if(volume.modified_at, [&](Timestamp at) { return now - at >= kChangesPeriod; });
  if (volume.modified_at.size() >= kMostChanges) {
    return errors::of("VolumeModificationRateExceeded",
                      fmt::format("You've reached the maximum modification rate per volume limit: {} within 24 hours. "
                                  "The next one may begin at {}.",
                                  kMostChanges, format_iso8601(volume.modified_at.front() + kChangesPeriod)));
  }
  volume.modified_at.push_back(now);
  return {};
}

}  // namespace

Result<ModifyVolumeOutput> modify_volume(Call& call, const ModifyVolumeInput& input) {
  if (!input.size && !input.volume_type && !input.iops && !input.throughput && !input.multi_attach_enabled) {
    return errors::of("MissingParameter",
                      "The request must contain one of the parameters Size, VolumeType, Iops, Throughput");
  }
  const VolumeRecord changed = TRY(call.write([&](metadata::Transaction& txn) -> Result<VolumeRecord> {
    VolumeRecord volume = TRY(kVolumes.get(txn, call.scope, input.volume_id));
    TRY(check_state(volume));
    const VolumeShape target = TRY(read_target(volume, input));
    TRY(check_kind(txn, call.scope, volume, target));
    TRY(take_turn(volume, call.context.now));
    volume.modification =
        ModificationRecord{.original = volume.shape(), .target = target, .started_at = call.context.now};
    kVolumes.put(txn, call.scope, volume);
    return volume;
  }));
  step("modify-volume/committed");
  if (!call.dry_run) tell_holders(call.cloud, call.scope, changed.id);
  return ModifyVolumeOutput{.volume_modification = show_modification(changed)};
}

Result<DescribeVolumesModificationsOutput> describe_volumes_modifications(
    Call& call, const DescribeVolumesModificationsInput& input) {
  TRY(check_max_results(input.max_results, 1, 500));
  TRY(check_filters<VolumeRecord>(input.filters, kVolumeChangesFilters));
  const auto txn = call.read();
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  const std::string after = TRY(read_token(input.next_token));
  const bool names_some = input.volume_ids && !input.volume_ids->empty();
  auto volumes = names_some ? TRY((find_all<VolumeRecord>(*txn, call.scope, kVolumes, *input.volume_ids)))
                            : TRY(kVolumes.all(*txn, call.scope));
  std::ranges::sort(volumes, {}, &VolumeRecord::id);
  DescribeVolumesModificationsOutput output{.volumes_modifications = std::vector<VolumeModification>()};
  for (const VolumeRecord& volume : volumes) {
    if (!volume.modification) {
      if (!names_some) continue;
      return errors::of("InvalidVolumeModification.NotFound",
                        fmt::format("Modification for volume '{}' does not exist.", volume.id));
    }
    if (volume.id <= after) continue;
    if (!TRY(matches<VolumeRecord>(input.filters, kVolumeChangesFilters, lookup, volume, {}))) continue;
    if (input.max_results && output.volumes_modifications->size() == static_cast<size_t>(*input.max_results)) {
      output.next_token = make_token(*output.volumes_modifications->back().volume_id);
      break;
    }
    output.volumes_modifications->push_back(show_modification(volume));
  }
  return output;
}

}  // namespace aerolith::ec2
