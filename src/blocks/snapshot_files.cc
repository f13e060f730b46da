#include "blocks/snapshot_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "base/step.h"
#include "blocks/behind.h"
#include "blocks/fill_progress.h"
#include "blocks/from_files.h"
#include "blocks/from_layers.h"
#include "blocks/qcow2.h"
#include "blocks/qemu_files.h"
#include "os/free_space.h"

namespace aerolith::blocks {

namespace {

constexpr int kBeingRemoved = -1;
constexpr uint64_t kShareOfRoom = 10;  // of what is free, that files may take which nothing needs
// Of files behind one another: a read that no file has asks all of them.
constexpr size_t kMostDepth = 8;

struct File {
  std::string snapshot;
  uint64_t bytes = 0;
  timespec used_at{};
};

bool is_older(const File& one, const File& other) {
  return std::pair(one.used_at.tv_sec, one.used_at.tv_nsec) < std::pair(other.used_at.tv_sec, other.used_at.tv_nsec);
}

// A lease to read is given where nobody can write. File systems that know none tell nothing.
Result<bool> is_open_to_write(os::FileSystem& files, const std::string& path) {
  const auto file = TRY(from_files(files.open(path, os::OpenMode::read)));
  (void)::fcntl(file->descriptor(), F_SETSIG, SIGURG);  // else whoever breaks it ends this process
  if (::fcntl(file->descriptor(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  (void)::fcntl(file->descriptor(), F_SETLEASE, F_UNLCK);
  return false;
}

File look_at(std::string snapshot, const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {.snapshot = std::move(snapshot)};
  return {.snapshot = std::move(snapshot), .bytes = allocated_bytes(path), .used_at = info.st_mtim};
}

}  // namespace

std::string snapshot_of_file(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  if (!path.ends_with(kQcow2Suffix)) return {};
  return std::string(path.substr(0, path.size() - kQcow2Suffix.size()));
}

SnapshotFiles::Use::Use(SnapshotFiles& files, std::string_view snapshot, For what)
    : files_(files), snapshot_(snapshot), for_(what) {
  const std::lock_guard lock(files_.mutex_);
  int& uses = files_.uses_[snapshot_];
  is_allowed_ = uses == 0 || (uses > 0 && for_ == For::making);
  if (is_allowed_) uses = for_ == For::removal ? kBeingRemoved : uses + 1;
}

SnapshotFiles::Use::~Use() {
  if (!is_allowed_) return;
  const std::lock_guard lock(files_.mutex_);
  if (for_ == For::removal || --files_.uses_[snapshot_] == 0) files_.uses_.erase(snapshot_);
}

std::string SnapshotFiles::path_of(std::string_view snapshot) const {
  return fmt::format("{}/{}{}", snapshots_folder_, snapshot, kQcow2Suffix);
}

Result<> SnapshotFiles::make(std::string_view snapshot, const Pace& pace) {
  const std::string id(snapshot);
  {
    std::unique_lock lock(mutex_);
    if (!pace) ++waiting_[id];
    made_.wait(lock, [&] { return !being_made_.contains(id); });
    if (!pace && --waiting_[id] == 0) waiting_.erase(id);
    if (is_there(path_of(snapshot))) {
      (void)::utimensat(AT_FDCWD, path_of(snapshot).c_str(), nullptr, 0);  // used now
      return {};
    }
    being_made_.insert(id);
  }
  Result<> made = make_from_blocks(snapshot, pace);
  if (!made.has_value() && made.error().code == VolumeErrorCode::no_space) {
    give_room(Room::all);
    made = make_from_blocks(snapshot, pace);
  }
  const std::lock_guard lock(mutex_);
  being_made_.erase(id);
  made_.notify_all();
  return made;
}

std::string SnapshotFiles::half_of(std::string_view snapshot, std::string_view suffix) const {
  return fmt::format("{}/.{}{}", snapshots_folder_, snapshot, suffix);
}

Result<> SnapshotFiles::remove_half(std::string_view snapshot) {
  TRY(remove_file(files_, half_of(snapshot, kProgressSuffix)));
  return remove_file(files_, half_of(snapshot, kHalfDoneSuffix));
}

void SnapshotFiles::drop_half(std::string_view snapshot) {
  const std::string id(snapshot);
  {
    const std::lock_guard lock(mutex_);
    if (!being_made_.insert(id).second) return;  // it is needed again
  }
  const auto removed = remove_half(snapshot);
  if (!removed.has_value()) log_warning("half a snapshot's file stays", {{"why", removed.error().detail}});
  const std::lock_guard lock(mutex_);
  being_made_.erase(id);
  made_.notify_all();
}

Result<> SnapshotFiles::drop_strays(const std::set<std::string>& missing) {
  for (const auto& entry : TRY(from_files(files_.list(snapshots_folder_)))) {
    if (!entry.name.starts_with('.') || !entry.name.ends_with(kProgressSuffix)) continue;
    const std::string id = entry.name.substr(1, entry.name.size() - 1 - kProgressSuffix.size());
    if (!missing.contains(id)) TRY(remove_half(id));
  }
  return {};
}

bool SnapshotFiles::is_waited_for(std::string_view snapshot) const {
  const std::lock_guard lock(mutex_);
  return waiting_.contains(snapshot);
}

Result<std::set<std::string>> SnapshotFiles::find_missing() const {
  std::set<std::string> missing;
  for (const std::string& snapshot : TRY(who_is_named()).by_volumes) {
    if (!is_there(path_of(snapshot)) && store_.contains(snapshot)) missing.insert(snapshot);
  }
  return missing;
}

Result<bool> SnapshotFiles::has_volumes(std::string_view snapshot) const {
  return TRY(who_is_named()).by_volumes.contains(std::string(snapshot));
}

Result<> SnapshotFiles::make_from_blocks(std::string_view snapshot, const Pace& pace) {
  FileOfBlocks wanted{.snapshot = std::string(snapshot),
                      .path = half_of(snapshot, kHalfDoneSuffix),
                      .progress = half_of(snapshot, kProgressSuffix)};
  const std::string key = store_.key_of(snapshot);
  if (!key.empty()) wanted.secret = TRY(secrets_.make(path_of(snapshot), key)).text;
  auto made = write_as_file(files_, store_, wanted, pace);
  step("snapshot/file-written");
  // Nobody goes on with what isn't made for volumes.
  if (!made.has_value() && (!pace || !is_there(wanted.progress))) (void)remove_half(snapshot);
  if (!made.has_value()) return made;
  TRY(settle_file(files_, wanted.path, path_of(snapshot), 0400));
  return remove_file(files_, wanted.progress);
}

size_t SnapshotFiles::depth_of(std::string_view snapshot) const {
  size_t depth = 1;
  std::string path = path_of(snapshot);
  for (; depth <= kMostDepth; ++depth) {
    const auto header = read_qcow2_header(files_, path);
    if (!header.has_value() || header->backing_file.empty()) break;
    path = resolve_backing_file(path, header->backing_file);
  }
  return depth;
}

Result<> SnapshotFiles::take(std::string_view snapshot, const std::string& copy, std::string_view base) {
  // Whoever still had it open could change what others' volumes read.
  if (TRY(is_open_to_write(files_, copy))) return remove_file(files_, copy);
  const Qcow2Header header = TRY(from_files(read_qcow2_header(files_, copy)));
  if (header.backing_file.empty()) base = {};
  TRY(require_behind(header, copy, name_behind_snapshot(base)));
  const Use use(*this, base.empty() ? snapshot : base, Use::For::making);
  const bool has_base = base.empty() || (is_there(path_of(base)) && depth_of(base) < kMostDepth);
  if (!use.is_allowed() || !has_base) return remove_file(files_, copy);
  TRY(settle_file(files_, copy, path_of(snapshot), 0400));
  return {};
}

Result<SnapshotFiles::Named> SnapshotFiles::who_is_named() const {
  Named named;
  for (const std::string& folder : {volumes_folder_, snapshots_folder_}) {
    for (const std::string& id : TRY(ids_in(files_, folder))) {
      const auto header = read_qcow2_header(files_, fmt::format("{}/{}{}", folder, id, kQcow2Suffix));
      if (!header.has_value() && header.error().code == os::ErrorCode::not_found) continue;  // gone just now
      if (!header.has_value()) return fail(VolumeErrorCode::command, header.error().detail);
      if (header->backing_file.empty()) continue;
      const std::string snapshot = snapshot_of_file(header->backing_file);
      if (folder == volumes_folder_) named.by_volumes.insert(snapshot);
      if (folder == snapshots_folder_) named.by_files.emplace(snapshot, id);
    }
  }
  return named;
}

// One that can be made again, and that nothing is a child of.
Result<> SnapshotFiles::remove_unneeded(const std::string& snapshot) {
  const Use use(*this, snapshot, Use::For::removal);
  if (!use.is_allowed()) return fail(VolumeErrorCode::in_use, snapshot + " is being used");
  const Named named = TRY(who_is_named());
  if (named.by_volumes.contains(snapshot) || named.by_files.contains(snapshot) || !store_.contains(snapshot)) {
    return fail(VolumeErrorCode::in_use, snapshot + " is needed");
  }
  TRY(remove_file(files_, path_of(snapshot)));
  step("snapshot/file-removed");
  return {};
}

Result<> SnapshotFiles::remove(std::string_view snapshot) {
  const std::string id(snapshot);
  const Use use(*this, snapshot, Use::For::removal);
  if (!use.is_allowed()) return fail(VolumeErrorCode::in_use, fmt::format("a volume is made of {} now", snapshot));
  // What those read is the blocks still.
  if (!is_there(path_of(snapshot)) && store_.contains(snapshot) && TRY(has_volumes(snapshot))) {
    return fail(VolumeErrorCode::in_use, "a volume of " + id + " isn't filled yet");
  }
  // By a guest that hasn't been given the file yet.
  if (store_.is_read_elsewhere(snapshot)) return fail(VolumeErrorCode::in_use, "a guest reads the blocks of " + id);
  TRY(store_.remove(snapshot));
  drop_half(snapshot);
  if (!is_there(path_of(snapshot))) return secrets_.remove(path_of(snapshot));
  const Named named = TRY(who_is_named());
  if (named.by_volumes.contains(id)) return fail(VolumeErrorCode::in_use, "a volume is a child of " + id);
  TRY(remove_children(named, id));
  TRY(remove_file(files_, path_of(snapshot)));
  return secrets_.remove(path_of(snapshot));
}

// Files that can be made again, the last of a chain first.
Result<> SnapshotFiles::remove_children(const Named& named, const std::string& snapshot) {
  const auto [begin, end] = named.by_files.equal_range(snapshot);
  for (auto child = begin; child != end; ++child) {
    TRY(remove_children(named, child->second));
    TRY(remove_unneeded(child->second));
  }
  return {};
}

Result<> SnapshotFiles::drop_file(std::string_view snapshot) {
  if (!is_there(path_of(snapshot))) return {};
  const std::string id(snapshot);
  auto removed = remove_children(TRY(who_is_named()), id);
  if (removed.has_value()) removed = remove_unneeded(id);
  if (!removed.has_value() && removed.error().code == VolumeErrorCode::in_use) return {};
  return removed;
}

void SnapshotFiles::give_room(Room room) {
  std::set<std::string> kept;  // that didn't go
  for (;;) {
    const auto named = who_is_named();
    const auto ids = ids_in(files_, snapshots_folder_);
    if (!named.has_value() || !ids.has_value()) return;
    uint64_t bytes = 0;
    std::optional<File> oldest;
    for (const std::string& id : *ids) {
      if (named->by_volumes.contains(id) || !store_.contains(id)) continue;
      File file = look_at(id, path_of(id));
      bytes += file.bytes;
      if (named->by_files.contains(id) || kept.contains(id)) continue;
      if (!oldest || is_older(file, *oldest)) oldest = std::move(file);
    }
    const uint64_t free_bytes = os::free_bytes(snapshots_folder_).value_or(0);
    if (!oldest || (room == Room::as_usual && bytes <= (free_bytes + bytes) / kShareOfRoom)) return;
    if (const auto removed = remove_unneeded(oldest->snapshot); !removed.has_value()) kept.insert(oldest->snapshot);
  }
}

}  // namespace aerolith::blocks
