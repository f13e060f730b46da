#include "compute/kvm_probe.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>

#include "base/log.h"
#include "compute/qemu_command.h"
#include "os/file_system.h"
#include "os/process.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

constexpr auto kPatience = std::chrono::seconds(30);
constexpr uint32_t kSse3 = 1;  // leaf 1, ECX: every processor for servers has it since 2004
constexpr int kMostCpuidEntries = 256;

// A cheap no: software that only plays KVM offers next to no features.
bool offers_sse3() {
  const int kvm = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (kvm < 0) return false;
  const size_t bytes = sizeof(kvm_cpuid2) + kMostCpuidEntries * sizeof(kvm_cpuid_entry2);
  const std::unique_ptr<void, decltype(&std::free)> memory(std::calloc(1, bytes), &std::free);
  auto* cpuid = static_cast<kvm_cpuid2*>(memory.get());
  cpuid->nent = kMostCpuidEntries;
  bool offers = false;
  if (::ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid) == 0) {
    for (uint32_t index = 0; index < cpuid->nent; ++index) {
      const kvm_cpuid_entry2& entry = cpuid->entries[index];
      if (entry.function == 1) offers = (entry.ecx & kSse3) != 0;
    }
  }
  ::close(kvm);
  return offers;
}

bool boots(const KvmProbe& probe) {
  std::vector<std::string> command{"qemu-system-x86_64",
                                   "-nodefaults",
                                   "-no-user-config",
                                   "-display",
                                   "none",
                                   "-no-reboot",
                                   "-machine",
                                   "q35",
                                   "-m",
                                   "256M",
                                   "-serial",
                                   "stdio",
                                   "-kernel",
                                   probe.kernel,
                                   "-initrd",
                                   probe.initramfs,
                                   "-append",
                                   "console=ttyS0 quiet panic=-1 aerolith.probe"};
  for (std::string& word : accelerator_arguments(true)) command.push_back(std::move(word));
  const auto end = os::run_program({.arguments = std::move(command), .patience = kPatience});
  return end.has_value() && end->output.find("aerolith: user space") != std::string::npos;
}

}  // namespace

std::optional<bool> known_to_boot_guests(const std::string& probe_folder) {
  os::RealFileSystem files;
  std::istringstream known(os::read_file(files, probe_folder + "/kvm").value_or(""));
  std::string boot;
  std::string answer;
  known >> boot >> answer;
  if (answer.empty() || boot != os::identify(::getpid()).value_or(os::ProcessIdentity{}).boot) return std::nullopt;
  return answer == "yes";
}

bool kvm_boots_guests(const KvmProbe& probe) {
  if (probe.kernel.empty() || ::access("/dev/kvm", F_OK) != 0) return false;
  os::RealFileSystem files;
  if (!files.make_directories(probe.folder).has_value()) return false;
  const int lock = ::open((probe.folder + "/kvm.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0 || ::flock(lock, LOCK_EX) < 0) return false;
  std::optional<bool> answer = known_to_boot_guests(probe.folder);
  if (!answer) {
    answer = offers_sse3() && boots(probe);
    const std::string text = *answer ? "yes" : "no";
    log_info("tried whether KVM boots a guest", {{"answer", text}});
    const std::string boot = os::identify(::getpid()).value_or(os::ProcessIdentity{}).boot;
    (void)os::write_file(files, probe.folder + "/kvm", boot + " " + text + "\n");
  }
  ::close(lock);
  return *answer;
}

}  // namespace aerolith::compute
