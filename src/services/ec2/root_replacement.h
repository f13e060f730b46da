// The root volume of a running instance is replaced: a task's record says by what, and the instance's record names the
// task until it has ended. The guest is down for the change alone; what it had stays with it. The records change at
// once, when it runs with the new root: until then the old one is its root. Each step may be done again.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/replace-root.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/ec2/cloud.h"
#include "services/ec2/instance_spec.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// `failed-detached`, where an instance is left without a root, doesn't happen here. Values are stored: they never
// change.
enum class ReplacementState : uint8_t { pending = 0, in_progress = 1, failing = 2, succeeded = 3, failed = 4 };
std::string_view name_of(ReplacementState state);

struct RootReplacementRecord {
  static constexpr uint32_t kVersion = 2;
  std::string id;
  std::string instance;
  std::string volume;  // the new root; there is no record of it before the end, where none was given
  std::string old_volume;
  std::string snapshot;  // that the new root is made of; empty: a volume was given
  std::string image;     // that was asked for; empty: none
  int32_t size_gib = 0;
  std::string kms_key;  // what the new root is encrypted with; empty: it isn't
  bool deletes_old = false;
  // Of the image, where one was asked for: how it boots.
  std::string kernel;
  std::string initramfs;
  std::string kernel_arguments;
  bool is_guest_down = false;  // perhaps: it was to be stopped
  ReplacementState state = ReplacementState::pending;
  Timestamp state_at;
  Timestamp started_at;
  std::optional<Timestamp> ended_at;
  std::string failure;  // why it fails
  // Since version 2: the new root was a free volume. Until the end it is on its way to the instance, which doesn't
  // know.
  bool is_given = false;
};
template <class Archive>
void fields(Archive& archive, RootReplacementRecord& r) {
  archive(r.id, r.instance, r.volume, r.old_volume, r.snapshot, r.image, r.size_gib, r.kms_key, r.deletes_old, r.kernel,
          r.initramfs, r.kernel_arguments, r.is_guest_down, r.state, r.state_at, r.started_at, r.ended_at, r.failure,
          r.is_given);
}
inline const Resources<RootReplacementRecord> kRootReplacements{Kind::root_replacement, "ec2.root_replacement"};

Result<RootReplacementRecord> current_replacement(const Cloud& cloud, const Scope& scope,
                                                  const InstanceRecord& instance);
// Makes the new root's file; then the task is in progress.
aerolith::Result<void, LaunchFailure> make_new_root(const Cloud& cloud, const Scope& scope,
                                                    const RootReplacementRecord& task, Timestamp now);
// As make_spec, with the new root in the place of the old one.
Result<compute::Spec> make_spec_with_new_root(const Cloud& cloud, const Scope& scope, const InstanceRecord& instance,
                                              const RootReplacementRecord& task);
// It runs with the new root: so say the records from now on. The old one is free, or goes.
Result<> end_replacement(const Cloud& cloud, const Scope& scope, const RootReplacementRecord& task, Timestamp now);
// The new root can't be had, or the instance doesn't start with it: it stays as it was.
Result<> begin_to_fail(const Cloud& cloud, const Scope& scope, const RootReplacementRecord& task, std::string why,
                       Timestamp now);
aerolith::Result<void, LaunchFailure> end_failed_replacement(const Cloud& cloud, const Scope& scope,
                                                             const RootReplacementRecord& task, Timestamp now);
// With the instance.
Result<> forget_replacements(metadata::Transaction& txn, const Scope& scope, const std::string& instance);

}  // namespace aerolith::ec2
