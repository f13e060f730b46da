// The records of instances, images, volumes and launch templates; docs/formats/ec2.md is the page about them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// EC2's codes.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html
enum class LifeState : uint8_t {
  pending = 0,
  running = 16,
  shutting_down = 32,
  terminated = 48,
  stopping = 64,
  stopped = 80,
};
std::string_view name_of(LifeState state);

// Values are stored: they never change.
enum class Desired : uint8_t { running = 0, stopped = 1, terminated = 2 };
enum class DriverChoice : uint8_t { container = 0, vm = 1 };

struct InstanceVolume {
  std::string volume;
  std::string device;
  bool delete_on_termination = true;
  bool is_root = false;
  Timestamp attached_at;
  AttachmentState state = AttachmentState::attached;  // since version 3 of InstanceRecord; as in VolumeRecord
};
template <class Archive>
void fields(Archive& archive, InstanceVolume& r) {
  archive(r.volume, r.device, r.delete_on_termination, r.is_root, r.attached_at, r.state);
}

struct MetadataOptionsRecord {
  bool tokens_required = false;
  int32_t hop_limit = 1;
  bool enabled = true;
  bool shows_tags = false;
};
template <class Archive>
void fields(Archive& archive, MetadataOptionsRecord& r) {
  archive(r.tokens_required, r.hop_limit, r.enabled, r.shows_tags);
}

struct InstanceRecord {
  static constexpr uint32_t kVersion = 5;
  std::string id;
  std::string vpc;
  std::string subnet;
  std::string zone;
  std::string reservation;
  std::string client_token;
  int32_t launch_index = 0;
  std::string image;
  std::string type;
  std::string key_name;
  std::string architecture;
  std::string root_device;
  std::vector<InstanceVolume> volumes;
  std::vector<std::string> interfaces;  // by device index
  std::string private_address;
  std::string profile_arn;
  std::string profile_id;
  MetadataOptionsRecord metadata_options;
  bool monitoring = false;
  bool ebs_optimized = false;
  bool refuses_termination = false;
  bool refuses_stop = false;
  bool terminates_on_shutdown = false;
  std::string tenancy = "default";
  std::string placement_group;
  int32_t cores = 1;
  int32_t threads_per_core = 2;
  std::string credits;  // t types: standard or unlimited
  Timestamp launched_at;
  // What is wanted and what is so.
  Desired desired = Desired::running;
  LifeState state = LifeState::pending;
  Timestamp state_at;
  bool skips_shutdown = false;  // the guest's own, where it is to end
  bool reboot_wanted = false;
  std::string transition_reason;  // "User initiated (2026-01-01 00:00:00 GMT)"
  std::string reason_code;        // of StateReason; empty: none
  std::string reason_message;
  // How it runs.
  DriverChoice driver = DriverChoice::container;
  bool prepared = false;  // the driver was asked to prepare: the fabric plugs it in
  std::string guest_namespace;
  std::string kernel;
  std::string initramfs;
  std::string kernel_arguments;
  bool gets_public_address = false;
  std::string usage_operation = "RunInstances";
  std::string platform_details = "Linux/UNIX";
  std::string requester;  // who asked: ARN
  // Since version 2: the image that is being made of its volumes, for which it is down. Empty: none.
  std::string imaging;
  // Since version 4: of its profile, a part of it (kParts). Empty: none, or given before (instance_profiles.h).
  std::string profile_association;
  // Since version 5. Where it is to end, its guest's own shutdown is given little time.
  bool is_forced = false;
  int32_t partition = 0;  // of its placement group, from 1 on; 0: none
  // Kept and shown.
  bool recovers = true;
  bool migrates_at_reboot = true;
  bool uses_reservations = true;
  // The task that replaces its root volume (root_replacement.h). Empty: none.
  std::string replacing;
};
template <class Archive>
void fields(Archive& archive, InstanceRecord& r) {
  archive(r.id, r.vpc, r.subnet, r.zone, r.reservation, r.client_token, r.launch_index, r.image, r.type, r.key_name,
          r.architecture, r.root_device, r.volumes, r.interfaces, r.private_address, r.profile_arn, r.profile_id,
          r.metadata_options, r.monitoring, r.ebs_optimized, r.refuses_termination, r.refuses_stop,
          r.terminates_on_shutdown, r.tenancy, r.placement_group, r.cores, r.threads_per_core, r.credits, r.launched_at,
          r.desired, r.state, r.state_at, r.skips_shutdown, r.reboot_wanted, r.transition_reason, r.reason_code,
          r.reason_message, r.driver, r.prepared, r.guest_namespace, r.kernel, r.initramfs, r.kernel_arguments,
          r.gets_public_address, r.usage_operation, r.platform_details, r.requester, r.imaging, r.profile_association,
          r.is_forced, r.partition, r.recovers, r.migrates_at_reboot, r.uses_reservations, r.replacing);
}

