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
// Files of a chain (look_at_chain): the first one to write, the others to read; the caller's to close.
Result<std::vector<int>> open_chain(const std::vector<ImageFile>& chain);

class VmDescriptors {
 public:
  VmDescriptors() = default;
  ~VmDescriptors() { close(); }
  VmDescriptors(const VmDescriptors&) = delete;
  VmDescriptors& operator=(const VmDescriptors&) = delete;

  Result<QemuDescriptors> open(const Spec& spec, const std::string& control_path, const std::string& console_path,
                               const SecretOf& secret_of);
  const std::vector<os::GivenDescriptor>& given() const { return given_; }
  void close();

 private:
  // -> its number in the new process
  int give(int ours);
  Result<std::vector<int>> give_secrets(const std::vector<ImageFile>& chain);

  std::vector<os::GivenDescriptor> given_;
};

}  // namespace aerolith::compute
