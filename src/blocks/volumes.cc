// Files: volumes/<id>.qcow2 and snapshots/<id>.qcow2 (read-only). Each is made as ".<id>.new" beside its place, synced,
// and then renamed: a name that is there is whole. What a guest's QEMU fills is "snapshots/.<id>.copy" until then. A
// volume names its snapshot relatively, so that the folder may move.
#include "blocks/volumes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <utility>

#include "base/step.h"
#include "blocks/block_store.h"
#include "blocks/qcow2.h"
#include "os/file_system.h"
#include "os/free_space.h"
#include "os/program.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kSuffix = ".qcow2";
constexpr std::string_view kHalfDone = ".new";
constexpr auto kCopyPatience = std::chrono::hours(2);

std::unexpected<VolumeError> failed(const os::Error& error, std::string_view missing_program = {}) {
  VolumeErrorCode code = VolumeErrorCode::command;
  std::string detail = error.detail;
  if (error.code == os::ErrorCode::no_space || detail.find("No space left") != std::string::npos) {
    code = VolumeErrorCode::no_space;
  } else if (error.code == os::ErrorCode::not_found && !missing_program.empty()) {
    code = VolumeErrorCode::unavailable;
    detail = fmt::format("{} is missing: apt-get install qemu-utils", missing_program);
  } else if (error.code == os::ErrorCode::not_found) {
    code = VolumeErrorCode::not_found;
  } else if (detail.find("Is another process using the image") != std::string::npos) {
    code = VolumeErrorCode::in_use;
  }
  return std::unexpected(VolumeError{code, std::move(detail)});
}

