// Whether hardware virtualization works here. That /dev/kvm opens proves nothing: where the host is itself emulated, it
// answers and yet no kernel reaches user space. So a guest is booted with it once.
#pragma once

#include <optional>
#include <string>

namespace aerolith::compute {

struct KvmProbe {
  std::string folder;  // where the answer is kept, for as long as this boot of the host lasts
  std::string kernel;  // of the image `tiny`; empty: KVM isn't used
  std::string initramfs;
};

// Takes up to half a minute the first time. Safe from any thread and process: one probes, the others wait.
bool kvm_boots_guests(const KvmProbe& probe);
// What was found since the host was started; nullopt: that wasn't tried yet. Makes nothing.
std::optional<bool> known_to_boot_guests(const std::string& probe_folder);

}  // namespace aerolith::compute
