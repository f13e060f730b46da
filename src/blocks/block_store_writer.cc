#include <fmt/format.h>

#include <utility>

#include "base/step.h"
#include "blocks/block_store.h"
#include "blocks/from_files.h"

namespace aerolith::blocks {

Result<std::unique_ptr<BlockStore::Writer>> BlockStore::begin(std::string_view snapshot, uint64_t size_bytes,
                                                              std::string_view base, std::string_view key) {
  std::unique_ptr<Writer> writer(new Writer(*this, std::string(snapshot)));
  writer->is_committed_ = true;  // nothing to take back, yet
  if (!key.empty()) writer->key_ = TRY(keys_.make(key));
  const std::lock_guard lock(mutex_);
  if (const auto damaged = damaged_.find(snapshot); damaged != damaged_.end()) {
    return fail(VolumeErrorCode::corrupt, damaged->second);
  }
  if (snapshots_.contains(snapshot) || packs_.contains(snapshot)) {
    return fail(VolumeErrorCode::in_use, fmt::format("{} is there already", snapshot));
  }
  if (!base.empty()) {
    const auto found = snapshots_.find(base);
    if (const auto damaged = damaged_.find(base); damaged != damaged_.end()) {
      return fail(VolumeErrorCode::corrupt, damaged->second);
    }
    if (found == snapshots_.end()) {
      return fail(VolumeErrorCode::not_found, fmt::format("no snapshot {} here", base));
    }
    if (found->second->key != key) {
      return fail(VolumeErrorCode::command, fmt::format("{} isn't encrypted as {} is", base, snapshot));
    }
    writer->manifest_.blocks = found->second->blocks;
    writer->has_base_ = true;
    // Of a volume that is smaller now.
    const uint64_t most = size_bytes / kBlockBytes + (size_bytes % kBlockBytes != 0 ? 1 : 0);
    writer->manifest_.blocks.erase(writer->manifest_.blocks.lower_bound(most), writer->manifest_.blocks.end());
  }
  writer->manifest_.size_bytes = size_bytes;
  writer->manifest_.key = key;
  writer->is_committed_ = false;
  for (const auto& [index, entry] : writer->manifest_.blocks) use(entry, writer->manifest_.key);
  Pack& pack = packs_[writer->snapshot_];
  ++pack.uses;
  pack.key = key;
  return writer;
}

// Its own blocks are counted only once they are committed.
void BlockStore::Writer::take_out(uint64_t index) {
  const auto found = manifest_.blocks.find(index);
  if (found == manifest_.blocks.end()) return;
  const BlockEntry entry = std::move(found->second);
  manifest_.blocks.erase(found);
  if (entry.place.pack == snapshot_) return;
  std::vector<Place> unused;
  {
    const std::lock_guard lock(store_.mutex_);
    unused = store_.release({entry});
  }
  store_.give_back(unused);
}

// A base's block that can't be read any more isn't what was put, though its hash says so.
bool BlockStore::Writer::is_believed(const BlockEntry& entry) const {
  if (entry.place.pack == snapshot_) return true;
  const std::lock_guard lock(store_.mutex_);
  const auto known = store_.by_hash_.find(entry.hash);
  return known != store_.by_hash_.end() && known->second == entry.place;
}

Result<> BlockStore::Writer::put(uint64_t index, std::string_view block) {
  if (block.size() != kBlockBytes || index * kBlockBytes >= manifest_.size_bytes) {
    return fail(VolumeErrorCode::command, fmt::format("block {} isn't one of {}", index, snapshot_));
  }
  if (is_zero(block)) {
    take_out(index);
    return {};
  }
  const std::string hash = hash_of(block, key_.get());
  const auto there = manifest_.blocks.find(index);
  if (there != manifest_.blocks.end() && there->second.hash == hash && is_believed(there->second)) return {};
  BlockEntry entry = TRY(write(hash, block));
  take_out(index);
  manifest_.blocks.emplace(index, std::move(entry));
  return {};
}

Result<std::string> BlockStore::Writer::read(uint64_t index) const {
  const auto found = manifest_.blocks.find(index);
  if (found == manifest_.blocks.end()) return std::string(kBlockBytes, '\0');
  return store_.read_at(found->second);
}

// Where it lies already, counted; else it is written.
Result<BlockEntry> BlockStore::Writer::write(const std::string& hash, std::string_view block) {
  BlockEntry entry{.hash = hash};
  {
    const std::lock_guard lock(store_.mutex_);
    const auto known = store_.by_hash_.find(hash);
    if (known != store_.by_hash_.end()) {
      entry.place = known->second;
      store_.use(entry, manifest_.key);
      return entry;
    }
  }
  if (const auto own = own_.find(hash); own != own_.end()) {
    entry.place = own->second;
    return entry;
  }
  if (!pack_) {
    pack_ = TRY(from_files(store_.files_.open(store_.pack_file(snapshot_), os::OpenMode::create, 0600)));
  }
  const std::string stored = encode_block(hash, block, key_.get());
  TRY(from_files(pack_->write_at(end_, stored)));
  entry.place = {.pack = snapshot_, .offset = end_, .length = static_cast<uint32_t>(stored.size())};
  end_ += stored.size();
  own_.emplace(hash, entry.place);
  return entry;
}

Result<> BlockStore::Writer::commit() {
  if (pack_) {
    TRY(from_files(pack_->sync_data()));
    TRY(from_files(store_.files_.sync_directory(store_.folder_ + "/packs")));
  }
  step("store/blocks-synced");
  TRY(from_files(os::write_file(store_.files_, store_.manifest_file(snapshot_), encode_manifest(manifest_), 0600)));
  step("store/manifest-written");
  is_committed_ = true;
  const std::lock_guard lock(store_.mutex_);
  for (const auto& [index, entry] : manifest_.blocks) {
    if (entry.place.pack == snapshot_) store_.use(entry, manifest_.key);
  }
  store_.snapshots_.emplace(snapshot_, std::make_shared<const Manifest>(std::move(manifest_)));
  if (--store_.packs_[snapshot_].uses == 0) store_.packs_.erase(snapshot_);
  return {};
}

// A manifest that came to the disk although its commit failed goes first: what it names must be there.
bool BlockStore::Writer::has_left_no_manifest() {
  const auto removed = store_.files_.remove(store_.manifest_file(snapshot_));
  if (!removed.has_value()) return removed.error().code == os::ErrorCode::not_found;
  return store_.files_.sync_directory(store_.folder_ + "/snapshots").has_value();
}

BlockStore::Writer::~Writer() {
  if (is_committed_ || !has_left_no_manifest()) return;
  std::vector<Place> unused;
  {
    const std::lock_guard lock(store_.mutex_);
    std::vector<BlockEntry> others;
    for (const auto& [index, entry] : manifest_.blocks) {
      if (entry.place.pack != snapshot_) others.push_back(entry);
    }
    unused = store_.release(others);
    if (--store_.packs_[snapshot_].uses == 0) store_.packs_.erase(snapshot_);
  }
  store_.give_back(unused);
  if (pack_) (void)store_.files_.remove(store_.pack_file(snapshot_));
}

}  // namespace aerolith::blocks
