// packs/<snapshot>.pack holds the blocks that were new with that snapshot, snapshots/<snapshot>.manifest where all of
// its blocks lie. A pack is synced before the manifest that names it; how often a block is used is counted from the
// manifests at each start. Holes lie where nothing is used any more; a pack without uses is removed.
#include "blocks/block_store.h"

#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/step.h"
#include "blocks/from_files.h"

namespace aerolith::blocks {

namespace {

std::unexpected<VolumeError> not_found(std::string_view snapshot) {
  return std::unexpected(VolumeError{VolumeErrorCode::not_found, fmt::format("no snapshot {} here", snapshot)});
}

uint64_t block_count(uint64_t size_bytes) { return size_bytes / kBlockBytes + (size_bytes % kBlockBytes != 0 ? 1 : 0); }

std::vector<BlockEntry> entries_of(const Manifest& manifest) {
  std::vector<BlockEntry> entries;
  for (const auto& [index, entry] : manifest.blocks) entries.push_back(entry);
  return entries;
}

}  // namespace

Result<std::unique_ptr<BlockStore>> BlockStore::open(os::FileSystem& files, std::string folder, Sealing sealing) {
  std::unique_ptr<BlockStore> store(new BlockStore(files, std::move(folder), std::move(sealing)));
  for (const char* name : {"/packs", "/snapshots"}) TRY(from_files(files.make_directories(store->folder_ + name)));
  TRY(store->load_manifests());
  TRY(store->tidy_packs());
  return store;
}

Result<std::unique_ptr<BlockStore>> BlockStore::open_to_read(os::FileSystem& files, std::string folder,
                                                             Sealing sealing) {
  std::unique_ptr<BlockStore> store(new BlockStore(files, std::move(folder), std::move(sealing)));
  store->is_read_only_ = true;
  TRY(store->load_manifests());
  return store;
}

std::string BlockStore::pack_file(std::string_view pack) const { return pack_path(folder_, pack); }
std::string BlockStore::manifest_file(std::string_view snapshot) const { return manifest_path(folder_, snapshot); }

Result<> BlockStore::load_manifests() {
  const std::string folder = folder_ + "/snapshots";
  for (const auto& entry : TRY(from_files(files_.list(folder)))) {
    const std::string path = folder + "/" + entry.name;
    if (!entry.name.ends_with(kManifestSuffix)) {
      if (!is_read_only_) TRY(from_files(files_.remove(path)));  // half written
      continue;
    }
    const std::string id = entry.name.substr(0, entry.name.size() - kManifestSuffix.size());
    auto bytes = os::read_file(files_, path, kMostManifestBytes);
    // The server beside a reader may remove one.
    if (is_read_only_ && !bytes.has_value() && bytes.error().code == os::ErrorCode::not_found) continue;
    auto manifest = decode_manifest(TRY(from_files(std::move(bytes))));
    if (!manifest.has_value()) {
      damaged_.emplace(id, fmt::format("{}: {}", path, manifest.error().detail));
      log_error("blocks: a snapshot can't be read", {{"snapshot", id}, {"why", damaged_.at(id)}});
      continue;
    }
    for (const auto& [index, block] : manifest->blocks) use(block, manifest->key);
    snapshots_.emplace(id, std::make_shared<const Manifest>(*std::move(manifest)));
  }
  return {};
}

// What a kill between a manifest's removal and its blocks' left, and packs of writers that didn't commit.
Result<> BlockStore::tidy_packs() {
  if (!damaged_.empty()) return {};
  const std::string folder = folder_ + "/packs";
  for (const auto& entry : TRY(from_files(files_.list(folder)))) {
    const std::string pack = entry.name.substr(0, entry.name.size() - std::min(entry.name.size(), kPackSuffix.size()));
    const std::string path = folder + "/" + entry.name;
    if (!packs_.contains(pack)) {
      TRY(from_files(files_.remove(path)));
      continue;
    }
    const auto file = TRY(from_files(files_.open(path, os::OpenMode::write)));
    uint64_t at = 0;
    for (auto place = stored_.lower_bound({.pack = pack}); place != stored_.end() && place->first.pack == pack;
         ++place) {
      if (place->first.offset > at) TRY(from_files(file->punch_hole(at, place->first.offset - at)));
      at = place->first.offset + place->first.length;
    }
    // Its blocks can't be read; those of other packs can.
    if (TRY(from_files(file->size())) < at) log_error("blocks: a pack has lost its end", {{"pack", path}});
  }
  return {};
}

void BlockStore::use(const BlockEntry& entry, const std::string& key) {
  Stored& stored = stored_[entry.place];
  stored.hash = entry.hash;
  if (stored.uses++ > 0) return;
  Pack& pack = packs_[entry.place.pack];
  ++pack.uses;
  pack.key = key;
  by_hash_.emplace(entry.hash, entry.place);
}

std::vector<Place> BlockStore::release(const std::vector<BlockEntry>& entries) {
  std::vector<Place> unused;
  for (const BlockEntry& entry : entries) {
    const auto stored = stored_.find(entry.place);
    if (stored == stored_.end() || --stored->second.uses > 0) continue;
    stored_.erase(stored);
    const auto named = by_hash_.find(entry.hash);
    if (named != by_hash_.end() && named->second == entry.place) by_hash_.erase(named);
    if (--packs_[entry.place.pack].uses == 0) packs_.erase(entry.place.pack);
    unused.push_back(entry.place);
  }
  return unused;
}

// What fails is made good at the next start.
void BlockStore::give_back(const std::vector<Place>& places) {
  {
    const std::lock_guard lock(mutex_);
    if (!damaged_.empty()) return;
  }
  std::set<std::string> packs;
  for (const Place& place : places) packs.insert(place.pack);
  for (const std::string& pack : packs) {
    bool is_used = false;
    {
      const std::lock_guard lock(mutex_);
      is_used = packs_.contains(pack);
    }
    if (!is_used) {
      if (const auto removed = files_.remove(pack_file(pack)); !removed.has_value()) {
        log_warning("blocks: a pack that nothing needs stays", {{"pack", pack}, {"why", removed.error().detail}});
      }
      continue;
    }
    const auto file = files_.open(pack_file(pack), os::OpenMode::write);
    if (!file.has_value()) continue;
    for (const Place& place : places) {
      if (place.pack == pack) (void)(*file)->punch_hole(place.offset, place.length);
    }
  }
}

Result<std::shared_ptr<const Manifest>> BlockStore::find(std::string_view snapshot) const {
  const std::lock_guard lock(mutex_);
  if (const auto damaged = damaged_.find(snapshot); damaged != damaged_.end()) {
    return fail(VolumeErrorCode::corrupt, damaged->second);
  }
  const auto found = snapshots_.find(snapshot);
  if (found == snapshots_.end()) return not_found(snapshot);
  return found->second;
}

Result<> BlockStore::remove(std::string_view snapshot) {
  const auto manifest = find(snapshot);
  if (!manifest.has_value() && manifest.error().code == VolumeErrorCode::not_found) return {};
  auto removed = files_.remove(manifest_file(snapshot));
  if (!removed.has_value() && removed.error().code != os::ErrorCode::not_found) return from_files(std::move(removed));
  TRY(from_files(files_.sync_directory(folder_ + "/snapshots")));
  step("store/manifest-removed");
  std::vector<Place> unused;
  {
    const std::lock_guard lock(mutex_);
    damaged_.erase(std::string(snapshot));
    if (snapshots_.erase(std::string(snapshot)) == 0) return {};  // somebody else was faster, or it was damaged
    unused = release(entries_of(**manifest));
  }
  give_back(unused);
  return {};
}

Result<std::string> BlockStore::read_at(const BlockEntry& entry) const {
  const auto file = TRY(from_files(files_.open(pack_file(entry.place.pack), os::OpenMode::read)));
  std::string stored(entry.place.length, '\0');
  const size_t length = TRY(from_files(file->read_at(entry.place.offset, stored)));
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    if (const auto pack = packs_.find(entry.place.pack); pack != packs_.end()) name = pack->second.key;
  }
  std::shared_ptr<const BlockKey> key;
  if (!name.empty()) {
    auto found = keys_.find(name);
    if (!found.has_value()) return fail(VolumeErrorCode::corrupt, "its key: " + found.error().detail);
    key = *std::move(found);
  }
  auto block = decode_block(entry.hash, std::string_view(stored).substr(0, length), key.get());
  if (!block.has_value()) {
    const std::lock_guard lock(mutex_);
    const auto named = by_hash_.find(entry.hash);
    if (named != by_hash_.end() && named->second == entry.place) by_hash_.erase(named);
  }
  return block;
}

