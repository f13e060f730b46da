#include "services/ec2/root_replacement.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/step.h"
#include "services/ec2/recycle_bin.h"

namespace aerolith::ec2 {
namespace {

// As its record will be.
VolumeRecord new_root(const RootReplacementRecord& task, const VolumeRecord& old, Timestamp now) {
  const VolumeAttachmentRecord* const before = old.attachment_to(task.instance);
  return {.id = task.volume,
          .zone = old.zone,
          .snapshot = task.snapshot,
          .size_gib = task.size_gib,
          .type = old.type,
          .iops = old.iops,
          .throughput = old.throughput,
          .encrypted = !task.kms_key.empty(),
          .created_at = task.started_at,
          .file = VolumeFile::made,
          .kms_key = task.kms_key,
          .attachments = {{.instance = task.instance,
                           .device = before == nullptr ? std::string() : before->device,
                           .delete_on_termination = before != nullptr && before->delete_on_termination,
                           .attached_at = now}}};
}

// A volume that was given keeps what else it is.
Result<VolumeRecord> new_root(metadata::ReadTransaction& txn, const Scope& scope, const RootReplacementRecord& task,
                              const VolumeRecord& old, Timestamp now) {
  if (!task.is_given) return new_root(task, old, now);
  VolumeRecord root = TRY(kVolumes.get(txn, scope, task.volume));
  root.attachments = new_root(task, old, now).attachments;
  return root;
}

Result<> set_state(const Cloud& cloud, const Scope& scope, const RootReplacementRecord& task, ReplacementState state,
                   Timestamp now, const std::string& failure = "") {
  return metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    auto stored = TRY(kRootReplacements.find(txn, scope, task.id));
    if (!stored) return {};
    stored->state = state;
    stored->state_at = now;
    if (state == ReplacementState::in_progress) stored->is_guest_down = true;
    stored->failure = failure;
    kRootReplacements.put(txn, scope, *stored);
    return {};
  });
}

aerolith::Result<void, LaunchFailure> of_records(Result<> result) {
  if (result.has_value()) return {};
  return std::unexpected(LaunchFailure{.code = "Server.InternalError", .detail = result.error().message});
}

enum class OldRoot : uint8_t { free, removed, in_bin };

Result<OldRoot> free_old_root(metadata::Transaction& txn, const Scope& scope, VolumeRecord old, bool deletes,
                              Timestamp now) {
  old.attachments.clear();
  if (deletes && TRY(keep_in_bin(txn, scope, old, now))) return OldRoot::in_bin;
  old.removed = deletes;
  kVolumes.put(txn, scope, old);
  return deletes ? OldRoot::removed : OldRoot::free;
}

void put_in_place(InstanceRecord& instance, const RootReplacementRecord& task, Timestamp now) {
  const auto root = std::ranges::find(instance.volumes, true, &InstanceVolume::is_root);
  if (root != instance.volumes.end()) {
    root->volume = task.volume;
    root->attached_at = now;
  }
  if (!task.image.empty()) {
    instance.image = task.image;
    instance.kernel = task.kernel;
    instance.initramfs = task.initramfs;
    instance.kernel_arguments = task.kernel_arguments;
  }
  instance.replacing.clear();
  instance.reboot_wanted = false;
}

}  // namespace

std::string_view name_of(ReplacementState state) {
  switch (state) {
    case ReplacementState::pending:
      return "pending";
    case ReplacementState::in_progress:
      return "in-progress";
    case ReplacementState::failing:
      return "failing";
    case ReplacementState::succeeded:
      return "succeeded";
    case ReplacementState::failed:
      return "failed";
  }
  std::unreachable();
}

Result<RootReplacementRecord> current_replacement(const Cloud& cloud, const Scope& scope,
                                                  const InstanceRecord& instance) {
  const auto txn = cloud.metadata.begin_read();
  return kRootReplacements.get(*txn, scope, instance.replacing);
}

aerolith::Result<void, LaunchFailure> make_new_root(const Cloud& cloud, const Scope& scope,
                                                    const RootReplacementRecord& task, Timestamp now) {
  if (!task.is_given) {
    const auto made = cloud.volumes->create(file_wanted(new_root(task, {}, now)));
    if (!made.has_value()) return std::unexpected(of_volumes(made.error()));
    step("replace-root/volume-made");
  }
  return of_records(set_state(cloud, scope, task, ReplacementState::in_progress, now));
}

