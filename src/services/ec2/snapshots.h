// What several operations ask of snapshots, and how one comes to be: its record and what holds its volume are written
// in the transaction of the call, then the moment is fixed, then the queue does the rest (settle_snapshot.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ec2/model/snapshot.h"
#include "services/ec2/call.h"
#include "services/ec2/snapshot_tables.h"

namespace aerolith::ec2 {

// Of those that are no volume's, as AWS calls it: copies, imported ones, what comes through the EBS direct APIs.
inline constexpr std::string_view kNoVolume = "vol-ffffffff";

// His own, shared with him, or public, where its owner's account doesn't block that.
metadata::Result<bool> may_use(metadata::ReadTransaction& txn, const Scope& scope, const SnapshotRecord& snapshot);
metadata::Result<bool> is_shared_with_all(metadata::ReadTransaction& txn, const Scope& scope,
                                          const SnapshotRecord& snapshot);
// One that the caller may use, or own; InvalidSnapshot.NotFound, and AuthFailure for others' where it must be his own.
Result<SnapshotRecord> get_snapshot(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id);
Result<SnapshotRecord> get_own_snapshot(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id);
// One that a volume or an image can be made of now; IncorrectState where it isn't completed, or is archived.
Result<SnapshotRecord> get_usable_snapshot(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id);

// In GiB, of one that the caller may make volumes of. Those of images that come with the installation have no records:
// whoever may launch one may use them.
Result<int32_t> find_snapshot_size(metadata::ReadTransaction& txn, const Scope& scope, const std::string& snapshot);

// What is said of a volume that is smaller than the snapshot that it is made of.
std::string smaller_than_snapshot(int32_t size_gib, std::string_view snapshot, int32_t least_gib);

struct NewSnapshot {
  std::string volume;
  std::string description;
  TagMap tags;
  std::string id{};     // empty: one is made
  std::string image{};  // that is being made of it
  std::string for_volume{};
};
// Writes its record. IncorrectState where the volume's instance is on its way up or down.
Result<SnapshotRecord> begin_snapshot(metadata::Transaction& txn, const Call& call, const NewSnapshot& wanted);
struct SnapshotCopy {
  std::string id;
  std::string source;  // it has no record where it came with the installation
  int32_t size_gib = 0;
  std::string description;
  std::string kms_key{};  // what it is encrypted with (encryption.h); empty: it isn't
  std::string image{};    // that is being made of it
  std::string origin{};   // of the source; empty: it has no record
};
// Writes the record of one that gets the bytes of its source, which stays for as long as that takes. The queue does it,
// and is to be told after the commit.
void begin_copy(metadata::Transaction& txn, const Call& call, const SnapshotCopy& wanted);
// After the commit of `begin_snapshot`: on return the moment of all of them is over, or an error, and there are none.
// Those of guests are of one instance.
Result<> fix_moment(Call& call, const std::vector<SnapshotRecord>& snapshots);

// Where the bytes of one that is made are: what comes of a snapshot that is a file is a file, too.
SnapshotPlace place_of(const Cloud& cloud, std::string_view snapshot);
// Erases all but its file.
void erase_snapshot(metadata::Transaction& txn, const Scope& scope, const SnapshotRecord& record);
void stop_reading(metadata::Transaction& txn, const Scope& scope, const SnapshotRecord& record);

Snapshot to_wire(const SnapshotRecord& record, const TagMap& tags);

}  // namespace aerolith::ec2
