#include "compute/vm_disks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/step.h"
#include "compute/direct_io.h"
#include "compute/disk_copies.h"
#include "compute/from_os.h"
#include "compute/qemu_command.h"
#include "compute/served_disks.h"
#include "compute/throttle.h"
#include "compute/vm_descriptors.h"
#include "compute/vm_devices.h"

namespace aerolith::compute {

namespace {

namespace json = boost::json;

constexpr int kInputOutputError = 5;  // EIO

Result<int> add_sets(QmpClient& control, const std::vector<int>& files) {
  int next = 1;
  const json::value known = TRY(control.execute("query-fdsets"));
  for (const json::value& set : known.as_array()) {
    next = std::max(next, json::value_to<int>(set.as_object().at("fdset-id")) + 1);
  }
  for (size_t index = 0; index < files.size(); ++index) {
    TRY(control.execute("add-fd", {{"fdset-id", next + static_cast<int>(index)}}, files[index]));
  }
  return next;
}

void remove_sets(QmpClient& control, int first, size_t count) {
  for (size_t index = 0; index < count; ++index) {
    (void)control.execute("remove-fd", {{"fdset-id", first + static_cast<int>(index)}});
  }
}

Result<> add_device(QmpClient& control, const Disk& disk) {
  json::object device{
      {"driver", "virtio-blk-pci"}, {"id", disk.volume},  {"drive", disk.volume}, {"serial", serial_of(disk)},
      {"werror", "report"},         {"rerror", "report"}, {"bus", kPlugBus}};
  // QEMU before 8.0 leaves bytes where a hole in the file that it shows was promised to be zeros.
  if (disk.is_shared) {
    device["discard"] = false;
    device["write-zeroes"] = false;
  }
  TRY(control.execute("device_add", std::move(device)));
  return {};
}

Result<> add_image(QmpClient& control, const Disk& disk, const std::vector<ImageFile>& chain) {
  TRY(add_served_nodes(control, disk.volume, chain));
  const GivenSecrets secrets = TRY(GivenSecrets::give(control, disk.volume, chain));
  TRY(control.execute("blockdev-add", throttled_node(disk, image_node(disk.volume, chain))));
  return {};
}

Result<> begin_with_sets(QmpClient& control, std::vector<DiskCopy>& copies, const std::vector<int>& files) {
  int set = TRY(add_sets(control, files));
  for (DiskCopy& copy : copies) copy.file = fmt::format("/dev/fdset/{}", set++);
  auto begun = begin_copies(control, copies);
  if (!begun.has_value()) remove_sets(control, set - static_cast<int>(files.size()), files.size());
  return begun;
}

std::string dead_end_of(const Disk& disk) { return "gone-" + disk.volume; }

// The device stays; behind it is nothing any more, and every operation fails.
Result<> take_image_away(QmpClient& control, const Disk& disk) {
  json::array errors;
  for (const char* operation : {"read", "write", "write-zeroes", "discard", "flush"}) {
    errors.push_back(json::object{{"event", "none"}, {"errno", kInputOutputError}, {"iotype", operation}});
  }
  if (!TRY(has_node(control, dead_end_of(disk)))) {
    TRY(control.execute("blockdev-add", {{"driver", "blkdebug"},
                                         {"node-name", dead_end_of(disk)},
                                         {"inject-error", std::move(errors)},
                                         {"image", json::object{{"driver", "null-co"}}}}));
  }
  json::value nowhere(dead_end_of(disk));
  json::object node =
      disk.is_shared ? shared_node(disk.volume, std::move(nowhere)) : throttled_node(disk, std::move(nowhere));
  TRY(control.execute("blockdev-reopen", {{"options", json::array{std::move(node)}}}));
  remove_served_nodes(control, disk.volume);
  return {};
}

}  // namespace

Result<> plug_disk(QmpClient& control, const Disk& disk, std::vector<ImageFile> chain) {
  TRY(unplug_disk(control, disk, Detach::in_order));  // half attached, where we were killed in between
  const std::vector<int> files = TRY(open_chain(chain));
  auto added = add_sets(control, files);
  chain.front().is_direct = can_go_direct(files.front());
  for (const int file : files) ::close(file);
  const int first_set = TRY(std::move(added));
  auto plugged = add_throttle_group(control, disk);
  chain = in_sets(std::move(chain), first_set);
  if (plugged.has_value()) plugged = add_image(control, disk, chain);
  step("vm/disk-opened");
  if (plugged.has_value()) {
    plugged = add_device(control, disk);
    if (!plugged.has_value()) (void)control.execute("blockdev-del", {{"node-name", disk.volume}});
  }
  step("vm/disk-plugged");
  if (plugged.has_value()) return {};
  remove_served_nodes(control, disk.volume);
  remove_throttle_group(control, disk.volume);
  remove_sets(control, first_set, files.size());
  return plugged;
}

Result<> plug_shared_disk(QmpClient& control, const Disk& disk, const std::string& file) {
  TRY(unplug_disk(control, disk, Detach::in_order));  // half attached, where we were killed in between
  const int opened = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (opened < 0) return failed_call(errno, "open " + file);
  auto added = add_sets(control, {opened});
  ::close(opened);
  const int set = TRY(std::move(added));
  const auto node = control.execute("blockdev-add", shared_node(disk.volume, shared_file(set)));
  step("vm/disk-opened");
  auto plugged = node.has_value() ? add_device(control, disk) : Result<>(std::unexpected(node.error()));
  step("vm/disk-plugged");
  if (plugged.has_value()) return {};
  if (node.has_value()) (void)control.execute("blockdev-del", {{"node-name", disk.volume}});
  remove_sets(control, set, 1);
  return plugged;
}

Result<> unplug_disk(QmpClient& control, const Disk& disk, Detach how) {
  if (!TRY(has_node(control, disk.volume))) return {};
  const bool is_gone = TRY(remove_device(control, disk.volume, disk.volume, how));
  step("vm/disk-let-go");
  if (!is_gone) return take_image_away(control, disk);
  TRY(control.execute("blockdev-del", {{"node-name", disk.volume}}));
  remove_served_nodes(control, disk.volume);
  step("vm/disk-closed");
  if (TRY(has_node(control, dead_end_of(disk)))) {
    TRY(control.execute("blockdev-del", {{"node-name", dead_end_of(disk)}}));
  }
  remove_throttle_group(control, disk.volume);
  return {};  // QEMU drops a set of descriptors with its last user
}

Result<> put_file_behind_disk(QmpClient& control, std::string_view volume, const std::vector<ImageFile>& files) {
  const std::vector<int> opened = TRY(open_chain(files, ChainOf::snapshot));
  auto added = add_sets(control, opened);
  for (const int file : opened) ::close(file);
  return put_files_behind(control, volume, in_sets(files, TRY(std::move(added))));
}

Result<> begin_disk_copies(QmpClient& control, std::vector<DiskCopy> copies, const SecretOf& secret_of) {
  for (DiskCopy& copy : copies) copy.secret = TRY(find_secret(copy.file, secret_of));
  std::vector<int> files;
  Result<> begun;
  for (const DiskCopy& copy : copies) {
    files.push_back(::open(copy.file.c_str(), O_RDWR | O_CLOEXEC));
    if (files.back() < 0 && begun.has_value()) begun = failed_call(errno, "open " + copy.file);
  }
  if (begun.has_value()) begun = begin_with_sets(control, copies, files);
  for (const int file : files) ::close(file);
  return begun;
}

}  // namespace aerolith::compute
