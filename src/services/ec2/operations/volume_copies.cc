// A volume is copied at a moment, within its zone: through a snapshot that nobody sees and that goes again.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copying-volume.html
#include <fmt/format.h>

#include "base/step.h"
#include "ec2/operations/copy_volumes.h"
#include "services/ec2/encryption.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_volume.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"
#include "services/ec2/volume_room.h"
#include "services/ec2/volume_types.h"

namespace aerolith::ec2 {
namespace {

Result<VolumeShape> read_shape(const VolumeRecord& source, const CopyVolumesInput& input) {
  VolumeShape shape{.type = input.volume_type.value_or("gp2"),
                    .size_gib = input.size.value_or(source.size_gib),
                    .iops = input.iops,
                    .throughput = input.throughput,
                    .multi_attach = input.multi_attach_enabled.value_or(false)};
  if (shape.size_gib < source.size_gib) {
    return errors::invalid_parameter(
        fmt::format("Volume of size {}GB is smaller than the volume '{}', expect size >= {}GB", shape.size_gib,
                    source.id, source.size_gib));
  }
  TRY(check_shape(shape));
  return shape;
}

struct BegunCopy {
  VolumeRecord volume;
  SnapshotRecord snapshot;
  TagMap tags;
  bool is_new = true;
};

Result<BegunCopy> begin(metadata::Transaction& txn, const Call& call, const CopyVolumesInput& input,
                        const TagMap& tags) {
  if (const auto known = TRY(find_made(txn, call, input.client_token))) {
    VolumeRecord volume = TRY(kVolumes.get(txn, call.scope, *known));
    TagMap has = TRY(tags_of(txn, call.scope, volume.id));
    return BegunCopy{.volume = std::move(volume), .tags = std::move(has), .is_new = false};
  }
  const VolumeRecord source = TRY(kVolumes.get(txn, call.scope, input.source_volume_id));
  if (source.removed) return errors::not_found(Kind::volume, source.id);
  const VolumeShape shape = TRY(read_shape(source, input));
  VolumeRecord volume{.id = make_id(Kind::volume),
                      .zone = source.zone,
                      .snapshot = make_id(Kind::snapshot),
                      .size_gib = shape.size_gib,
                      .type = shape.type,
                      .iops = shape.iops,
                      .throughput = shape.throughput,
                      .created_at = call.context.now};
  volume.file = VolumeFile::to_make;
  volume.multi_attach = shape.multi_attach;
  volume.source_volume = source.id;
  volume.kms_key = TRY(choose_key(
      txn, call.scope, {.encrypted = input.encrypted, .kms_key = input.kms_key_id, .of_encrypted = source.encrypted}));
  volume.encrypted = !volume.kms_key.empty();
  SnapshotRecord snapshot =
      TRY(begin_snapshot(txn, call, {.volume = source.id, .id = volume.snapshot, .for_volume = volume.id}));
  kVolumes.put(txn, call.scope, volume);
  put_tags(txn, call.scope, volume.id, tags);
  remember_made(txn, call, input.client_token, volume.id);
  return BegunCopy{.volume = std::move(volume), .snapshot = std::move(snapshot), .tags = tags};
}

// It never was. Its token may be used again.
Result<> take_back(Call& call, const CopyVolumesInput& input, const VolumeRecord& volume) {
  return call.write([&](metadata::Transaction& txn) -> Result<> {
    kVolumes.erase(txn, call.scope, volume);
    forget_made(txn, call, input.client_token);
    return {};
  });
}

}  // namespace

Result<CopyVolumesOutput> copy_volumes(Call& call, const CopyVolumesInput& input) {
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::volume));
  TRY(check_room_for_volumes(call.cloud));
  const BegunCopy begun = TRY(call.write([&](metadata::Transaction& txn) { return begin(txn, call, input, tags); }));
  step("copy-volumes/committed");
  if (begun.is_new) {
    if (auto fixed = fix_moment(call, {begun.snapshot}); !fixed.has_value()) {
      TRY(take_back(call, input, begun.volume));
      return std::unexpected(std::move(fixed).error());
    }
    if (!call.dry_run) call.settle_volume(begun.volume.id);
  }
  return CopyVolumesOutput{.volumes = std::vector<Volume>{show_volume(call.scope, begun.volume, begun.tags)}};
}

}  // namespace aerolith::ec2
