// The disks of a container as block devices of the host: a qemu-storage-daemon for each instance opens the qcow2 files
// and shows each as a file (FUSE), over which a loop device lies. It outlives us.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compute/instance_folder.h"
#include "compute/loop_device.h"

namespace aerolith::compute {

class QmpClient;

class DiskServer {
 public:
  // `secret_of`: empty where no disk is added and no copy begun; `behind_of`: as in DriverSettings.
  explicit DiskServer(const InstanceFolder& folder, SecretOf secret_of = {}, BehindOf behind_of = {})
      : folder_(folder), secret_of_(std::move(secret_of)), behind_of_(std::move(behind_of)) {}

  // It listens on return. Fine where it runs already.
  Result<> start();
  // The whole disk as a device that lasts until it is removed; of the root volume its file system, as a device that
  // lasts while it is mounted (see attach_loop).
  Result<LoopDevice> add(const Disk& disk);
  // The whole disk as a file.
  Result<std::string> show(const Disk& disk);
  std::string file_of(std::string_view volume) const;
  // Fine where it isn't there.
  Result<> remove(std::string_view volume);
  // Of the image and, but for the root's file system, of the device. Fine where it is as large already.
  Result<> grow(const Disk& disk, uint64_t size_bytes);
  Result<> limit(const Disk& disk);
  // No new user finds the device; false while there is one still.
  Result<bool> let_go(std::string_view volume, std::chrono::milliseconds patience);
  // Of its disks, as Driver says of the calls of the same names. `absent` where it doesn't run.
  Result<> begin_copies(std::vector<DiskCopy> copies);
  Result<CopyProgress> copy_progress(std::string_view name);
  Result<> end_copy(const DiskCopy& copy, CopyEnd end);
  Result<std::vector<CopyBase>> copy_bases(std::string_view volume);
  Result<bool> has_copies();
  // Of disks that are served (served_disks.h): what serves them lives, and goes where the file is there.
  Result<> keep_served();
  bool is_running() const;
  // Of the process that serves them, or the last one that did: no other one has it.
  std::string identity() const;
  // Flushes and closes all disks; nothing of it is left on return. Nothing may be mounted. Fine where nothing is.
  Result<> stop();

 private:
  Result<> launch();
  Result<> wait_until_ready();
  Result<> open(QmpClient& control, const Disk& disk);
  Result<> remove(QmpClient& control, std::string_view volume);
  std::string last_words() const;

  const InstanceFolder& folder_;
  const SecretOf secret_of_;
  const BehindOf behind_of_;
};

}  // namespace aerolith::compute
