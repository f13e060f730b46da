// What QEMU is given at its start, opened by us.
#pragma once

#include <string>
#include <vector>

#include "compute/driver.h"
#include "compute/instance_folder.h"
#include "compute/qemu_command.h"
#include "compute/served_disks.h"
#include "os/program.h"

namespace aerolith::compute {

// The caller's to close. Where there is no such tap: an error, none is made.
Result<int> open_tap(const NetworkPort& port);
// Files of a chain (look_at_chain), but for one that is served: the first one to write, the others to read; the
// caller's to close. Of a snapshot, all to read.
enum class ChainOf : uint8_t { disk, snapshot };
Result<std::vector<int>> open_chain(const std::vector<ImageFile>& chain, ChainOf what = ChainOf::disk);

class VmDescriptors {
 public:
  VmDescriptors() = default;
  ~VmDescriptors() { close(); }
  VmDescriptors(const VmDescriptors&) = delete;
  VmDescriptors& operator=(const VmDescriptors&) = delete;

  Result<QemuDescriptors> open(const Spec& spec, const InstanceFolder& folder, const std::string& control_path,
                               const std::string& console_path, const DriverSettings& settings);
  const std::vector<os::GivenDescriptor>& given() const { return given_; }
  void close();

 private:
  // -> its number in the new process
  int give(int ours);
  Result<> give_shared(const Disk& disk, std::string_view instance, const DriverSettings& settings,
                       QemuDescriptors& numbers);
  Result<> give_disk(const Disk& disk, const ServedDisks& served, uint32_t user, const DriverSettings& settings,
                     QemuDescriptors& numbers);
  Result<std::vector<int>> give_secrets(const std::vector<ImageFile>& chain);

  std::vector<os::GivenDescriptor> given_;
};

}  // namespace aerolith::compute
