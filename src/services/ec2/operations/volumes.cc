// Volumes: made, shown and deleted.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/step.h"
#include "ec2/operations/create_volume.h"
#include "ec2/operations/delete_volume.h"
#include "ec2/operations/describe_volumes.h"
#include "ec2/schema.h"
#include "services/ec2/describe.h"
#include "services/ec2/encryption.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/recycle_bin.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/shown_volume.h"
#include "services/ec2/snapshot_storage.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"
#include "services/ec2/volume_room.h"
#include "services/ec2/volume_types.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

using VolumeFilter = FilterDefinition<VolumeRecord>;

template <Path path>
Result<Strings> at(const Lookup& where, const VolumeRecord& record) {
  const Volume shown = show_volume(where.scope, record, {});
  return values_at(schema::kVolume, &shown, path.view());
}
// Of what no volume here has.
Result<Strings> none(const Lookup&, const VolumeRecord&) { return Strings(); }
Result<Strings> never(const Lookup&, const VolumeRecord&) { return Strings{"false"}; }

constexpr std::array kVolumesFilters{
    VolumeFilter{"attachment.attach-time", &at<"Attachments.AttachTime">},
    VolumeFilter{"attachment.delete-on-termination", &at<"Attachments.DeleteOnTermination">},
    VolumeFilter{"attachment.device", &at<"Attachments.Device">},
    VolumeFilter{"attachment.instance-id", &at<"Attachments.InstanceId">},
    VolumeFilter{"attachment.status", &at<"Attachments.State">},
    VolumeFilter{"availability-zone", &at<"AvailabilityZone">},
    VolumeFilter{"availability-zone-id", &at<"AvailabilityZoneId">},
    VolumeFilter{"create-time", &at<"CreateTime">},
    VolumeFilter{"encrypted", &at<"Encrypted">},
    VolumeFilter{
        "fast-restored",
        [](const Lookup&, const VolumeRecord& r) -> Result<Strings> { return Strings{flag(r.fast_restored)}; }},
    VolumeFilter{"multi-attach-enabled", &at<"MultiAttachEnabled">},
    VolumeFilter{"operator.managed", &never},
    VolumeFilter{"operator.principal", &none},
    VolumeFilter{"size", &at<"Size">},
    VolumeFilter{"snapshot-id", &at<"SnapshotId">},
    VolumeFilter{"status", &at<"State">},
    VolumeFilter{"volume-id", &at<"VolumeId">},
    VolumeFilter{"volume-type", &at<"VolumeType">},
};

constexpr int32_t kLeastResults = 5;
constexpr int32_t kMostResults = 1000;

Result<> refuse_unbuilt(const CreateVolumeInput& input) {
  if (input.outpost_arn) return errors::unsupported("There are no Outposts.");
  if (input.operator_) return errors::unsupported("There are no managed volumes.");
  if (!input.size && input.snapshot_id.value_or("").empty()) return errors::missing_parameter("size/snapshot");
  return check_initialization_rate(input.volume_initialization_rate, input.snapshot_id && !input.snapshot_id->empty());
}

Result<std::string> read_zone(const Scope& scope, const CreateVolumeInput& input) {
  const std::string name = input.availability_zone.value_or("");
  const std::string id = input.availability_zone_id.value_or("");
  if (name.empty() && id.empty()) return errors::missing_parameter("AvailabilityZone");
  if (!name.empty() && !id.empty()) {
    return errors::invalid_combination("Either AvailabilityZone or AvailabilityZoneId can be specified, not both.");
  }
  for (const Zone& zone : zones_of(scope.region)) {
    if (zone.name == name || zone.id == id) return zone.name;
  }
  return errors::of("InvalidZone.NotFound", fmt::format("The zone '{}' does not exist.", name.empty() ? id : name));
}

Result<VolumeShape> read_shape(metadata::ReadTransaction& txn, const Call& call, const CreateVolumeInput& input) {
  VolumeShape shape{.type = input.volume_type.value_or("gp2"),
                    .iops = input.iops,
                    .throughput = input.throughput,
                    .multi_attach = input.multi_attach_enabled.value_or(false)};
  int32_t least = 0;
  if (input.snapshot_id && !input.snapshot_id->empty()) {
    least = TRY(find_snapshot_size(txn, call.scope, *input.snapshot_id));
  }
  shape.size_gib = input.size.value_or(least);
  if (shape.size_gib < least) {
    return errors::invalid_parameter(smaller_than_snapshot(shape.size_gib, *input.snapshot_id, least));
  }
  TRY(check_shape(shape));
  return shape;
}

}  // namespace

