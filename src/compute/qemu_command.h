// How QEMU is started. It opens nothing by a path of ours: it gets descriptors, and runs as a user who may read
// nothing.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compute/driver.h"
#include "compute/encrypted_files.h"

namespace aerolith::compute {

// The bus of what can be plugged while it runs, by ACPI; it has room for 30. Root ports of PCI Express, one for each
// device, would cost an emulated guest a second of its start.
inline constexpr std::string_view kPlugBus = "plug";

// Numbers of descriptors in the new process.
struct QemuDescriptors {
  int control = 0;  // a listening socket, for QMP
  int console = 0;
  std::vector<int> taps;                // one for each port of the spec
  std::vector<std::vector<int>> disks;  // one for each disk of the spec: the file, its backing file, that one's, …
  // For each of those: a file with its secret, or -1 where it isn't encrypted.
  std::vector<std::vector<int>> secrets;
  // For each disk, where what is behind its last file is served (served_disks.h); empty: it isn't.
  std::vector<std::string> served;
  // For each disk, whether QEMU goes past the page cache to its own file; those behind it are shared by many.
  std::vector<bool> direct;
  int kernel = -1;
  int initramfs = -1;
};
struct QemuSettings {
  std::string name;  // tells the process apart on the host
  uint32_t user = 0;
  bool uses_kvm = false;
  QemuDescriptors descriptors;
};

std::vector<std::string> qemu_command(const Spec& spec, const QemuSettings& settings);

// "-accel" and what belongs to it.
std::vector<std::string> accelerator_arguments(bool uses_kvm);

// As QEMU opens files that it was given: sets of descriptors `first_set`, +1, …
std::vector<ImageFile> in_sets(std::vector<ImageFile> files, int first_set);
// The node of a disk that others have too: the file that shows it to all of them, opened. Who wrote it last is known to
// the kernel's cache of that file alone, and no other. Locks would keep the others out.
boost::json::object shared_node(std::string_view volume, boost::json::value file);
boost::json::object shared_file(int set);
// vol-0123 -> vol0123: what the guest sees, 20 characters at most.
std::string serial_of(const Disk& disk);
// What QEMU calls the two halves of a port.
std::string device_id_of(std::string_view interface);
std::string backend_id_of(std::string_view interface);
// A user of this guest's own, beyond those that systems give out (systemd's table of user ids ends at 1879048191).
uint32_t user_of(std::string_view instance);

}  // namespace aerolith::compute
