#include "compute/disk_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <thread>

#include "base/log.h"
#include "base/step.h"
#include "compute/disk_copies.h"
#include "compute/encrypted_files.h"
#include "compute/from_os.h"
#include "compute/qmp.h"
#include "compute/served_disks.h"
#include "compute/throttle.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kServerProcess = "disks.process";
constexpr const char* kSocket = "disks.sock";
constexpr const char* kServerLog = "disks.log";
constexpr const char* kMark = "disks.pid";  // an argument of its own, by which it is found
constexpr auto kServerPatience = std::chrono::seconds(30);
constexpr auto kReadyPoll = std::chrono::milliseconds(1);
constexpr int kServedFolder = 4;  // a descriptor's number

Result<LoopDevice> attach(const std::string& file, bool is_root) {
  if (!is_root) return attach_loop(file, {}, true);
  os::RealFileSystem files;
  const auto disk = TRY(from_os(files.open(file, os::OpenMode::read, 0600)));
  const auto extent = find_root_partition(*disk);
  if (!extent.has_value()) return fail(DriverErrorCode::bad_image, extent.error().detail);
  return attach_loop(file, *extent, false);
}

}  // namespace

std::string DiskServer::file_of(std::string_view volume) const {
  return fmt::format("{}/disks/{}", folder_.path(), volume);
}

std::string DiskServer::last_words() const {
  const std::string said = folder_.read_text(kServerLog);
  return said.size() > 500 ? said.substr(said.size() - 500) : said;
}

bool DiskServer::is_running() const {
  const auto process = folder_.read_process(kServerProcess);
  return process && os::is_alive(process->identity);
}

std::string DiskServer::identity() const { return folder_.read_text(kServerProcess); }

Result<> DiskServer::start() {
  if (!is_running()) TRY(launch());
  return wait_until_ready();
}

Result<> DiskServer::launch() {
  folder_.erase(kMark);
  os::RealFileSystem files;
  TRY(from_os(files.make_directories(folder_ / "disks")));
  const ServedDisks served(folder_);
  TRY(served.note_number(kServedFolder));
  const int served_folder = TRY(served.open_folder());
  const auto listening = listen_on(folder_ / kSocket);
  const int socket = listening.value_or(-1);
  if (!listening.has_value()) {
    ::close(served_folder);
    return std::unexpected(listening.error());
  }
  const auto started =
      os::start_program({.arguments = {"qemu-storage-daemon", "--chardev", "socket,id=control,fd=3,server=on,wait=off",
                                       "--monitor", "chardev=control", "--pidfile", folder_ / kMark},
                         .descriptors = {{socket, 3}, {served_folder, kServedFolder}}},
                        folder_ / kServerLog);
  ::close(socket);
  ::close(served_folder);
  step("disks/started");
  return folder_.write_process(kServerProcess, TRY(from_os(started)));
}

// The daemon's main thread and its monitor's both take hold of the control socket while it starts: a client that is
// there before they are done is at times never heard (once in some 500 starts of 7.2 on a loaded machine). The pid file
// is written when all is set up.
Result<> DiskServer::wait_until_ready() {
  const auto deadline = std::chrono::steady_clock::now() + kServerPatience;
  while (folder_.read_text(kMark).empty()) {
    if (!is_running()) return fail(DriverErrorCode::command, "qemu-storage-daemon has ended: " + last_words());
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(DriverErrorCode::command, "qemu-storage-daemon isn't ready in time: " + last_words());
    }
    std::this_thread::sleep_for(kReadyPoll);
  }
  return {};
}

Result<LoopDevice> DiskServer::add(const Disk& disk) {
  auto device = attach(TRY(show(disk)), disk.is_root);
  if (!device.has_value()) (void)remove(disk.volume);
  return device;
}

Result<std::string> DiskServer::show(const Disk& disk) {
  auto control = QmpClient::connect(folder_ / kSocket, kServerPatience);
  if (!control.has_value()) return fail(control.error().code, control.error().detail + ": " + last_words());
  const std::string file = file_of(disk.volume);
  // Half added, where we were killed in between.
  if (::access(file.c_str(), F_OK) == 0) (void)remove(**control, disk.volume);
  const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0) return failed_call(errno, "make " + file);
  ::close(made);
  step("disks/file-made");
  TRY(add_throttle_group(**control, disk));
  TRY(open(**control, disk));
  step("disks/opened");
  auto exported = (*control)->execute(
      "block-export-add",
      {{"type", "fuse"}, {"id", disk.volume}, {"node-name", disk.volume}, {"mountpoint", file}, {"writable", true}});
  if (!exported.has_value()) {
    (void)remove(**control, disk.volume);
    return std::unexpected(exported.error());
  }
  step("disks/exported");
  return file;
}

Result<> DiskServer::open(QmpClient& control, const Disk& disk) {
  std::vector<ImageFile> chain = TRY(look_at_chain(disk, secret_of_));
  TRY(ServedDisks(folder_).serve(disk.volume, chain, behind_of_, ::geteuid()));
  TRY(add_served_nodes(control, disk.volume, chain));
  const GivenSecrets secrets = TRY(GivenSecrets::give(control, disk.volume, chain));
  TRY(control.execute("blockdev-add", throttled_node(disk, image_node(disk.volume, chain))));
  return {};
}