Result<Volume> create_volume(Call& call, const CreateVolumeInput& input) {
  TRY(refuse_unbuilt(input));
  const std::string zone = TRY(read_zone(call.scope, input));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::volume));
  TRY(check_room_for_volumes(call.cloud));
  if (input.snapshot_id) call.await_own_images();
  const Volume made = TRY(call.write([&](metadata::Transaction& txn) -> Result<Volume> {
    if (const auto known = TRY(find_made(txn, call, input.client_token))) {
      const VolumeRecord volume = TRY(kVolumes.get(txn, call.scope, *known));
      return show_volume(call.scope, volume, TRY(tags_of(txn, call.scope, volume.id)));
    }
    const VolumeShape shape = TRY(read_shape(txn, call, input));
    VolumeRecord volume{.id = make_id(Kind::volume),
                        .zone = zone,
                        .snapshot = input.snapshot_id.value_or(""),
                        .size_gib = shape.size_gib,
                        .type = shape.type,
                        .iops = shape.iops,
                        .throughput = shape.throughput,
                        .created_at = call.context.now};
    volume.file = VolumeFile::to_make;
    volume.multi_attach = shape.multi_attach;
    volume.initialization_rate = input.volume_initialization_rate.value_or(0);
    volume.kms_key = TRY(choose_key(txn, call.scope,
                                    {.encrypted = input.encrypted,
                                     .kms_key = input.kms_key_id,
                                     .of_encrypted = TRY(is_snapshot_encrypted(txn, call.scope, volume.snapshot))}));
    volume.encrypted = !volume.kms_key.empty();
    if (!volume.snapshot.empty()) {
      const auto fast = TRY(kFastRestores.get(txn, {call.scope.account, call.scope.region, volume.snapshot, zone}));
      volume.fast_restored = fast && fast->state == FastRestoreState::enabled;
    }
    kVolumes.put(txn, call.scope, volume);
    put_tags(txn, call.scope, volume.id, tags);
    remember_made(txn, call, input.client_token, volume.id);
    return show_volume(call.scope, volume, tags);
  }));
  step("create-volume/committed");
  if (!call.dry_run) call.settle_volume(*made.volume_id);
  return made;
}

Result<NoOutput> delete_volume(Call& call, const DeleteVolumeInput& input) {
  bool is_kept = false;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    VolumeRecord volume = TRY(kVolumes.get(txn, call.scope, input.volume_id));
    if (volume.removed) return errors::not_found(Kind::volume, volume.id);
    if (volume.is_attached()) {
      return errors::of("VolumeInUse", fmt::format("Volume {} is currently attached to {}", volume.id,
                                                   volume.attachments.front().instance));
    }
    if (volume.file == VolumeFile::to_make) {
      return errors::of("IncorrectState", fmt::format("The volume '{}' is 'creating'.", volume.id));
    }
    is_kept = TRY(keep_in_bin(txn, call.scope, volume, call.context.now));
    if (is_kept) return {};
    volume.removed = true;
    kVolumes.put(txn, call.scope, volume);
    return {};
  }));
  step("delete-volume/committed");
  if (call.dry_run) return NoOutput{};
  (is_kept ? call.cloud.bin_changed : call.cloud.volume_changed)(call.scope, *input.volume_id);
  return NoOutput{};
}

Result<DescribeVolumesOutput> describe_volumes(Call& call, const DescribeVolumesInput& input) {
  TRY(check_max_results(input.max_results, kLeastResults, kMostResults));
  if (input.max_results && input.volume_ids && !input.volume_ids->empty()) {
    return errors::invalid_combination("The parameter volumeSet cannot be used with the parameter maxResults");
  }
  const auto txn = call.read();
  const auto page = TRY(describe<VolumeRecord>(*txn, call.scope, kVolumes, kVolumesFilters,
                                               {input.volume_ids, input.filters, input.max_results, input.next_token}));
  DescribeVolumesOutput output{.next_token = page.next_token, .volumes = std::vector<Volume>()};
  for (const auto& [record, tags] : page.items) output.volumes->push_back(show_volume(call.scope, record, tags));
  return output;
}

}  // namespace aerolith::ec2
