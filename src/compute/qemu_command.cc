#include "compute/qemu_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "compute/served_disks.h"
#include "compute/throttle.h"

namespace aerolith::compute {

namespace json = boost::json;

namespace {

constexpr uint32_t kFirstUser = 1'879'048'192;
constexpr uint32_t kUsers = 1U << 28;
constexpr int kConsoleSet = 1;
// All that can be emulated but for what is slower than its absence: string instructions that are "fast" (erms, fsrm)
// run byte by byte, and kernels clear and copy pages by them; a fifth level of page tables (la57).
constexpr std::string_view kEmulatedProcessor = "max,-erms,-fsrm,-la57";

uint64_t hash_of(std::string_view text) {
  uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211U;
  return hash;
}

// cloud-init and others know EC2 by it: serial and uuid are equal and begin with "ec2".
std::string smbios(const Spec& spec) {
  const std::string hex = fmt::format("{:016x}{:016x}", hash_of(spec.instance), hash_of("uuid of " + spec.instance));
  const std::string uuid = fmt::format("ec2{}-{}-4{}-a{}-{}", hex.substr(0, 5), hex.substr(5, 4), hex.substr(9, 3),
                                       hex.substr(12, 3), hex.substr(15, 12));
  return fmt::format("type=1,manufacturer=Amazon,product={},serial={},uuid={}", spec.instance_type, uuid, uuid);
}

class Arguments {
 public:
  template <typename... Text>
  void add(Text&&... text) {
    (list.emplace_back(std::forward<Text>(text)), ...);
  }
  std::vector<std::string> list;
};

void add_disks(Arguments& arguments, const Spec& spec, const QemuDescriptors& descriptors) {
  int set = kConsoleSet + 1;
  for (size_t index = 0; index < spec.disks.size(); ++index) {
    const Disk& disk = spec.disks[index];
    const std::vector<int>& files = descriptors.disks.at(index);
    std::vector<ImageFile> images(files.size());
    for (size_t number = 0; number < files.size() && index < descriptors.secrets.size(); ++number) {
      const int secret = descriptors.secrets[index].at(number);
      if (secret < 0) continue;
      images[number].secret = "given";
      // In a file, which has no name: what stands here is seen by everybody.
      arguments.add("-object", json::serialize(json::object{{"qom-type", "secret"},
                                                            {"id", secret_id_of(disk.volume, number)},
                                                            {"file", fmt::format("/proc/self/fd/{}", secret)}}));
    }
    if (disk.is_shared) {
      arguments.add("-blockdev", json::serialize(shared_node(disk.volume, shared_file(set))));
      arguments.add("-add-fd", fmt::format("fd={},set={}", files.front(), set++));
      arguments.add("-device",
                    fmt::format("virtio-blk-pci,id={0},drive={0},serial={1},werror=report,rerror=report,discard=off,"
                                "write-zeroes=off,bus={2}",
                                disk.volume, serial_of(disk), kPlugBus));
      continue;
    }
    if (!images.empty()) images.front().is_direct = index < descriptors.direct.size() && descriptors.direct[index];
    arguments.add("-object", json::serialize(throttle_group(disk)));
    images = in_sets(std::move(images), set);
    if (index < descriptors.served.size() && !descriptors.served[index].empty()) {
      images.push_back({.name = descriptors.served[index], .is_served = true});
      for (const json::object& node : served_nodes(disk.volume, images)) {
        arguments.add("-blockdev", json::serialize(node));
      }
    }
    arguments.add("-blockdev", json::serialize(throttled_node(disk, image_node(disk.volume, images))));
    for (const int file : files) arguments.add("-add-fd", fmt::format("fd={},set={}", file, set++));
    // A full disk of the host is an error that the guest is told; else QEMU would stop it.
    arguments.add("-device",
                  fmt::format("virtio-blk-pci,id={0},drive={0},serial={1},werror=report,rerror=report{2}", disk.volume,
                              serial_of(disk), disk.is_root ? ",bootindex=1" : fmt::format(",bus={}", kPlugBus)));
  }
}

// The first one stays for as long as the machine: it needs no place there.
void add_ports(Arguments& arguments, const Spec& spec, const QemuDescriptors& descriptors) {
  for (size_t index = 0; index < spec.ports.size(); ++index) {
    const NetworkPort& port = spec.ports[index];
    const std::string backend = backend_id_of(port.interface);
    arguments.add("-netdev", fmt::format("tap,id={},fd={}", backend, descriptors.taps.at(index)));
    arguments.add("-device",
                  fmt::format("virtio-net-pci,netdev={},id={},mac={},romfile={}", backend, device_id_of(port.interface),
                              port.mac, index == 0 ? std::string() : fmt::format(",bus={}", kPlugBus)));
  }
}

}  // namespace

std::vector<std::string> accelerator_arguments(bool uses_kvm) {
  if (uses_kvm) return {"-accel", "kvm", "-cpu", "host"};
  // The default cache of translated code lets a guest of 512 MB take 1.6 GB.
  return {"-accel", "tcg,thread=multi,tb-size=128", "-cpu", std::string(kEmulatedProcessor)};
}

std::vector<ImageFile> in_sets(std::vector<ImageFile> files, int first_set) {
  for (ImageFile& file : files) {
    if (!file.is_served) file.name = fmt::format("/dev/fdset/{}", first_set++);
  }
  return files;
}

json::object shared_node(std::string_view volume, json::value file) {
  return {{"driver", "raw"}, {"node-name", volume}, {"file", std::move(file)}};
}

json::object shared_file(int set) {
  return {{"driver", "file"}, {"filename", fmt::format("/dev/fdset/{}", set)}, {"locking", "off"}};
}

std::string serial_of(const Disk& disk) {
  std::string serial = disk.volume;
  std::erase(serial, '-');
  return serial.substr(0, 20);
}

std::string device_id_of(std::string_view interface) { return "port-" + std::string(interface); }
std::string backend_id_of(std::string_view interface) { return "tap-" + std::string(interface); }

uint32_t user_of(std::string_view instance) { return kFirstUser + static_cast<uint32_t>(hash_of(instance) % kUsers); }

std::vector<std::string> qemu_command(const Spec& spec, const QemuSettings& settings) {
  const std::string user = std::to_string(settings.user);
  Arguments arguments;
  // The user is changed before QEMU begins, so that its own sandbox can forbid any further change.
  arguments.add("unshare", "--net", "--ipc", "--", "setpriv", "--reuid", user, "--regid", user, "--clear-groups",
                "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--", "qemu-system-x86_64");
  arguments.add("-name", "guest=" + settings.name, "-nodefaults", "-no-user-config", "-display", "none");
  // Without graphics the firmware speaks on the serial console: a disk that doesn't boot says so.
  arguments.add("-machine", "q35,usb=off,graphics=off", "-smp", std::to_string(spec.vcpus), "-m",
                fmt::format("{}M", spec.memory_bytes >> 20));
  for (std::string& word : accelerator_arguments(settings.uses_kvm)) arguments.add(std::move(word));
  // A guest that powers off stays, so that this is told apart from a death of QEMU.
  arguments.add("-no-shutdown");
  arguments.add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  arguments.add("-chardev", fmt::format("socket,id=control,fd={},server=on,wait=off", settings.descriptors.control));
  arguments.add("-mon", "chardev=control,mode=control");
  arguments.add("-add-fd", fmt::format("fd={},set={}", settings.descriptors.console, kConsoleSet));
  arguments.add("-chardev", fmt::format("file,id=console,path=/dev/fdset/{},append=on", kConsoleSet));
  arguments.add("-serial", "chardev:console", "-smbios", smbios(spec));
  arguments.add("-device", fmt::format("pcie-pci-bridge,id={},addr=4", kPlugBus));
  add_disks(arguments, spec, settings.descriptors);
  add_ports(arguments, spec, settings.descriptors);
  if (settings.descriptors.kernel >= 0) {
    arguments.add("-kernel", fmt::format("/proc/self/fd/{}", settings.descriptors.kernel), "-append",
                  spec.kernel_arguments);
    if (settings.descriptors.initramfs >= 0) {
      arguments.add("-initrd", fmt::format("/proc/self/fd/{}", settings.descriptors.initramfs));
    }
  }
  return std::move(arguments.list);
}

}  // namespace aerolith::compute
