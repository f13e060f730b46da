// users/<instance>: the server that it joined; `open`: the disk is shown; `device`: the loop device over it;
// copies/<name>: of it. All in the folder
// <run folder>/shared/<volume>, which is there as long as somebody has joined, and is locked (flock) by who changes it.
#include "compute/shared_disks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/step.h"
#include "compute/disk_server.h"
#include "compute/from_os.h"
#include "compute/loop_device.h"

namespace aerolith::compute {

namespace {

constexpr const char* kOpen = "open";
constexpr const char* kDevice = "device";

// As the kernel names it in /sys, where loop devices are looked for by their file.
std::string shared_folder(const DriverSettings& settings) { return canonical_folder(settings.run_folder) + "/shared"; }

std::string user_file(std::string_view instance) { return fmt::format("users/{}", instance); }
std::string copy_file(std::string_view name) { return fmt::format("copies/{}", name); }

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  os::RealFileSystem files;
  const auto entries = files.list(folder);
  if (!entries.has_value()) return names;
  for (const auto& entry : *entries) names.push_back(entry.name);
  return names;
}

}  // namespace

class SharedDisk::Turn {
 public:
  enum class Folder : uint8_t { made, as_it_is };

  // Waits. Nullopt where there is no folder, and none is to be made.
  static Result<std::optional<Turn>> take(const InstanceFolder& folder, Folder wanted) {
    while (true) {
      if (wanted == Folder::made) TRY(folder.make());
      const int descriptor = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (descriptor < 0 && errno == ENOENT) {
        if (wanted == Folder::made) continue;  // the last one left just now
        return std::optional<Turn>();
      }
      if (descriptor < 0) return failed_call(errno, "open " + folder.path());
      Turn turn(descriptor);
      while (::flock(descriptor, LOCK_EX) != 0) {
        if (errno != EINTR) return failed_call(errno, "lock " + folder.path());
      }
      struct stat info{};
      // Removed while we waited: another one may be there by now.
      if (::fstat(descriptor, &info) == 0 && info.st_nlink > 0) return std::optional(std::move(turn));
    }
  }
  Turn(Turn&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  explicit Turn(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

SharedDisk::SharedDisk(const DriverSettings& settings, std::string_view volume)
    : settings_(settings), volume_(volume), folder_(shared_folder(settings), volume) {}

DiskServer SharedDisk::server() const { return DiskServer(folder_, settings_.secret_of, settings_.behind_of); }

std::vector<std::string> SharedDisk::users() const { return names_in(folder_ / "users"); }

Result<> SharedDisk::check_open() const {
  if (is_open() && server().is_running()) return {};
  return fail(DriverErrorCode::not_found, volume_ + " isn't open");
}

Result<std::string> SharedDisk::join(std::string_view instance, const Disk& disk) const {
  const auto turn = TRY(Turn::take(folder_, Turn::Folder::made));
  const bool is_new = !folder_.has(user_file(instance));
  os::RealFileSystem files;
  TRY(from_os(files.make_directories(folder_ / "users")));
  if (is_new) TRY(folder_.write_text(user_file(instance), ""));
  step("shared/joining");
  auto opened = open(disk);
  if (opened.has_value()) opened = folder_.write_text(user_file(instance), server().identity());
  if (!opened.has_value()) {
    if (is_new) (void)leave_in_turn(instance);
    return std::unexpected(opened.error());
  }
  step("shared/joined");
  return server().file_of(volume_);
}

Result<> SharedDisk::open(const Disk& disk) const {
  if (folder_.has(kOpen) && server().is_running()) return {};
  // Never begun, half done where we were killed, or what served it died: who had joined that has lost the disk.
  folder_.erase(kOpen);
  folder_.erase(kDevice);
  TRY(server().stop());
  TRY(server().start());
  TRY(server().show(disk));
  step("shared/shown");
  return folder_.write_text(kOpen, "");
}

Result<> SharedDisk::leave(std::string_view instance) const {
  const auto turn = TRY(Turn::take(folder_, Turn::Folder::as_it_is));
  return turn ? leave_in_turn(instance) : Result<>();
}

Result<> SharedDisk::leave_in_turn(std::string_view instance) const {
  folder_.erase(user_file(instance));
  step("shared/left");
  if (!users().empty()) return {};
  folder_.erase(kOpen);
  TRY(server().stop());
  step("shared/closed");
  return folder_.remove();
}

bool SharedDisk::is_lost_to(std::string_view instance) const {
  const std::string joined = folder_.read_text(user_file(instance));
  return !joined.empty() && (!server().is_running() || joined != server().identity());
}

Result<std::string> SharedDisk::device() const {
  const auto turn = TRY(Turn::take(folder_, Turn::Folder::as_it_is));
  TRY(check_open());
  if (std::string known = folder_.read_text(kDevice); !known.empty()) return known;
  const LoopDevice made = TRY(attach_loop(server().file_of(volume_), {}, true));
  ::close(made.holder);
  step("shared/looped");
  TRY(folder_.write_text(kDevice, made.path));
  return made.path;
}

Result<uint64_t> SharedDisk::size_bytes() const {
  const std::string file = server().file_of(volume_);
  // A look past the cache of attributes.
  struct statx seen{};
  if (::statx(AT_FDCWD, file.c_str(), AT_STATX_FORCE_SYNC, STATX_SIZE, &seen) < 0) {
    return failed_call(errno, "stat " + file);
  }
  return seen.stx_size;
}

Result<> SharedDisk::grow(const Disk& disk, uint64_t size_bytes,
                          const std::function<Result<>(const std::string& instance)>& refresh) const {
  const auto turn = TRY(Turn::take(folder_, Turn::Folder::as_it_is));
  TRY(check_open());
  TRY(server().grow(disk, size_bytes));
  step("shared/grown");
  for (const std::string& each : users()) TRY(refresh(each));
  return {};
}

Result<> SharedDisk::limit(const Disk& disk) const {
  TRY(check_open());
  return server().limit(disk);
}

// Whose it is, is written down first: whoever asks for it finds it by its name, also when the instance that it was
// begun for has left.
Result<> SharedDisk::begin_copy(const DiskCopy& copy) const {
  TRY(check_open());
  os::RealFileSystem files;
  TRY(from_os(files.make_directories(folder_ / "copies")));
  TRY(folder_.write_text(copy_file(copy.name), ""));
  return server().begin_copies({copy});
}

Result<> SharedDisk::end_copy(const DiskCopy& copy, CopyEnd end) const {
  TRY(server().end_copy(copy, end));
  folder_.erase(copy_file(copy.name));
  return {};
}

Result<CopyProgress> SharedDisk::copy_progress(std::string_view name) const { return server().copy_progress(name); }

Result<std::vector<CopyBase>> SharedDisk::copy_bases() const { return server().copy_bases(volume_); }

Result<bool> SharedDisk::has_copies() const { return server().has_copies(); }

Result<> SharedDisk::keep_served() const {
  const auto turn = TRY(Turn::take(folder_, Turn::Folder::as_it_is));
  return turn ? server().keep_served() : Result<>();
}

Result<> leave_shared_disks(const DriverSettings& settings, std::string_view instance) {
  for (const std::string& volume : names_in(shared_folder(settings))) {
    TRY(SharedDisk(settings, volume).leave(instance));
  }
  return {};
}

std::string find_lost_disk(const DriverSettings& settings, const Spec& spec) {
  for (const Disk& disk : spec.disks) {
    if (disk.is_shared && SharedDisk(settings, disk.volume).is_lost_to(spec.instance)) return disk.volume;
  }
  return {};
}

void keep_shared_disks(const DriverSettings& settings, const Spec& spec) {
  for (const Disk& disk : spec.disks) {
    if (!disk.is_shared) continue;
    const auto kept = SharedDisk(settings, disk.volume).keep_served();
    if (kept.has_value()) continue;
    log_warning("a shared volume isn't served", {{"volume", disk.volume}, {"why", kept.error().detail}});
  }
}

Result<bool> has_shared_copies(const DriverSettings& settings, const Spec& spec) {
  for (const Disk& disk : spec.disks) {
    if (disk.is_shared && TRY(SharedDisk(settings, disk.volume).has_copies())) return true;
  }
  return false;
}

Result<bool> begin_shared_copy(const DriverSettings& settings, const std::vector<DiskCopy>& copies) {
  for (const DiskCopy& copy : copies) {
    const SharedDisk shared(settings, copy.volume);
    if (!shared.is_open()) continue;
    if (copies.size() > 1) return fail(DriverErrorCode::command, copy.volume + " has no moment with other disks");
    TRY(shared.begin_copy(copy));
    return true;
  }
  return false;
}

std::string shared_volume_of_copy(const DriverSettings& settings, std::string_view copy) {
  const std::string folder = shared_folder(settings);
  for (const std::string& volume : names_in(folder)) {
    if (InstanceFolder(folder, volume).has(copy_file(copy))) return volume;
  }
  return {};
}

}  // namespace aerolith::compute
