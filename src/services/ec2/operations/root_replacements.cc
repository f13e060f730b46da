// Tasks that replace the root volume of a running instance: asked for, and shown.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/replace-root.html
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/step.h"
#include "ec2/operations/create_replace_root_volume_task.h"
#include "ec2/operations/describe_replace_root_volume_tasks.h"
#include "services/ec2/describe.h"
#include "services/ec2/encryption.h"
#include "services/ec2/image_checks.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/root_replacement.h"
#include "services/ec2/shown_volume.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"
#include "services/ec2/volume_room.h"
#include "services/ec2/volume_types.h"

namespace aerolith::ec2 {
namespace {

using RootReplacementFilter = FilterDefinition<RootReplacementRecord>;

constexpr std::array kRootReplacementFilters{
    RootReplacementFilter{
        "instance-id",
        [](const Lookup&, const RootReplacementRecord& r) -> Result<Strings> { return Strings{r.instance}; }},
};

// "2020-11-06 13:09:54.0", a text in the model.
std::string time_text(Timestamp at) {
  std::string text = format_iso8601(std::chrono::floor<std::chrono::seconds>(at));
  text.replace(text.find('T'), 1, " ");
  text.pop_back();
  return text + ".0";
}

ReplaceRootVolumeTask to_wire(const RootReplacementRecord& task, const TagMap& tags) {
  ReplaceRootVolumeTask shown{.replace_root_volume_task_id = task.id,
                              .instance_id = task.instance,
                              .task_state = std::string(name_of(task.state)),
                              .start_time = time_text(task.started_at),
                              .tags = wire_tags(tags),
                              .delete_replaced_root_volume = task.deletes_old};
  if (task.ended_at) shown.complete_time = time_text(*task.ended_at);
  if (!task.snapshot.empty()) shown.snapshot_id = task.snapshot;
  if (!task.image.empty()) shown.image_id = task.image;
  return shown;
}

Result<> check_input(const CreateReplaceRootVolumeTaskInput& input) {
  if (input.volume_initialization_rate) {
    return errors::unsupported("Replacement root volumes have no initialization rate here.");
  }
  if (input.snapshot_id.has_value() + input.image_id.has_value() + input.volume_id.has_value() <= 1) return {};
  return errors::invalid_combination("Only one of SnapshotId, ImageId and VolumeId may be specified.");
}

Result<> check_can_replace(const InstanceRecord& instance) {
  if (instance.state != LifeState::running || instance.desired != Desired::running) {
    return errors::of("IncorrectInstanceState", fmt::format("The instance '{}' is not in the 'running' state: it is "
                                                            "'{}'.",
                                                            instance.id, name_of(instance.state)));
  }
  if (instance.imaging.empty() && instance.replacing.empty()) return {};
  return errors::of("IncorrectInstanceState",
                    fmt::format("The instance '{}' is being {} now ({}).", instance.id,
                                instance.imaging.empty() ? "given a new root volume" : "made an image of",
                                instance.imaging.empty() ? instance.replacing : instance.imaging));
}

Result<VolumeRecord> root_of(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& instance) {
  const auto root = std::ranges::find(instance.volumes, true, &InstanceVolume::is_root);
  if (root != instance.volumes.end()) return kVolumes.get(txn, scope, root->volume);
  return errors::of("IncorrectInstanceState", fmt::format("The instance '{}' has no root volume.", instance.id));
}

// The root that it has, and those that were replaced before.
Result<std::set<std::string>> roots_ever(metadata::ReadTransaction& txn, const Scope& scope,
                                         const InstanceRecord& instance, const std::string& root) {
  std::set<std::string> roots{root};
  for (const RootReplacementRecord& task : TRY(kRootReplacements.all(txn, scope))) {
    if (task.instance == instance.id && task.state == ReplacementState::succeeded) roots.insert(task.old_volume);
  }
  return roots;
}

struct Source {
  std::string snapshot;
  int32_t size_gib = 0;
};

// "a snapshot that you previously created from the original root volume": no copy of one.
Result<Source> source_of_snapshot(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& instance,
                                  const VolumeRecord& root, const std::string& id) {
  const SnapshotRecord snapshot = TRY(get_usable_snapshot(txn, scope, id));
  const bool is_initial = id == root.snapshot;
  if (!is_initial && !TRY(roots_ever(txn, scope, instance, root.id)).contains(snapshot.volume)) {
    return errors::invalid_value("snapshotId", id,
                                 fmt::format("It is no snapshot of a root volume of {}.", instance.id));
  }
  return Source{.snapshot = id, .size_gib = snapshot.size_gib};
}

Result<Source> initial_source(metadata::ReadTransaction& txn, const Scope& scope, const VolumeRecord& root) {
  if (root.snapshot.empty() || !root.source_volume.empty()) {
    return errors::of("IncorrectState", fmt::format("The root volume {} was made of no snapshot: specify SnapshotId "
                                                    "or ImageId.",
                                                    root.id));
  }
  // Of images that came with the installation there is no record; the file is there for as long as the root is.
  if (!TRY(kSnapshots.find(txn, snapshot_scope(scope), root.snapshot))) return Source{.snapshot = root.snapshot};
  const SnapshotRecord snapshot = TRY(get_usable_snapshot(txn, scope, root.snapshot));
  return Source{.snapshot = root.snapshot, .size_gib = snapshot.size_gib};
}

Result<> check_fits(const InstanceRecord& instance, const ImageRecord& image) {
  const std::string_view driver = instance.driver == DriverChoice::vm ? "vm" : "container";
  std::string why;
  if (image.architecture != instance.architecture) {
    why = fmt::format("Its architecture is {}, that of {} is {}.", image.architecture, instance.id,
                      instance.architecture);
  } else if (!image.driver.empty() && image.driver != driver) {
    why = fmt::format("It runs with the driver {}, {} with {}.", image.driver, instance.id, driver);
  } else {
    return {};
  }
  return errors::invalid_value("imageId", image.id, why);
}

Result<Source> source_of_image(metadata::ReadTransaction& txn, const Call& call, const InstanceRecord& instance,
                               const std::string& id, RootReplacementRecord& task) {
  const ImageRecord image = TRY(get_image(txn, call, id));
  TRY(check_is_available(image));
  TRY(check_fits(instance, image));
  const auto root = std::ranges::find(image.devices, image.root_device, &BlockDeviceRecord::device);
  if (root == image.devices.end() || root->snapshot.empty()) {
    return errors::invalid_value("imageId", id, "It has no root volume.");
  }
  task.image = image.id;
  task.kernel = image.kernel;
  task.initramfs = image.initramfs;
  task.kernel_arguments = image.kernel_arguments;
  return Source{.snapshot = root->snapshot, .size_gib = root->size_gib};
}

// "The specified volume must be in the same Availability Zone as the instance, must be in the available state, and must
// not be attached to an instance. If the original root volume is encrypted, the specified volume must also be
// encrypted." (CreateReplaceRootVolumeTask)
Result<> check_given(const VolumeRecord& volume, const InstanceRecord& instance, const VolumeRecord& root) {
  if (volume.removed) return errors::not_found(Kind::volume, volume.id);
  if (volume.is_attached()) {
    return errors::of("VolumeInUse", fmt::format("{} is already attached to an instance", volume.id));
  }
  if (state_of(volume) != "available" || volume.is_changing()) {
    return errors::of("IncorrectState", fmt::format("{} is not 'available'.", volume.id));
  }
  if (volume.zone != instance.zone) {
    return errors::of(
        "InvalidVolume.ZoneMismatch",
        fmt::format("The volume '{}' is not in the same availability zone as instance '{}'", volume.id, instance.id));
  }
  if (root.encrypted && !volume.encrypted) {
    return errors::invalid_value("volumeId", volume.id,
                                 fmt::format("It is not encrypted, the root volume {} is.", root.id));
  }
  if (volume.multi_attach) {
    return errors::invalid_value("volumeId", volume.id, "Volumes of several instances can't be boot volumes.");
  }
  const VolumeTypeFacts* const type = find_volume_type(volume.type);
  if (type != nullptr && type->may_boot) return {};
  return errors::invalid_value("volumeId", volume.id, fmt::format("{} volumes can't be boot volumes.", volume.type));
}

// From now on it is the instance's.
Result<> take_given(metadata::Transaction& txn, const Scope& scope, const InstanceRecord& instance,
                    const VolumeRecord& root, RootReplacementRecord& task) {
  VolumeRecord volume = TRY(kVolumes.get(txn, scope, task.volume));
  TRY(check_given(volume, instance, root));
  const VolumeAttachmentRecord* const before = root.attachment_to(instance.id);
  volume.attachments = {{.instance = instance.id,
                         .device = before == nullptr ? std::string() : before->device,
                         .attached_at = task.started_at,
                         .state = AttachmentState::attaching}};
  kVolumes.put(txn, scope, volume);
  task.is_given = true;
  return {};
}

Result<RootReplacementRecord> make_task(metadata::Transaction& txn, const Call& call,
                                        const CreateReplaceRootVolumeTaskInput& input, const InstanceRecord& instance) {
  const VolumeRecord root = TRY(root_of(txn, call.scope, instance));
  RootReplacementRecord task{.id = make_id(Kind::root_replacement),
                             .instance = instance.id,
                             .volume = make_id(Kind::volume),
                             .old_volume = root.id,
                             .deletes_old = input.delete_replaced_root_volume.value_or(false)};
  task.started_at = call.context.now;
  task.state_at = call.context.now;
  if (input.volume_id) {
    task.volume = *input.volume_id;
    TRY(take_given(txn, call.scope, instance, root, task));
    return task;
  }
  const Source source = input.image_id ? TRY(source_of_image(txn, call, instance, *input.image_id, task))
                        : input.snapshot_id
                            ? TRY(source_of_snapshot(txn, call.scope, instance, root, *input.snapshot_id))
                            : TRY(initial_source(txn, call.scope, root));
  task.snapshot = source.snapshot;
  // "The replacement root volume gets the same type, size, and delete on termination attributes as the original."
  task.size_gib = std::max(root.size_gib, source.size_gib);
  const bool is_encrypted = root.encrypted || TRY(is_snapshot_encrypted(txn, call.scope, task.snapshot));
  task.kms_key = TRY(choose_key(txn, call.scope, {.of_encrypted = is_encrypted}));
  return task;
}

}  // namespace

Result<CreateReplaceRootVolumeTaskOutput> create_replace_root_volume_task(
    Call& call, const CreateReplaceRootVolumeTaskInput& input) {
  TRY(check_input(input));
  TRY(check_room_for_volumes(call.cloud));
  call.await_own_images();
  TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::root_replacement));
  const RootReplacementRecord task = TRY(call.write([&](metadata::Transaction& txn) -> Result<RootReplacementRecord> {
    if (const auto known = TRY(find_made(txn, call, input.client_token))) {
      tags = TRY(tags_of(txn, call.scope, *known));
      return kRootReplacements.get(txn, call.scope, *known);
    }
    InstanceRecord instance = TRY(kInstances.get(txn, call.scope, input.instance_id));
    TRY(check_can_replace(instance));
    RootReplacementRecord made = TRY(make_task(txn, call, input, instance));
    instance.replacing = made.id;
    kInstances.put(txn, call.scope, instance);
    kRootReplacements.put(txn, call.scope, made);
    put_tags(txn, call.scope, made.id, tags);
    remember_made(txn, call, input.client_token, made.id);
    return made;
  }));
  step("replace-root/committed");
  if (!call.dry_run) call.settle_instance(task.instance);
  return CreateReplaceRootVolumeTaskOutput{.replace_root_volume_task = to_wire(task, tags)};
}

Result<DescribeReplaceRootVolumeTasksOutput> describe_replace_root_volume_tasks(
    Call& call, const DescribeReplaceRootVolumeTasksInput& input) {
  const auto txn = call.read();
  const auto page = TRY(describe<RootReplacementRecord>(
      *txn, call.scope, kRootReplacements, kRootReplacementFilters,
      {input.replace_root_volume_task_ids, input.filters, input.max_results, input.next_token}));
  DescribeReplaceRootVolumeTasksOutput output{.replace_root_volume_tasks = std::vector<ReplaceRootVolumeTask>(),
                                              .next_token = page.next_token};
  for (const auto& [task, tags] : page.items) output.replace_root_volume_tasks->push_back(to_wire(task, tags));
  return output;
}

}  // namespace aerolith::ec2
