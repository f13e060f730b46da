#include "compute/debian_image.h"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "base/random.h"
#include "compute/apt_settings.h"
#include "compute/from_os.h"
#include "compute/guest_boot.h"
#include "compute/guest_kernel.h"
#include "compute/guest_scripts.h"
#include "os/file_system.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

namespace fs = std::filesystem;

constexpr const char* kArchiveKeys = "/usr/share/keyrings/debian-archive-keyring.gpg";
constexpr const char* kSuite = "bookworm";
constexpr uint64_t kRootKib = uint64_t{2} << 20;
constexpr uint64_t kRoomBytes = uint64_t{2} << 30;  // the tree, the disk made of it, and the server's copy
constexpr size_t kToldBytes = 400;
constexpr auto kInstallPatience = std::chrono::minutes(30);
// What Debian's own EC2 images have and people count on; no recommended packages.
constexpr const char* kPackages =
    "systemd-sysv,dbus,udev,kmod,openssh-server,cloud-init,cloud-guest-utils,e2fsprogs,ca-certificates,curl,iproute2,"
    "iputils-ping,libnss-myhostname,netbase,procps,python3,sudo,less,tzdata";
constexpr const char* kKernelArguments =
    "console=ttyS0 root=/dev/vda rw quiet loglevel=4 panic=-1 no_timer_check random.trust_cpu=on net.ifnames=0 "
    "cryptomgr.notests maxcpus=1 systemd.show_status=1";

struct NeededProgram {
  const char* name;
  const char* package;
};
constexpr std::array<NeededProgram, 2> kPrograms{{{"mmdebstrap", "mmdebstrap"}, {"mke2fs", "e2fsprogs"}}};

Result<> check_host() {
  if (::geteuid() != 0) {
    return fail(DriverErrorCode::unavailable, "an image's files belong to root: run it as root (sudo aerolith …)");
  }
  for (const NeededProgram& program : kPrograms) {
    if (os::find_program(program.name).empty()) {
      return fail(DriverErrorCode::unavailable,
                  fmt::format("{} is missing: apt-get install {}", program.name, program.package));
    }
  }
  if (::access(kArchiveKeys, R_OK) != 0) {
    return fail(DriverErrorCode::unavailable,
                "the keys of Debian's archive are missing: apt-get install debian-archive-keyring");
  }
  return {};
}

// Takes its folder away when it goes.
class Stage {
 public:
  explicit Stage(const std::string& folder) : path_(folder + "/stage-" + random_hex(8)) {}
  ~Stage() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  Result<> make() const {
    os::RealFileSystem files;
    return from_os(files.make_directories(path_));
  }

 private:
  std::string path_;
};

Result<> check_room(const std::string& folder) {
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) return {};
  const uint64_t free = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  if (free >= kRoomBytes) return {};
  return fail(DriverErrorCode::no_capacity, fmt::format("building it takes {} MiB of room in {}, which has {} MiB",
                                                        kRoomBytes >> 20, folder, free >> 20));
}

// mmdebstrap reads nothing of the host's apt. Without a mirror that the host has it takes Debian's own.
std::vector<std::string> proxies_of_host() {
  std::vector<std::string> words;
  if (const auto dump = os::run_program({.arguments = {"apt-config", "dump"}}); dump.has_value()) {
    for (const std::string& proxy : proxies_in(dump->output)) words.push_back("--aptopt=" + proxy);
  }
  return words;
}
std::vector<std::string> archives_of_host() {
  const auto targets =
      os::run_program({.arguments = {"apt-get", "indextargets", "--format",
                                     "$(ORIGIN) $(CODENAME) $(COMPONENT) $(SITE) $(RELEASE)", "Created-By: Packages"}});
  return targets.has_value() ? archives_in(targets->output, kSuite) : std::vector<std::string>();
}

