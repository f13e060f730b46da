// The records of snapshots; docs/formats/ec2.md is the page about them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// Values are stored: they never change.
enum class SnapshotState : uint8_t { pending = 0, completed = 1, error = 2 };
std::string_view name_of(SnapshotState state);

// Where its bytes come from. Values are stored: they never change.
enum class SnapshotSource : uint8_t {
  closed_volume = 0,  // its file, that nothing opens until they are there
  guest = 1,          // a copy that the driver of a running instance makes
  snapshot = 2,       // another one: the same bytes
  image = 3,          // CreateImage, which has the instance down (image_making.h)
  copy = 4,           // a whole file of its own beside the snapshots: what `guest` becomes when the copy has ended
  blocks = 5,         // put block by block (snapshot_uploads.h); the queue stores them when it is sealed
  file = 6,           // a disk's, that was imported (settle_import.h)
};

// Where its bytes lie once it is completed. Values are stored: they never change.
enum class SnapshotPlace : uint8_t {
  file = 0,    // a qcow2 file (blocks/volumes.h): of those that were made before there was a store
  blocks = 1,  // a manifest of its id (blocks/block_store.h)
};

struct SnapshotRecord {
  static constexpr uint32_t kVersion = 4;
  std::string id;
  std::string owner;  // an account
  std::string volume;
  int32_t size_gib = 0;
  std::string description;
  bool encrypted = false;
  Timestamp started_at;
  Timestamp completed_at;
  SnapshotState state = SnapshotState::pending;
  int32_t percent = 0;
  std::string failure;  // why it is in error
  bool is_public = false;
  std::vector<std::string> shared_with;
  SnapshotSource source = SnapshotSource::closed_volume;
  std::string source_snapshot;
  std::string holder;    // the instance that has the volume, or the volume; while pending
  bool begun = false;    // of a guest's: the driver has said so
  std::string image;     // that is being made of it; while pending
  bool removed = false;  // seen by nobody: what is left of it is to go, then this record
  // Since version 2.
  SnapshotPlace place = SnapshotPlace::blocks;
  std::string base;  // while pending: the one whose bytes it has where it was given none; it stays until then
  // Since version 3.
  std::string origin;  // a volume, or the first of snapshots that have none (origin_of)
  // A volume that is made as a copy of another one, or "export" (volume_exports.h): seen by nobody, and gone
  // afterwards.
  std::string for_volume;
  // Since version 4: what it is encrypted with (encryption.h). Empty: it isn't.
  std::string kms_key;

  bool is_hidden() const { return removed || !for_volume.empty(); }
  static void upgrade(SnapshotRecord& record, uint32_t from_version) {
    if (from_version < 2) record.place = SnapshotPlace::file;
  }
};
template <class Archive>
void fields(Archive& archive, SnapshotRecord& r) {
  archive(r.id, r.owner, r.volume, r.size_gib, r.description, r.encrypted, r.started_at, r.completed_at, r.state,
          r.percent, r.failure, r.is_public, r.shared_with, r.source, r.source_snapshot, r.holder, r.begun, r.image,
          r.removed, r.place, r.base, r.origin, r.for_volume, r.kms_key);
}

// What snapshots have in common that can be compared block by block: the volume, that volume's own snapshot, a parent.
std::string origin_of(const SnapshotRecord& record);

// In nobody's scope, as images: they may be shared.
inline const Resources<SnapshotRecord> kSnapshots{Kind::snapshot, "ec2.snapshot"};
inline Scope snapshot_scope(const Scope& scope) { return image_scope(scope); }

// Holder, then the snapshot whose bytes are being read: the holder's disks stay open, or closed, until then. The volume
// has a row beside its instance's: it may leave that one meanwhile. Where the holder is a snapshot, of no account.
inline const metadata::Table<Nothing, AccountId, RegionName, std::string, std::string> kBeingRead{
    "ec2.snapshot_being_read"};
Result<bool> is_being_read(metadata::ReadTransaction& txn, const Scope& scope, const std::string& holder);
// Also a volume of its that was free when its snapshot was begun.
Result<bool> are_disks_being_read(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& instance);

}  // namespace aerolith::ec2