template <typename T>
Result<T> translated(os::Result<T> result) {
  if (!result.has_value()) return failed(result.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

Result<> run_qemu_img(std::vector<std::string> arguments, std::chrono::milliseconds patience) {
  arguments.insert(arguments.begin(), "qemu-img");
  auto end = os::run_checked({.arguments = std::move(arguments), .patience = patience});
  if (!end.has_value()) return failed(end.error(), "qemu-img");
  return {};
}

// Ids come from records of ours; whatever they are, they become no path.
Result<> check_id(std::string_view id) {
  const bool fits = !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!fits) return fail(VolumeErrorCode::not_found, fmt::format("'{}' is no id", id));
  return {};
}

bool is_there(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

uint64_t allocated_bytes(const std::string& path) {
  constexpr uint64_t kBlockBytes = 512;  // of st_blocks, always
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_blocks) * kBlockBytes : 0;
}

class QcowVolumes final : public Volumes {
 public:
  explicit QcowVolumes(const std::string& folder)
      : volumes_folder_(folder + "/volumes"),
        snapshots_folder_(folder + "/snapshots"),
        store_folder_(folder + "/store") {}

  Result<> start() {
    for (const std::string& folder : {volumes_folder_, snapshots_folder_}) {
      TRY(translated(files_.make_directories(folder)));
      for (const auto& entry : TRY(translated(files_.list(folder)))) {
        if (entry.name.ends_with(kHalfDone)) TRY(translated(files_.remove(folder + "/" + entry.name)));
      }
    }
    store_ = TRY(BlockStore::open(files_, store_folder_));
    return {};
  }

  Result<> create(std::string_view volume, uint64_t size_bytes, std::string_view snapshot) override {
    TRY(check_id(volume));
    if (is_there(file_of(volume))) return {};  // whole, or it wouldn't have its name
    const std::string half_done = half_done_file(volumes_folder_, volume);
    std::vector<std::string> arguments{"create", "-q", "-f", "qcow2"};
    const Use use(*this, snapshot, false);
    if (!use.allowed()) return fail(VolumeErrorCode::not_found, fmt::format("{} is being removed", snapshot));
    if (!snapshot.empty()) {
      const uint64_t least = TRY(snapshot_size_bytes(snapshot));
      if (size_bytes < least) {
        return fail(VolumeErrorCode::command,
                    fmt::format("{} bytes are fewer than those of {}: {}", size_bytes, snapshot, least));
      }
      arguments.insert(arguments.end(), {"-F", "qcow2", "-b", fmt::format("../snapshots/{}{}", snapshot, kSuffix)});
    }
    arguments.insert(arguments.end(), {half_done, std::to_string(size_bytes)});
    return make(half_done, volumes_folder_, file_of(volume), 0600, std::move(arguments), std::chrono::minutes(1));
  }

  Result<> remove(std::string_view volume) override {
    TRY(check_id(volume));
    return remove_file(volumes_folder_, file_of(volume));
  }

  Result<> grow(std::string_view volume, uint64_t size_bytes) override {
    TRY(check_id(volume));
    const Qcow2Header header = TRY(translated(read_qcow2_header(files_, file_of(volume))));
    if (!header.is_qcow2) return fail(VolumeErrorCode::corrupt, file_of(volume) + " isn't a qcow2 file");
    if (header.size_bytes >= size_bytes) return {};
    TRY(run_qemu_img({"resize", "-q", "-f", "qcow2", file_of(volume), std::to_string(size_bytes)},
                     std::chrono::minutes(1)));
    step("volume/grown");
    auto opened = TRY(translated(files_.open(file_of(volume), os::OpenMode::write, 0600)));
    return translated(opened->sync_data());
  }

  Result<uint64_t> free_bytes() const override {
    const auto bytes = os::free_bytes(volumes_folder_);
    if (!bytes) return fail(VolumeErrorCode::command, "the free space of " + volumes_folder_ + " can't be told");
    return *bytes;
  }

  std::string file_of(std::string_view volume) const override {
    return fmt::format("{}/{}{}", volumes_folder_, volume, kSuffix);
  }

  Result<std::vector<std::string>> list() override { return ids_in(volumes_folder_); }
  Result<std::vector<std::string>> list_snapshots() override { return ids_in(snapshots_folder_); }

  BlockStore& blocks() override { return *store_; }

  Result<> snapshot(std::string_view volume, std::string_view snapshot, const Told&) override {
    TRY(check_id(volume));
    TRY(check_id(snapshot));
    if (!is_there(file_of(volume))) return fail(VolumeErrorCode::not_found, fmt::format("no volume {}", volume));
    return copy(file_of(volume), "qcow2", snapshot);
  }

  Result<> store_file(std::string_view path, std::string_view snapshot, const Told&) override {
    return import_file(path, snapshot);
  }
  Result<> move_to_blocks(std::string_view, const Told&) override { return fail(VolumeErrorCode::command, "not yet"); }

  Result<std::string> begin_copy(std::string_view volume, std::string_view snapshot, std::optional<uint64_t>) override {
    TRY(check_id(volume));
    TRY(check_id(snapshot));
    const std::string file = copied_file(snapshot);
    if (is_there(file)) return file;
    const Qcow2Header header = TRY(translated(read_qcow2_header(files_, file_of(volume))));
    TRY(check_room_for_copy(volume, header));
    const std::string half_done = half_done_file(snapshots_folder_, snapshot);
    TRY(make(half_done, snapshots_folder_, file, 0600,
             {"create", "-q", "-f", "qcow2", half_done, std::to_string(header.size_bytes)}, std::chrono::minutes(1)));
    return file;
  }

  Result<> keep_copy(std::string_view snapshot) override {
    TRY(check_id(snapshot));
    if (is_there(snapshot_file(snapshot))) return {};
    if (!is_there(copied_file(snapshot))) {
      return fail(VolumeErrorCode::not_found, fmt::format("no copy {} was begun", snapshot));
    }
    return settle(copied_file(snapshot), snapshots_folder_, snapshot_file(snapshot), 0400);
  }

  Result<> store_copy(std::string_view snapshot, std::string_view base, const Told&) override {
    if (!base.empty()) return fail(VolumeErrorCode::command, "not yet");
    return is_there(snapshot_file(snapshot)) ? Result<>() : fail(VolumeErrorCode::not_found);
  }

  Result<> drop_copy(std::string_view snapshot) override {
    TRY(check_id(snapshot));
    return remove_file(snapshots_folder_, copied_file(snapshot));
  }

  Result<> link_snapshot(std::string_view from, std::string_view to) override {
    TRY(check_id(from));
    TRY(check_id(to));
    if (is_there(snapshot_file(to))) return {};
    if (::link(snapshot_file(from).c_str(), snapshot_file(to).c_str()) < 0) {
      return failed(os::error_of(errno, "link " + snapshot_file(from)));
    }
    step("snapshot/linked");
    return translated(files_.sync_directory(snapshots_folder_));
  }

  Result<> import_file(std::string_view path, std::string_view snapshot) override {
    TRY(check_id(snapshot));
    const std::string source(path);
    const Qcow2Header header = TRY(translated(read_qcow2_header(files_, source)));
    // Else a file from outside could have us read any other file of the host into a snapshot.
    if (header.is_qcow2 && (!header.backing_file.empty() || header.has_data_file)) {
      return fail(VolumeErrorCode::corrupt, source + " isn't whole: it names another file for its bytes");
    }
    return copy(source, header.is_qcow2 ? "qcow2" : "raw", snapshot);
  }

  Result<uint64_t> snapshot_size_bytes(std::string_view snapshot) override {
    TRY(check_id(snapshot));
    const Qcow2Header header = TRY(translated(read_qcow2_header(files_, snapshot_file(snapshot))));
    if (!header.is_qcow2) return fail(VolumeErrorCode::corrupt, snapshot_file(snapshot) + " isn't a qcow2 file");
    return header.size_bytes;
  }

  Result<> remove_snapshot(std::string_view snapshot) override {
    TRY(check_id(snapshot));
    const Use use(*this, snapshot, true);
    if (!use.allowed()) return fail(VolumeErrorCode::in_use, fmt::format("a volume is made of {} now", snapshot));
    for (const std::string& volume : TRY(list())) {
      const auto header = read_qcow2_header(files_, file_of(volume));
      if (!header.has_value() && header.error().code == os::ErrorCode::not_found) continue;
      if (!header.has_value()) return failed(header.error());
      if (header->backing_file.ends_with(fmt::format("/{}{}", snapshot, kSuffix))) {
        return fail(VolumeErrorCode::in_use, fmt::format("{} is a child of {}", volume, snapshot));
      }
    }
    return remove_file(snapshots_folder_, snapshot_file(snapshot));
  }

 private:
  // A snapshot of which a volume is being made isn't removed, and of one that is being removed none is made.
  class Use {
   public:
    Use(QcowVolumes& volumes, std::string_view snapshot, bool is_removal)
        : volumes_(volumes), snapshot_(snapshot), is_removal_(is_removal) {
      const std::lock_guard lock(volumes_.mutex_);
      int& makers = volumes_.makers_[snapshot_];
      allowed_ = makers == 0 || (makers > 0 && !is_removal);
      if (allowed_) makers = is_removal ? kBeingRemoved : makers + 1;
    }
    ~Use() {
      if (!allowed_) return;
      const std::lock_guard lock(volumes_.mutex_);
      if (is_removal_ || --volumes_.makers_[snapshot_] == 0) volumes_.makers_.erase(snapshot_);
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    bool allowed() const { return allowed_; }

   private:
    QcowVolumes& volumes_;
    const std::string snapshot_;
    const bool is_removal_;
    bool allowed_ = false;
  };
  static constexpr int kBeingRemoved = -1;

  Result<std::vector<std::string>> ids_in(const std::string& folder) {
    std::vector<std::string> ids;
    for (const auto& entry : TRY(translated(files_.list(folder)))) {
      if (entry.name.ends_with(kSuffix)) ids.push_back(entry.name.substr(0, entry.name.size() - kSuffix.size()));
    }
    std::ranges::sort(ids);
    return ids;
  }
  std::string snapshot_file(std::string_view snapshot) const {
    return fmt::format("{}/{}{}", snapshots_folder_, snapshot, kSuffix);
  }
  static std::string half_done_file(const std::string& folder, std::string_view id) {
    return fmt::format("{}/.{}{}", folder, id, kHalfDone);
  }

  std::string copied_file(std::string_view snapshot) const {
    return fmt::format("{}/.{}.copy", snapshots_folder_, snapshot);
  }

  // A guest whose write waits for a copy of what was there gets an error where that copy finds the disk full.
  Result<> check_room_for_copy(std::string_view volume, const Qcow2Header& header) {
    constexpr uint64_t kReserveBytes = uint64_t{64} << 20;
    uint64_t needed = kReserveBytes + allocated_bytes(file_of(volume));
    if (!header.backing_file.empty()) needed += allocated_bytes(volumes_folder_ + "/" + header.backing_file);
    struct statvfs room{};
    if (::statvfs(snapshots_folder_.c_str(), &room) < 0) return failed(os::error_of(errno, "statvfs"));
    if (uint64_t{room.f_bavail} * room.f_frsize >= needed) return {};
    return fail(VolumeErrorCode::no_space, fmt::format("a copy of {} may take {} bytes", volume, needed));
  }

  // A whole copy without backing file, sparse.
  Result<> copy(const std::string& from, const std::string& format, std::string_view snapshot) {
    if (is_there(snapshot_file(snapshot))) return {};
    const std::string half_done = half_done_file(snapshots_folder_, snapshot);
    return make(half_done, snapshots_folder_, snapshot_file(snapshot), 0400,
                {"convert", "-q", "-f", format, "-O", "qcow2", from, half_done}, kCopyPatience);
  }

  Result<> make(const std::string& half_done, const std::string& folder, const std::string& file, unsigned permissions,
                std::vector<std::string> arguments, std::chrono::milliseconds patience) {
    auto made = run_qemu_img(std::move(arguments), patience);
    if (made.has_value()) made = settle(half_done, folder, file, permissions);
    if (!made.has_value()) ::unlink(half_done.c_str());
    return made;
  }

  Result<> settle(const std::string& half_done, const std::string& folder, const std::string& file,
                  unsigned permissions) {
    {
      auto opened = TRY(translated(files_.open(half_done, os::OpenMode::write, permissions)));
      TRY(translated(opened->sync_data()));
    }
    if (::chmod(half_done.c_str(), permissions) < 0) return failed(os::error_of(errno, "chmod " + half_done));
    step("volume/written");
    TRY(translated(files_.rename(half_done, file)));
    step("volume/named");
    return translated(files_.sync_directory(folder));
  }

  Result<> remove_file(const std::string& folder, const std::string& file) {
    auto removed = files_.remove(file);
    if (!removed.has_value() && removed.error().code != os::ErrorCode::not_found) return failed(removed.error());
    return translated(files_.sync_directory(folder));
  }

  os::RealFileSystem files_;
  const std::string volumes_folder_;
  const std::string snapshots_folder_;
  const std::string store_folder_;
  std::unique_ptr<BlockStore> store_;
  std::mutex mutex_;
  std::map<std::string, int> makers_;  // guarded by mutex_: how many make a volume of it now, or kBeingRemoved
};

}  // namespace

Result<std::unique_ptr<Volumes>> Volumes::open(std::string folder) {
  auto volumes = std::make_unique<QcowVolumes>(folder);
  TRY(volumes->start());
  return volumes;
}

}  // namespace aerolith::blocks
