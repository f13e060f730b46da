#include "blocks/stored_snapshot.h"

#include <sys/file.h>

#include <algorithm>
#include <cstring>

#include "blocks/from_files.h"
#include "blocks/qemu_files.h"
#include "blocks/stored_block.h"

namespace aerolith::blocks {

namespace {

constexpr size_t kRecentBlocks = 64;

}  // namespace

Result<std::unique_ptr<StoredSnapshot>> StoredSnapshot::open(os::FileSystem& files, std::string folder,
                                                             std::string_view snapshot,
                                                             std::shared_ptr<const BlockKey> key) {
  TRY(check_id(snapshot));
  const std::string path = manifest_path(folder, snapshot);
  auto lock = TRY(from_files(files.open(path, os::OpenMode::read)));
  if (::flock(lock->descriptor(), LOCK_SH | LOCK_NB) != 0) {
    return fail(VolumeErrorCode::not_found, std::string(snapshot) + " is being removed");
  }
  const std::string bytes = TRY(from_files(os::read_file(files, path, kMostManifestBytes)));
  Manifest manifest = TRY(decode_manifest(bytes));
  if (!manifest.key.empty() && !key) return fail(VolumeErrorCode::corrupt, "its key wasn't given");
  return std::unique_ptr<StoredSnapshot>(new StoredSnapshot(
      files,
      {.folder = std::move(folder), .lock = std::move(lock), .manifest = std::move(manifest), .key = std::move(key)}));
}

Result<StoredSnapshot::Block> StoredSnapshot::block(uint64_t index) {
  const auto found = manifest_.blocks.find(index);
  if (found == manifest_.blocks.end()) return Block();
  {
    const std::lock_guard lock(mutex_);
    const auto recent = std::ranges::find(recent_, index, &std::pair<uint64_t, Block>::first);
    if (recent != recent_.end()) {
      recent_.splice(recent_.begin(), recent_, recent);
      return recent->second;
    }
  }
  const auto& [hash, place] = found->second;
  const auto file = TRY(from_files(files_.open(pack_path(source_.folder, place.pack), os::OpenMode::read)));
  std::string stored(place.length, '\0');
  stored.resize(TRY(from_files(file->read_at(place.offset, stored))));
  const BlockKey* key = manifest_.key.empty() ? nullptr : source_.key.get();
  auto block = std::make_shared<const std::string>(TRY(decode_block(hash, stored, key)));
  const std::lock_guard lock(mutex_);
  recent_.emplace_front(index, block);
  if (recent_.size() > kRecentBlocks) recent_.pop_back();
  return block;
}

Result<> StoredSnapshot::read(uint64_t offset, std::span<char> buffer) {
  while (!buffer.empty()) {
    const uint64_t inside = offset % kBlockBytes;
    const size_t length = std::min<uint64_t>(buffer.size(), kBlockBytes - inside);
    if (const Block bytes = TRY(block(offset / kBlockBytes))) {
      std::memcpy(buffer.data(), bytes->data() + inside, length);
    } else {
      std::memset(buffer.data(), 0, length);
    }
    buffer = buffer.subspan(length);
    offset += length;
  }
  return {};
}

}  // namespace aerolith::blocks