Result<> DiskServer::remove(std::string_view volume) {
  const auto control = TRY(QmpClient::connect(folder_ / kSocket, kServerPatience));
  return remove(*control, volume);
}

Result<> DiskServer::remove(QmpClient& control, std::string_view volume) {
  const std::string file = file_of(volume);
  TRY(detach_loops(file));
  const auto asked = control.execute("block-export-del", {{"id", volume}, {"mode", "hard"}});
  if (asked.has_value()) TRY(control.wait_for("BLOCK_EXPORT_DELETED", "id", volume, kServerPatience));
  step("disks/export-removed");
  if (TRY(has_node(control, volume))) TRY(control.execute("blockdev-del", {{"node-name", volume}}));
  remove_throttle_group(control, volume);
  remove_served_nodes(control, volume);
  ServedDisks(folder_).end(volume);
  step("disks/closed");
  ::umount2(file.c_str(), MNT_DETACH);
  ::unlink(file.c_str());
  return {};
}

Result<> DiskServer::grow(const Disk& disk, uint64_t size_bytes) {
  const auto control = TRY(QmpClient::connect(folder_ / kSocket, kServerPatience));
  TRY(grow_node(*control, disk.volume, size_bytes));
  return refresh_loops(file_of(disk.volume));
}

Result<> DiskServer::limit(const Disk& disk) {
  const auto control = TRY(QmpClient::connect(folder_ / kSocket, kServerPatience));
  if (TRY(set_limits(*control, disk))) return {};
  log_info("a disk's limits come with the next start of its instance", {{"volume", disk.volume}});
  return {};
}

Result<bool> DiskServer::let_go(std::string_view volume, std::chrono::milliseconds patience) {
  const std::string file = file_of(volume);
  TRY(detach_loops(file));
  step("disks/let-go");
  return wait_until_unlooped(file, patience);
}

Result<> DiskServer::begin_copies(std::vector<DiskCopy> copies) {
  for (DiskCopy& copy : copies) copy.secret = TRY(find_secret(copy.file, secret_of_));
  return compute::begin_copies(*TRY(QmpClient::connect(folder_ / kSocket, kServerPatience)), copies);
}

Result<CopyProgress> DiskServer::copy_progress(std::string_view name) {
  if (!is_running()) return CopyProgress{};
  return compute::copy_progress(*TRY(QmpClient::connect(folder_ / kSocket, kServerPatience)), name);
}

Result<> DiskServer::end_copy(const DiskCopy& copy, CopyEnd end) {
  if (!is_running()) return {};
  return compute::end_copy(*TRY(QmpClient::connect(folder_ / kSocket, kServerPatience)), copy, end);
}

Result<std::vector<CopyBase>> DiskServer::copy_bases(std::string_view volume) {
  if (!is_running()) return std::vector<CopyBase>();
  return compute::copy_bases(*TRY(QmpClient::connect(folder_ / kSocket, kServerPatience)), volume);
}

Result<bool> DiskServer::has_copies() {
  if (!is_running()) return false;
  return compute::has_copies(*TRY(QmpClient::connect(folder_ / kSocket, kServerPatience)));
}

Result<> DiskServer::keep_served() {
  const ServedDisks served(folder_);
  TRY(served.keep(behind_of_, ::geteuid()));  // first: what waits for it doesn't hear us
  for (const auto& [volume, file] : served.list()) {
    if (::access(file.c_str(), F_OK) != 0) continue;
    const auto control = TRY(QmpClient::connect(folder_ / kSocket, kServerPatience));
    TRY(put_files_behind(*control, volume, TRY(look_behind(file, secret_of_))));
    served.end(volume);
  }
  return {};
}

Result<> DiskServer::stop() {
  TRY(detach_loops(folder_ / "disks"));
  step("disks/detached");
  if (const auto running = folder_.read_process(kServerProcess)) {
    // TERM closes exports and images in order; a loop device that lingers can't hold it up for ever.
    os::send_signal(running->identity, SIGTERM);
    if (!os::wait_until_gone(running->identity, kServerPatience) && !os::kill_and_wait(running->identity)) {
      return fail(DriverErrorCode::command, "qemu-storage-daemon can't be ended: " + last_words());
    }
  }
  std::error_code error;
  // Started and not recorded, where we were killed in between.
  if (fs::exists(folder_ / "disks", error)) {
    for (const auto& stray : os::find_by_argument(folder_ / kMark)) os::kill_and_wait(stray);
  }
  step("disks/ended");
  ServedDisks(folder_).end_all();
  for (fs::directory_iterator entry(folder_ / "disks", error), end; !error && entry != end; entry.increment(error)) {
    ::umount2(entry->path().c_str(), MNT_DETACH);  // left where it was killed
  }
  fs::remove_all(folder_ / "disks", error);
  for (const char* name : {kServerProcess, kSocket, kServerLog, kMark}) folder_.erase(name);
  return {};
}

}  // namespace aerolith::compute