// Apart, so that lists of instances don't read it.
struct UserDataRecord {
  static constexpr uint32_t kVersion = 1;
  std::string data;  // as bytes
};
template <class Archive>
void fields(Archive& archive, UserDataRecord& r) {
  archive(r.data);
}

// What the guest of one that doesn't run wrote to its console: the end of it. Gone with the next start.
struct ConsoleRecord {
  static constexpr uint32_t kVersion = 1;
  static constexpr size_t kMostBytes = size_t{64} << 10;
  std::string text;  // as bytes
  Timestamp kept_at;
};
template <class Archive>
void fields(Archive& archive, ConsoleRecord& r) {
  archive(r.text, r.kept_at);
}

struct BlockDeviceRecord {
  std::string device;
  std::string snapshot;
  int32_t size_gib = 0;
  std::string type = "gp3";
  bool delete_on_termination = true;
  bool encrypted = false;
  std::optional<int32_t> iops;
  std::optional<int32_t> throughput;
};
template <class Archive>
void fields(Archive& archive, BlockDeviceRecord& r) {
  archive(r.device, r.snapshot, r.size_gib, r.type, r.delete_on_termination, r.encrypted, r.iops, r.throughput);
}

// Values are stored: they never change.
enum class ImageState : uint8_t { available = 0, pending = 1, failed = 2, disabled = 3 };
std::string_view name_of(ImageState state);

struct ImageRecord {
  static constexpr uint32_t kVersion = 4;
  std::string id;
  std::string owner;  // an account; empty: the installation's own, everybody's
  std::string name;
  std::string description;
  std::string architecture = "x86_64";
  std::string root_device = "/dev/xvda";
  std::vector<BlockDeviceRecord> devices;
  bool is_public = false;
  std::vector<std::string> shared_with;
  Timestamp created_at;
  std::string driver;  // "container", "vm", or empty: either
  std::string kernel;
  std::string initramfs;
  std::string kernel_arguments;
  std::string boot_mode;
  bool requires_imds_v2 = false;
  // Since version 2.
  ImageState state = ImageState::available;
  std::string failure;          // why it failed
  std::string source_instance;  // what it was made of
  std::string source_image;     // what it is a copy of
  // Since version 3: as it was registered. Instances have what they have.
  bool ena_support = true;
  std::string sriov_net_support;
  // Since version 4.
  std::optional<Timestamp> deprecated_at;  // from then on it is shown to others only when they ask for it
  bool refuses_deregistration = false;
  bool has_cooldown = false;                           // the refusal outlives its end by a day
  std::optional<Timestamp> protected_until;            // that day's end
  std::map<std::string, std::string> instance_stores;  // device to "ephemeral0" and the like: shown, no type has any
};
template <class Archive>
void fields(Archive& archive, ImageRecord& r) {
  archive(r.id, r.owner, r.name, r.description, r.architecture, r.root_device, r.devices, r.is_public, r.shared_with,
          r.created_at, r.driver, r.kernel, r.initramfs, r.kernel_arguments, r.boot_mode, r.requires_imds_v2, r.state,
          r.failure, r.source_instance, r.source_image, r.ena_support, r.sriov_net_support, r.deprecated_at,
          r.refuses_deregistration, r.has_cooldown, r.protected_until, r.instance_stores);
}

// Who might have used an image that is no more, and since when it isn't.
struct DeregisteredRecord {
  static constexpr uint32_t kVersion = 1;
  std::string owner;
  bool is_public = false;
  std::vector<std::string> shared_with;
  Timestamp at;
};
template <class Archive>
void fields(Archive& archive, DeregisteredRecord& r) {
  archive(r.owner, r.is_public, r.shared_with, r.at);
}

// Values are stored: they never change.
enum class VolumeFile : uint8_t {
  with_instance = 0,  // made and told of with the instance that was launched with it
  to_make = 1,
  failed = 2,
  made = 3,
};
enum class ModificationState : uint8_t { modifying = 0, optimizing = 1, completed = 2, failed = 3 };
std::string_view name_of(ModificationState state);

// What a volume is of a type.
struct VolumeShape {
  std::string type = "gp3";
  int32_t size_gib = 0;
  std::optional<int32_t> iops;
  std::optional<int32_t> throughput;
  bool multi_attach = false;  // since version 6 of VolumeRecord
};
template <class Archive>
void fields(Archive& archive, VolumeShape& r) {
  archive(r.type, r.size_gib, r.iops, r.throughput, r.multi_attach);
}

struct ModificationRecord {
  ModificationState state = ModificationState::modifying;
  VolumeShape original;
  VolumeShape target;
  Timestamp started_at;
  std::optional<Timestamp> ended_at;
  std::string message;  // why it failed

  bool is_over() const { return state == ModificationState::completed || state == ModificationState::failed; }
};
template <class Archive>
void fields(Archive& archive, ModificationRecord& r) {
  archive(r.state, r.original, r.target, r.started_at, r.ended_at, r.message);
}