Result<compute::Spec> make_spec_with_new_root(const Cloud& cloud, const Scope& scope, const InstanceRecord& instance,
                                              const RootReplacementRecord& task) {
  compute::Spec spec = TRY(make_spec(cloud, scope, instance));
  const auto txn = cloud.metadata.begin_read();
  const VolumeRecord old = TRY(kVolumes.get(*txn, scope, task.old_volume));
  for (compute::Disk& disk : spec.disks) {
    if (!disk.is_root) continue;
    disk = make_disk(cloud, TRY(new_root(*txn, scope, task, old, task.started_at)), disk.device);
    disk.is_root = true;
  }
  if (!task.image.empty()) {
    spec.kernel = task.kernel;
    spec.initramfs = task.initramfs;
    spec.kernel_arguments = task.kernel_arguments;
  }
  return spec;
}

Result<> end_replacement(const Cloud& cloud, const Scope& scope, const RootReplacementRecord& task, Timestamp now) {
  auto became = OldRoot::free;
  TRY(metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    auto instance = TRY(kInstances.find(txn, scope, task.instance));
    auto stored = TRY(kRootReplacements.find(txn, scope, task.id));
    if (!instance || !stored || instance->replacing != task.id) return {};
    VolumeRecord old = TRY(kVolumes.get(txn, scope, task.old_volume));
    kVolumes.put(txn, scope, TRY(new_root(txn, scope, task, old, now)));
    became = TRY(free_old_root(txn, scope, std::move(old), task.deletes_old, now));
    put_in_place(*instance, task, now);
    kInstances.put(txn, scope, *instance);
    stored->state = ReplacementState::succeeded;
    stored->state_at = now;
    stored->ended_at = now;
    kRootReplacements.put(txn, scope, *stored);
    return {};
  }));
  step("replace-root/noted");
  // What was asked of it meanwhile is its own queue's now.
  if (became == OldRoot::in_bin) {
    cloud.bin_changed(scope, task.old_volume);
  } else {
    cloud.volume_changed(scope, task.old_volume);
  }
  return {};
}

Result<> begin_to_fail(const Cloud& cloud, const Scope& scope, const RootReplacementRecord& task, std::string why,
                       Timestamp now) {
  log_warning("ec2: a root volume can't be replaced", {{"task", task.id}, {"instance", task.instance}, {"why", why}});
  auto done = set_state(cloud, scope, task, ReplacementState::failing, now, why);
  step("replace-root/failing");
  return done;
}

aerolith::Result<void, LaunchFailure> end_failed_replacement(const Cloud& cloud, const Scope& scope,
                                                             const RootReplacementRecord& task, Timestamp now) {
  if (!task.is_given) {
    const auto removed = cloud.volumes->remove(task.volume);
    if (!removed.has_value()) return std::unexpected(of_volumes(removed.error()));
    step("replace-root/volume-removed");
  }
  auto ended = metadata::run_transaction(cloud.metadata, [&](metadata::Transaction& txn) -> Result<> {
    auto instance = TRY(kInstances.find(txn, scope, task.instance));
    auto stored = TRY(kRootReplacements.find(txn, scope, task.id));
    if (stored) {
      stored->state = ReplacementState::failed;
      stored->state_at = now;
      stored->ended_at = now;
      kRootReplacements.put(txn, scope, *stored);
    }
    if (!instance || instance->replacing != task.id) return {};
    instance->replacing.clear();
    if (task.is_given) {
      VolumeRecord volume = TRY(kVolumes.get(txn, scope, task.volume));
      volume.attachments.clear();
      kVolumes.put(txn, scope, volume);
    }
    // It starts with the root that it has.
    if (instance->desired == Desired::running && task.is_guest_down) {
      instance->state = LifeState::pending;
      instance->state_at = now;
      instance->transition_reason = kStartedAgain;
    }
    kInstances.put(txn, scope, *instance);
    return {};
  });
  step("replace-root/failed");
  if (task.is_given) {
    cloud.volume_changed(scope, task.volume);
  } else {
    cloud.snapshot_unused(scope, task.snapshot);
  }
  return of_records(std::move(ended));
}

Result<> forget_replacements(metadata::Transaction& txn, const Scope& scope, const std::string& instance) {
  for (const RootReplacementRecord& task : TRY(kRootReplacements.all(txn, scope))) {
    if (task.instance == instance) kRootReplacements.erase(txn, scope, task);
  }
  return {};
}

}  // namespace aerolith::ec2