Result<std::string> BlockStore::read(std::string_view snapshot, uint64_t index) const {
  const auto manifest = TRY(find(snapshot));
  const auto found = manifest->blocks.find(index);
  if (found == manifest->blocks.end()) return std::string(kBlockBytes, '\0');
  auto block = read_at(found->second);
  if (block.has_value()) return block;
  if (!find(snapshot).has_value()) return not_found(snapshot);  // removed while it was read
  return fail(block.error().code, fmt::format("block {} of {} in {}: {}", index, snapshot,
                                              pack_file(found->second.place.pack), block.error().detail));
}

Result<uint64_t> BlockStore::size_bytes(std::string_view snapshot) const { return TRY(find(snapshot))->size_bytes; }

Result<std::vector<uint64_t>> BlockStore::changed_blocks(std::string_view before, std::string_view after) const {
  const auto newer = TRY(find(after));
  const auto older = before.empty() ? std::make_shared<const Manifest>() : TRY(find(before));
  std::set<uint64_t> changed;
  for (const auto& [index, entry] : newer->blocks) {
    const auto old = older->blocks.find(index);
    if (old == older->blocks.end() || old->second.hash != entry.hash) changed.insert(index);
  }
  for (const auto& [index, entry] : older->blocks) {
    if (!newer->blocks.contains(index) && index < block_count(newer->size_bytes)) changed.insert(index);
  }
  return std::vector<uint64_t>(changed.begin(), changed.end());
}

