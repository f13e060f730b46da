// Disks that several instances have at a time (Multi-Attach, ADR 20). Each has a disk server of its own
// (disk_server.h), in <run folder>/shared/<volume>, which alone opens the disk's file and shows it to all of them as
// one file of the host: containers have one loop device over it, with one cache, and machines that file itself, whose
// cache is the kernel's. So each reads what another one wrote, but not a container what a machine wrote: its loop
// device has a cache above the file's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compute/driver.h"
#include "compute/instance_folder.h"

namespace aerolith::compute {

class DiskServer;

// Of one volume. Any thread, also several with one of their own: they take turns.
class SharedDisk {
 public:
  SharedDisk(const DriverSettings& settings, std::string_view volume);

  // Somebody has it open.
  bool is_open() const { return folder_.exists(); }
  // -> the file that shows it: open for that instance until it leaves. Fine where it has joined.
  Result<std::string> join(std::string_view instance, const Disk& disk) const;
  // With the last one the server ends, and the disk's file is closed on return. Fine where it hasn't joined.
  Result<> leave(std::string_view instance) const;
  // What served the disk to that instance is no more: it reads and writes nothing. False where it hasn't joined, or has
  // left.
  bool is_lost_to(std::string_view instance) const;
  // Of who has joined: "/dev/loop7", the same for all.
  Result<std::string> device() const;

  // Of who has joined.
  Result<uint64_t> size_bytes() const;

  // As Driver says of the calls of the same names; `not_found` where nobody has it open. `refresh` is called with each
  // instance that has joined, once the file is as large: who has it open hears of its size.
  Result<> grow(const Disk& disk, uint64_t size_bytes,
                const std::function<Result<>(const std::string& instance)>& refresh) const;
  Result<> limit(const Disk& disk) const;
  Result<> begin_copy(const DiskCopy& copy) const;
  Result<> end_copy(const DiskCopy& copy, CopyEnd end) const;
  Result<CopyProgress> copy_progress(std::string_view name) const;
  Result<std::vector<CopyBase>> copy_bases() const;
  Result<bool> has_copies() const;
  // Looks after what serves the blocks behind it (served_disks.h).
  Result<> keep_served() const;

 private:
  class Turn;
  DiskServer server() const;
  Result<> open(const Disk& disk) const;
  Result<> leave_in_turn(std::string_view instance) const;
  std::vector<std::string> users() const;
  Result<> check_open() const;

  const DriverSettings& settings_;
  const std::string volume_;
  const InstanceFolder folder_;
};

// It leaves all that it has joined, written down in its spec or not.
Result<> leave_shared_disks(const DriverSettings& settings, std::string_view instance);
// Of the disks that it has, by its spec: the first one that isn't served to it any more; empty: all are.
std::string find_lost_disk(const DriverSettings& settings, const Spec& spec);
// keep_served of all of them; what fails is logged.
void keep_shared_disks(const DriverSettings& settings, const Spec& spec);
// As has_copies (disk_copies.h), of those of its disks that are shared.
Result<bool> has_shared_copies(const DriverSettings& settings, const Spec& spec);
// False where none of the disks is shared. An error, and nothing is begun, where one is and isn't alone.
Result<bool> begin_shared_copy(const DriverSettings& settings, const std::vector<DiskCopy>& copies);
// The volume that a copy is made of, by that copy's name; empty: of no shared one.
std::string shared_volume_of_copy(const DriverSettings& settings, std::string_view copy);

}  // namespace aerolith::compute
