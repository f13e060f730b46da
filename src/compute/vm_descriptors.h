// What QEMU is given at its start, opened by us.
#pragma once

#include <string>
#include <vector>

#include "compute/driver.h"
#include "compute/qemu_command.h"
#include "os/program.h"

namespace aerolith::compute {

// The caller's to close. Where there is no such tap: an error, none is made.
Result<int> open_tap(const NetworkPort& port);
// The disk's file and those behind it: the first one to write, the others to read; the caller's to close.
Result<std::vector<int>> open_chain(const Disk& disk);

class VmDescriptors {
 public:
  VmDescriptors() = default;
  ~VmDescriptors() { close(); }
  VmDescriptors(const VmDescriptors&) = delete;
  VmDescriptors& operator=(const VmDescriptors&) = delete;

  Result<QemuDescriptors> open(const Spec& spec, const std::string& control_path, const std::string& console_path);
  const std::vector<os::GivenDescriptor>& given() const { return given_; }
  void close();

 private:
  // -> its number in the new process
  int give(int ours);

  std::vector<os::GivenDescriptor> given_;
};

}  // namespace aerolith::compute