// The first errors of what it said, with what they most often mean.
std::string why_not_installed(const os::ProgramEnd& end) {
  std::string said;
  std::istringstream lines(end.errors);
  for (std::string line; std::getline(lines, line) && said.size() < kToldBytes;) {
    if (line.starts_with("E: ")) said += (said.empty() ? "" : "; ") + line.substr(3);
  }
  if (said.empty()) said = fmt::format("mmdebstrap ended with {}", end.exit_code);
  for (const char* sign : {"Could not resolve", "Temporary failure", "Could not connect", "Cannot initiate",
                           "Unable to connect", "unreachable", "Connection timed out"}) {
    if (said.find(sign) != std::string::npos) return "Debian's archive can't be reached: " + said;
  }
  return "Debian can't be installed: " + said;
}

Result<> install(const DebianImageSettings& settings, const Stage& stage, const std::optional<GuestKernel>& kernel) {
  os::RealFileSystem files;
  TRY(from_os(os::write_file(files, stage / "set-up", guest_scripts::debian_set_up, 0755)));
  TRY(from_os(os::write_file(files, stage / "first-boot", guest_scripts::debian_first_boot, 0755)));
  os::Program program{.arguments = {"mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
                                    "--aptopt=Acquire::Retries \"3\"", std::string("--include=") + kPackages,
                                    "--customize-hook=" + (stage / "set-up")},
                      .patience = kInstallPatience,
                      .environment = {{"AEROLITH_FIRST_BOOT", stage / "first-boot"},
                                      {"AEROLITH_CA", settings.ca_certificate},
                                      {"AEROLITH_MODULES", kernel ? kernel->modules_folder : ""},
                                      {"LC_ALL", "C.UTF-8"}}};
  std::ranges::move(proxies_of_host(), std::back_inserter(program.arguments));
  program.arguments.insert(program.arguments.end(), {kSuite, stage / "root"});
  std::ranges::move(archives_of_host(), std::back_inserter(program.arguments));
  const os::ProgramEnd end = TRY(from_os(os::run_program(program)));
  if (end.exit_code == 0) return {};
  return fail(DriverErrorCode::command, why_not_installed(end));
}

Result<> make_file_system(const std::string& folder, const std::string& tree, const std::string& file) {
  os::RealFileSystem files;
  const std::string half_done = file + ".new";
  ::unlink(half_done.c_str());
  TRY(from_os(os::run_checked(
      {.arguments = {"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-L", "root", "-E",
                     "lazy_itable_init=0,lazy_journal_init=0", "-d", tree, half_done, std::to_string(kRootKib) + "k"},
       .patience = std::chrono::minutes(10)})));
  TRY(from_os(TRY(from_os(files.open(half_done, os::OpenMode::write, 0600)))->sync_data()));
  TRY(from_os(files.rename(half_done, file)));
  return from_os(files.sync_directory(folder));
}

}  // namespace

Result<DebianImage> build_debian_image(const DebianImageSettings& settings) {
  const auto tell = [&](std::string_view step) {
    if (settings.on_step) settings.on_step(step);
  };
  TRY(check_host());
  os::RealFileSystem files;
  TRY(from_os(files.make_directories(settings.folder)));
  TRY(check_room(settings.folder));
  DebianImage image{.root = settings.folder + "/root.raw"};
  tell("looking for a kernel");
  std::optional<GuestKernel> kernel;
  if (auto found = find_guest_kernel(settings.kernel_folder, true); found.has_value()) {
    kernel = *std::move(found);
  } else {
    image.without_kernel = found.error().detail;
  }
  const Stage stage(settings.folder);
  TRY(stage.make());
  tell("installing Debian's packages with mmdebstrap");
  TRY(install(settings, stage, kernel));
  tell("making the file system");
  TRY(make_file_system(settings.folder, stage / "root", image.root));
  if (!kernel) return image;
  // One folder a kernel: instances of an earlier build go on booting the one whose modules they have.
  const std::string boot_folder = settings.folder + "/" + fs::path(kernel->modules_folder).filename().string();
  TRY(from_os(files.make_directories(boot_folder)));
  GuestBoot boot = TRY(make_guest_boot(*kernel, boot_folder));
  image.kernel = std::move(boot.kernel);
  image.initramfs = std::move(boot.initramfs);
  image.kernel_arguments = kKernelArguments;
  return image;
}

}  // namespace aerolith::compute
