// Snapshots that come through the EBS direct APIs, from their start until their end: a record beside the snapshot's, a
// row for each block that was put, and the blocks' bytes with blocks::Uploads. The snapshots' queue does the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "reconcile/queue.h"
#include "services/ec2/cloud.h"
#include "services/ec2/direct_snapshots.h"
#include "services/ec2/snapshot_tables.h"

namespace aerolith::ec2 {

struct UploadRecord {
  static constexpr uint32_t kVersion = 2;
  int32_t timeout_minutes = 60;
  bool sealed = false;  // by CompleteSnapshot
  // Since version 2.
  std::optional<Timestamp> sealed_at;
};
template <class Archive>
void fields(Archive& archive, UploadRecord& r) {
  archive(r.timeout_minutes, r.sealed, r.sealed_at);
}

struct PutBlockRecord {
  static constexpr uint32_t kVersion = 1;
  std::string sha256;             // raw
  std::optional<uint64_t> place;  // of blocks::Uploads; nullopt: zeros
  Timestamp at;
};
template <class Archive>
void fields(Archive& archive, PutBlockRecord& r) {
  archive(r.sha256, r.place, r.at);
}

// By snapshot, and index. They are there while it is pending.
inline const metadata::Table<UploadRecord, RegionName, std::string> kUploads{"ec2.snapshot_upload"};
inline const metadata::Table<PutBlockRecord, RegionName, std::string, uint64_t> kPutBlocks{"ec2.snapshot_put_block"};

using PutBlocks = std::vector<std::pair<uint64_t, PutBlockRecord>>;
metadata::Result<PutBlocks> put_blocks_of(metadata::ReadTransaction& txn, const RegionName& region,
                                          const std::string& snapshot);
metadata::Result<> erase_upload(metadata::Transaction& txn, const RegionName& region, const std::string& snapshot);

// Its bytes, encrypted where the snapshot is -> its place.
blocks::Result<uint64_t> append_block(const Cloud& cloud, const SnapshotRecord& record, std::string_view block);

struct UploadOver {
  std::string failure;  // empty: it is a snapshot of blocks now
};
// The work behind the key of one that is pending. May be done again, by another process.
std::variant<UploadOver, reconcile::Again, reconcile::Failed> settle_upload(const Cloud& cloud, const Clock& clock,
                                                                            const RegionName& region,
                                                                            const SnapshotRecord& record);
// The cloud outlives it.
std::unique_ptr<DirectSnapshots> make_direct_snapshots(const Cloud& cloud);
// Bytes that an earlier process left of uploads that are over.
Result<> sweep_uploads(const Cloud& cloud);

}  // namespace aerolith::ec2
