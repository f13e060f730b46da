// The records of import tasks; docs/formats/ec2.md is the page about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// Values are stored: they never change.
enum class ImportState : uint8_t { active = 0, completed = 1, deleting = 2, deleted = 3 };
std::string_view name_of(ImportState state);

// What an active one is at. Values are stored: they never change.
enum class ImportStage : uint8_t { pending = 0, downloading = 1, validating = 2, converting = 3 };
std::string_view name_of(ImportStage stage);  // as StatusMessage says it

// `ova`: an archive that wasn't looked into yet. `snapshot`: no file at all, but a snapshot that is there.
// Values are stored: they never change.
enum class ImportFormat : uint8_t { raw = 0, vmdk = 1, vhd = 2, vhdx = 3, ova = 4, snapshot = 5 };
std::string_view name_of(ImportFormat format);

// A disk, from its file to the snapshot that it becomes.
struct ImportDisk {
  std::string snapshot;  // its id, from the beginning; there is no record of it before the task is completed
  ImportFormat format = ImportFormat::raw;
  std::string description;
  std::string device;  // as it was asked for; may be empty
  std::string url;     // as it was given; empty: bucket and key were
  std::string bucket;
  std::string key;
  std::string source_snapshot;
  // Its file among those that are being imported (blocks/disk_imports.h); disks of one archive have the same.
  std::string file;
  std::string etag;  // of the object, since it was found
  uint64_t object_bytes = 0;
  // Where in the file it lies; no bytes: it is all of it.
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
  int32_t percent = 0;
  // Once its bytes are a snapshot.
  bool is_made = false;
  int32_t size_gib = 0;
};
template <class Archive>
void fields(Archive& archive, ImportDisk& r) {
  archive(r.snapshot, r.format, r.description, r.device, r.url, r.bucket, r.key, r.source_snapshot, r.file, r.etag,
          r.object_bytes, r.offset_bytes, r.size_bytes, r.percent, r.is_made, r.size_gib);
}

// What only images have.
struct ImportedImage {
  std::string id;  // from the beginning, as those of snapshots
  std::string architecture;
  std::string platform;
  std::string boot_mode;
  std::string license_type;
  std::string usage_operation;
  std::string hypervisor;
};
template <class Archive>
void fields(Archive& archive, ImportedImage& r) {
  archive(r.id, r.architecture, r.platform, r.boot_mode, r.license_type, r.usage_operation, r.hypervisor);
}

struct ImportRecord {
  static constexpr uint32_t kVersion = 2;
  std::string id;
  std::string description;
  std::string role;  // a name
  std::vector<ImportDisk> disks;
  std::optional<ImportedImage> image;  // none: it makes one snapshot
  ImportState state = ImportState::active;
  ImportStage stage = ImportStage::pending;
  std::string message;  // why it is deleted; may be empty
  Timestamp started_at;
  Timestamp moved_at;  // when it last got on
  Timestamp ended_at;
  // Since version 2: what its snapshots are encrypted with (encryption.h), empty: as their sources are; and the first
  // failure since it last got on.
  std::string kms_key;
  std::optional<Timestamp> failing_since;

  bool is_over() const { return state == ImportState::completed || state == ImportState::deleted; }
};
template <class Archive>
void fields(Archive& archive, ImportRecord& r) {
  archive(r.id, r.description, r.role, r.disks, r.image, r.state, r.stage, r.message, r.started_at, r.moved_at,
          r.ended_at, r.kms_key, r.failing_since);
}

inline const Resources<ImportRecord> kImageImports{Kind::import_image_task, "ec2.import_image_task"};
inline const Resources<ImportRecord> kSnapshotImports{Kind::import_snapshot_task, "ec2.import_snapshot_task"};
// By what the id begins with.
const Resources<ImportRecord>& imports_of(std::string_view task);

// Of any account: a task that isn't over has it in work.
Result<bool> is_being_imported(metadata::ReadTransaction& txn, const std::string& snapshot);

}  // namespace aerolith::ec2
