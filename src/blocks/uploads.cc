#include "blocks/uploads.h"

#include <fmt/format.h>

#include <utility>

#include "blocks/from_files.h"

namespace aerolith::blocks {
namespace {

constexpr std::string_view kSuffix = ".upload";

}  // namespace

Result<std::unique_ptr<Uploads>> Uploads::open(os::FileSystem& files, std::string folder) {
  TRY(from_files(files.make_directories(folder)));
  return std::unique_ptr<Uploads>(new Uploads(files, std::move(folder)));
}

std::string Uploads::file_of(std::string_view snapshot) const {
  return fmt::format("{}/{}{}", folder_, snapshot, kSuffix);
}

Result<std::unique_ptr<os::File>> Uploads::open_file(std::string_view snapshot) {
  const std::string path = file_of(snapshot);
  auto there = files_.open(path, os::OpenMode::write);
  if (there.has_value() || there.error().code != os::ErrorCode::not_found) return from_files(std::move(there));
  auto made = files_.open(path, os::OpenMode::create, 0600);
  if (!made.has_value()) {
    // Another thread was faster.
    if (made.error().code == os::ErrorCode::already_exists) return from_files(files_.open(path, os::OpenMode::write));
    return from_files(std::move(made));
  }
  TRY(from_files(files_.sync_directory(folder_)));
  return *std::move(made);
}

// A file of an earlier process may end with a piece of a block.
Result<uint64_t> Uploads::take_place(std::string_view snapshot, const os::File& file, size_t block_bytes) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = next_places_.find(snapshot);
    if (known != next_places_.end()) return known->second++;
  }
  const uint64_t size = TRY(from_files(file.size()));
  const std::lock_guard lock(mutex_);
  const auto next = next_places_.try_emplace(std::string(snapshot), (size + block_bytes - 1) / block_bytes).first;
  return next->second++;
}

Result<uint64_t> Uploads::append(std::string_view snapshot, std::string_view block) {
  if (block.size() != kBlockBytes && block.size() != kBlockBytes + BlockKey::kSealBytes) {
    return fail(VolumeErrorCode::command, "not a block");
  }
  const auto file = TRY(open_file(snapshot));
  const uint64_t place = TRY(take_place(snapshot, *file, block.size()));
  TRY(from_files(file->write_at(place * block.size(), block)));
  TRY(from_files(file->sync_data()));
  return place;
}

Result<std::string> Uploads::read(std::string_view snapshot, uint64_t place, size_t block_bytes) const {
  const auto file = TRY(from_files(files_.open(file_of(snapshot), os::OpenMode::read)));
  std::string block(block_bytes, '\0');
  const size_t length = TRY(from_files(file->read_at(place * block_bytes, block)));
  if (length == block.size()) return block;
  return fail(VolumeErrorCode::corrupt, fmt::format("{} has lost its end", file_of(snapshot)));
}

Result<> Uploads::remove(std::string_view snapshot) {
  {
    const std::lock_guard lock(mutex_);
    next_places_.erase(std::string(snapshot));
  }
  auto removed = files_.remove(file_of(snapshot));
  if (!removed.has_value() && removed.error().code == os::ErrorCode::not_found) return {};
  return from_files(std::move(removed));
}

Result<std::vector<std::string>> Uploads::list() const {
  std::vector<std::string> snapshots;
  for (const auto& entry : TRY(from_files(files_.list(folder_)))) {
    if (!entry.name.ends_with(kSuffix)) continue;
    snapshots.push_back(entry.name.substr(0, entry.name.size() - kSuffix.size()));
  }
  return snapshots;
}

}  // namespace aerolith::blocks
