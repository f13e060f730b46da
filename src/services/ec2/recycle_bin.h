// What was deleted and is kept for a while, because a retention rule of the Recycle Bin (services/rbin/) says so. Its
// record lies apart from those of what is there, so that nothing finds it by accident; its bytes stay where they are.
// https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-factors.html
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "reconcile/queue.h"
#include "services/ec2/cloud.h"
#include "services/ec2/snapshot_tables.h"

namespace aerolith::ec2 {

struct BinStayRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp entered_at;
  Timestamp exits_at;  // then it is deleted for good
};
template <class Archive>
void fields(Archive& archive, BinStayRecord& r) {
  archive(r.entered_at, r.exits_at);
}

// In the scope of who deleted it, whatever the scope of its kind: nobody else sees it.
inline const Resources<SnapshotRecord> kBinnedSnapshots{Kind::snapshot, "ec2.snapshot_in_bin"};
inline const Resources<ImageRecord> kBinnedImages{Kind::image, "ec2.image_in_bin"};
inline const Resources<VolumeRecord> kBinnedVolumes{Kind::volume, "ec2.volume_in_bin"};
// Of each of them.
inline const metadata::Table<BinStayRecord, AccountId, RegionName, std::string> kBinStays{"ec2.bin_stay"};

// Moves it into the bin where a rule matches it, with the tag that says so; false: there is none, and nothing was done.
// The queue is to be told after the commit (Cloud::bin_changed).
Result<bool> keep_in_bin(metadata::Transaction& txn, const Scope& scope, const SnapshotRecord& snapshot, Timestamp now);
Result<bool> keep_in_bin(metadata::Transaction& txn, const Scope& scope, const ImageRecord& image, Timestamp now);
Result<bool> keep_in_bin(metadata::Transaction& txn, const Scope& scope, const VolumeRecord& volume, Timestamp now);

// Moves it back, as it was; NotFound where it isn't in the bin.
Result<SnapshotRecord> take_snapshot_out(metadata::Transaction& txn, const Scope& scope, const std::string& id);
Result<ImageRecord> take_image_out(metadata::Transaction& txn, const Scope& scope, const std::string& id);
Result<VolumeRecord> take_volume_out(metadata::Transaction& txn, const Scope& scope, const std::string& id);

Result<bool> is_in_bin(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id);

// Deletes for good what has been in the bin for as long as it was to: the work behind a key of the bin's queue.
reconcile::Outcome settle_bin(const Cloud& cloud, const Clock& clock, std::string_view key);

}  // namespace aerolith::ec2