struct VolumeAttachmentRecord {
  std::string instance;
  std::string device;
  bool delete_on_termination = false;
  Timestamp attached_at;
  AttachmentState state = AttachmentState::attached;

  bool is_ending() const { return state == AttachmentState::detaching || state == AttachmentState::detaching_by_force; }
};
template <class Archive>
void fields(Archive& archive, VolumeAttachmentRecord& r) {
  archive(r.instance, r.device, r.delete_on_termination, r.attached_at, r.state);
}

struct VolumeRecord {
  static constexpr uint32_t kVersion = 6;
  std::string id;
  std::string zone;
  std::string snapshot;
  int32_t size_gib = 0;
  std::string type = "gp3";
  std::optional<int32_t> iops;
  std::optional<int32_t> throughput;
  bool encrypted = false;
  Timestamp created_at;
  VolumeAttachmentRecord before_6;  // the one that there could be until version 5; empty since
  bool removed = false;             // its file is to go, then this record
  // Since version 2.
  VolumeFile file = VolumeFile::with_instance;
  std::string failure;  // why it couldn't be made
  bool auto_enable_io = false;
  std::optional<ModificationRecord> modification;  // the last one
  std::vector<Timestamp> modified_at;              // of the last day
  // Since version 3: what it is a copy of; `snapshot` is then what it came through, and nobody's business.
  std::string source_volume;
  bool fast_restored = false;  // its snapshot's file was there
  // Since version 4: what it is encrypted with (encryption.h). Empty: it isn't.
  std::string kms_key;
  // Since version 5: MiB a second that it is filled from its snapshot with. 0: none was asked for.
  int32_t initialization_rate = 0;
  // Since version 6: several instances may have it at a time (ADR 20), which without it is one.
  bool multi_attach = false;
  std::vector<VolumeAttachmentRecord> attachments;  // empty: it is free

  bool is_attached() const { return !attachments.empty(); }
  // Null: that instance doesn't have it.
  const VolumeAttachmentRecord* attachment_to(std::string_view instance) const;
  VolumeAttachmentRecord* attachment_to(std::string_view instance);
  void free_of(std::string_view instance);
  bool is_changing() const { return modification && !modification->is_over(); }
  VolumeShape shape() const {
    return {.type = type, .size_gib = size_gib, .iops = iops, .throughput = throughput, .multi_attach = multi_attach};
  }
  static void upgrade(VolumeRecord& record, uint32_t from_version);
};
template <class Archive>
void fields(Archive& archive, VolumeRecord& r) {
  VolumeAttachmentRecord& before = r.before_6;
  archive(r.id, r.zone, r.snapshot, r.size_gib, r.type, r.iops, r.throughput, r.encrypted, r.created_at,
          before.instance, before.device, before.delete_on_termination, before.attached_at, r.removed, r.file,
          r.failure, before.state, r.auto_enable_io, r.modification, r.modified_at, r.source_volume, r.fast_restored,
          r.kms_key, r.initialization_rate, r.multi_attach, r.attachments);
}

struct LaunchTemplateRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string name;
  int64_t default_version = 1;
  int64_t latest_version = 1;
  Timestamp created_at;
  std::string created_by;
};
template <class Archive>
void fields(Archive& archive, LaunchTemplateRecord& r) {
  archive(r.id, r.name, r.default_version, r.latest_version, r.created_at, r.created_by);
}

struct TemplateVersionRecord {
  static constexpr uint32_t kVersion = 1;
  std::optional<std::string> description;
  Timestamp created_at;
  std::string created_by;
  std::string data;  // RequestLaunchTemplateData as JSON (protocol/struct_json.h)
};
template <class Archive>
void fields(Archive& archive, TemplateVersionRecord& r) {
  archive(r.description, r.created_at, r.created_by, r.data);
}

inline const Resources<InstanceRecord> kInstances{Kind::instance, "ec2.instance"};
inline const Resources<ImageRecord> kImages{Kind::image, "ec2.image"};
inline const Resources<VolumeRecord> kVolumes{Kind::volume, "ec2.volume"};
inline const Resources<LaunchTemplateRecord> kLaunchTemplates{Kind::launch_template, "ec2.launch_template"};
inline const metadata::Table<DeregisteredRecord, RegionName, std::string> kDeregistered{"ec2.deregistered_image"};
inline const metadata::Table<UserDataRecord, AccountId, RegionName, std::string> kUserData{"ec2.user_data"};
inline const metadata::Table<ConsoleRecord, AccountId, RegionName, std::string> kConsoles{"ec2.console"};
inline const metadata::Table<TemplateVersionRecord, AccountId, RegionName, std::string, int64_t> kTemplateVersions{
    "ec2.launch_template_version"};

// Images are in nobody's scope: they may be shared.
inline Scope image_scope(const Scope& scope) { return {.account = AccountId(), .region = scope.region}; }

}  // namespace aerolith::ec2
