#include "services/ec2/snapshot_uploads.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/log.h"
#include "base/step.h"
#include "blocks/block_store.h"
#include "blocks/stored_block.h"
#include "blocks/uploads.h"
#include "metadata/erase_rows.h"
#include "services/ec2/encryption.h"
#include "services/ec2/volume_sizes.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kLookAtIdle = 1min;  // at most: the clock may be set
constexpr auto kUploadPatience = 10min;                  // with what may pass, a full disk among it

blocks::Result<std::string> read_block(const Cloud& cloud, const SnapshotRecord& record, uint64_t place) {
  if (record.kms_key.empty()) return cloud.uploads->read(record.id, place);
  const auto key = TRY(cloud.volumes->blocks().keys().find(key_name(record.kms_key)));
  auto block = key->open(
      record.id, TRY(cloud.uploads->read(record.id, place, blocks::kBlockBytes + blocks::BlockKey::kSealBytes)));
  if (!block) return fail(blocks::VolumeErrorCode::corrupt, "A block isn't what was written any more.");
  return *std::move(block);
}

blocks::Result<> store_blocks(const Cloud& cloud, const SnapshotRecord& record, const PutBlocks& put) {
  blocks::BlockStore& store = cloud.volumes->blocks();
  if (store.contains(record.id)) return {};
  if (!record.base.empty() && !store.contains(record.base)) TRY(cloud.volumes->move_to_blocks(record.base, {}));
  const auto writer =
      TRY(store.begin(record.id, static_cast<uint64_t>(record.size_gib) * kGib, record.base, key_name(record.kms_key)));
  const std::string zeros(blocks::kBlockBytes, '\0');
  for (const auto& [index, block] : put) {
    if (!block.place) {
      TRY(writer->put(index, zeros));
      continue;
    }
    const std::string bytes = TRY(read_block(cloud, record, *block.place));
    if (blocks::hash_of(bytes) != block.sha256) {
      return fail(blocks::VolumeErrorCode::corrupt, fmt::format("Block {} isn't what was written any more.", index));
    }
    TRY(writer->put(index, bytes));
  }
  step("upload/blocks-put");
  return writer->commit();
}

// The last block, or the start.
Timestamp last_sign(const SnapshotRecord& record, const PutBlocks& put) {
  Timestamp last = record.started_at;
  for (const auto& [index, block] : put) last = std::max(last, block.at);
  return last;
}

std::string failure_of(const blocks::VolumeError& error) {
  if (error.code == blocks::VolumeErrorCode::no_space) return "The disk had no room for its blocks.";
  return error.detail;
}

}  // namespace

blocks::Result<uint64_t> append_block(const Cloud& cloud, const SnapshotRecord& record, std::string_view block) {
  if (record.kms_key.empty()) return cloud.uploads->append(record.id, block);
  const auto key = TRY(cloud.volumes->blocks().keys().make(key_name(record.kms_key)));
  return cloud.uploads->append(record.id, key->seal(record.id, block));
}

metadata::Result<PutBlocks> put_blocks_of(metadata::ReadTransaction& txn, const RegionName& region,
                                          const std::string& snapshot) {
  PutBlocks blocks;
  auto rows = kPutBlocks.scan(txn, metadata::Direction::forward, region, snapshot);
  while (TRY(rows.next())) blocks.emplace_back(std::get<2>(rows.key()), TRY(rows.record()));
  return blocks;
}

metadata::Result<> erase_upload(metadata::Transaction& txn, const RegionName& region, const std::string& snapshot) {
  kUploads.erase(txn, {region, snapshot});
  return metadata::erase_rows(txn, kPutBlocks, region, snapshot);
}

std::variant<UploadOver, reconcile::Again, reconcile::Failed> settle_upload(const Cloud& cloud, const Clock& clock,
                                                                            const RegionName& region,
                                                                            const SnapshotRecord& record) {
  if (cloud.uploads == nullptr) return reconcile::Failed{"this installation keeps no volumes any more"};
  std::optional<UploadRecord> upload;
  PutBlocks put;
  {
    const auto txn = cloud.metadata.begin_read();
    const auto found = kUploads.get(*txn, {region, record.id});
    if (!found.has_value()) return reconcile::Failed{found.error().detail};
    auto blocks = put_blocks_of(*txn, region, record.id);
    if (!blocks.has_value()) return reconcile::Failed{blocks.error().detail};
    upload = *found;
    put = *std::move(blocks);
  }
  if (!upload) return UploadOver{.failure = "It was never begun."};
  if (!upload->sealed) {
    const auto left = last_sign(record, put) + std::chrono::minutes(upload->timeout_minutes) - clock.now();
    if (left > 0ms) return reconcile::Again{std::min(left, kLookAtIdle)};
    return UploadOver{.failure = fmt::format("It wasn't completed within {} minutes.", upload->timeout_minutes)};
  }
  const auto stored = store_blocks(cloud, record, put);
  if (stored.has_value()) return UploadOver{};
  const blocks::VolumeErrorCode code = stored.error().code;
  const bool is_final = code == blocks::VolumeErrorCode::corrupt || code == blocks::VolumeErrorCode::not_found;
  const Timestamp since = upload->sealed_at.value_or(last_sign(record, put));
  if (!is_final && clock.now() - since < kUploadPatience) return reconcile::Failed{stored.error().detail};
  return UploadOver{.failure = failure_of(stored.error())};
}

Result<> sweep_uploads(const Cloud& cloud) {
  if (cloud.uploads == nullptr) return {};
  const auto all = cloud.uploads->list();
  if (!all.has_value()) {
    log_error("ec2: uploads can't be listed", {{"detail", all.error().detail}});
    return {};
  }
  std::set<std::string> pending;
  const auto txn = cloud.metadata.begin_read();
  auto uploads = kUploads.scan(*txn, metadata::Direction::forward);
  while (TRY(uploads.next())) pending.insert(std::get<1>(uploads.key()));
  for (const std::string& snapshot : *all) {
    if (pending.contains(snapshot)) continue;
    const auto removed = cloud.uploads->remove(snapshot);
    if (!removed.has_value()) log_warning("ec2: an upload's bytes stay", {{"why", removed.error().detail}});
  }
  return {};
}

}  // namespace aerolith::ec2