bool BlockStore::contains(std::string_view snapshot) const {
  const std::lock_guard lock(mutex_);
  return snapshots_.contains(snapshot) || damaged_.contains(snapshot);
}

bool BlockStore::is_read_elsewhere(std::string_view snapshot) const {
  const auto file = files_.open(manifest_file(snapshot), os::OpenMode::read);
  if (!file.has_value() || (*file)->descriptor() < 0) return false;
  return ::flock((*file)->descriptor(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::string BlockStore::key_of(std::string_view snapshot) const {
  const std::lock_guard lock(mutex_);
  const auto found = snapshots_.find(snapshot);
  return found == snapshots_.end() ? std::string() : found->second->key;
}

std::vector<std::string> BlockStore::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [id, manifest] : snapshots_) ids.push_back(id);
  for (const auto& [id, why] : damaged_) ids.push_back(id);
  std::ranges::sort(ids);
  return ids;
}

uint64_t BlockStore::stored_bytes() const {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& [place, stored] : stored_) bytes += place.length;
  return bytes;
}

ScrubReport BlockStore::scrub(const std::function<bool(uint64_t bytes)>& go_on) const {
  ScrubReport report;
  std::map<Place, std::string> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [place, stored] : stored_) all.emplace(place, stored.hash);
    for (const auto& [id, why] : damaged_) report.damaged_manifests.push_back(why);
  }
  for (const auto& [place, hash] : all) {
    const BlockEntry entry{.hash = hash, .place = place};
    const auto block = read_at(entry);
    report.blocks += 1;
    report.bytes += place.length;
    if (!block.has_value()) {
      const std::lock_guard lock(mutex_);
      DamagedBlock damaged{.hash = hash, .place = place, .why = block.error().detail};
      for (const auto& [id, manifest] : snapshots_) {
        const auto has_it = [&](const auto& each) { return each.second == entry; };
        if (std::ranges::any_of(manifest->blocks, has_it)) damaged.snapshots.push_back(id);
      }
      // Of none: removed meanwhile.
      if (!damaged.snapshots.empty()) report.damaged.push_back(std::move(damaged));
    }
    if (!go_on(place.length)) break;
  }
  return report;
}

}  // namespace aerolith::blocks
