#include "compute/tiny_image.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "compute/from_os.h"
#include "compute/guest_boot.h"
#include "compute/guest_kernel.h"
#include "compute/guest_scripts.h"
#include "os/file_system.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

namespace fs = std::filesystem;

constexpr uid_t kUser = 1000;  // ec2-user, as Amazon Linux names its user
constexpr const char* kTinyArguments =
    "console=ttyS0 root=/dev/vda ro quiet loglevel=4 panic=-1 no_timer_check random.trust_cpu=on net.ifnames=0 "
    "cryptomgr.notests maxcpus=1";

struct TinyProgram {
  const char* name;
  const char* place;    // in the image
  const char* package;  // empty: the image does without
};
constexpr std::array<TinyProgram, 4> kTinyPrograms{{
    {"busybox", "/bin/busybox", "busybox-static"},
    {"dropbear", "/usr/sbin/dropbear", "dropbear-bin"},
    {"dropbearkey", "/usr/bin/dropbearkey", "dropbear-bin"},
    {"resize2fs", "/sbin/resize2fs", ""},
}};

struct TextFile {
  const char* path;
  std::string_view text;
  unsigned permissions;
};
constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
    "ec2-user:x:1000:1000:EC2 user:/home/ec2-user:/bin/sh\n";
constexpr std::string_view kShadow = "root:*:19700::::::\nnobody:*:19700::::::\nec2-user:*:19700::::::\n";
constexpr std::string_view kGroup = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\nec2-user:x:1000:\n";
constexpr std::string_view kRelease = "ID=aerolith-tiny\nNAME=\"Aerolith tiny\"\nPRETTY_NAME=\"Aerolith tiny\"\n";

class Tree {
 public:
  explicit Tree(std::string root) : root_(std::move(root)) {}

  Result<> add_folder(const std::string& path, unsigned permissions = 0755) {
    TRY(from_os(files_.make_directories(root_ + path)));
    for (fs::path part = path; part != "/"; part = part.parent_path()) ::chmod((root_ + part.string()).c_str(), 0755);
    if (::chmod((root_ + path).c_str(), permissions) < 0) return failed_call(errno, "chmod " + path);
    return {};
  }
  Result<> add_text(const std::string& path, std::string_view text, unsigned permissions) {
    TRY(add_folder(fs::path(path).parent_path().string()));
    return from_os(os::write_file(files_, root_ + path, text, permissions));
  }
  Result<> add_copy(const std::string& from, const std::string& path) {
    if (!added_.insert(path).second) return {};
    return add_text(path, TRY(from_os(os::read_file(files_, from))), 0755);
  }
  // With the libraries that it asks for.
  Result<> add_program(const std::string& from, const std::string& path) {
    TRY(add_copy(from, path));
    for (const std::string& library : libraries_of(from)) TRY(add_copy(library, library));
    return {};
  }
  Result<> add_link(const std::string& to, const std::string& path) {
    TRY(add_folder(fs::path(path).parent_path().string()));
    std::error_code error;
    if (fs::exists(fs::symlink_status(root_ + path, error))) return {};
    if (::symlink(to.c_str(), (root_ + path).c_str()) < 0) return failed_call(errno, "link " + path);
    return {};
  }
  Result<> give_to(const std::string& path, uid_t user) {
    if (::lchown((root_ + path).c_str(), user, user) < 0) return failed_call(errno, "chown " + path);
    return {};
  }

 private:
  std::string root_;
  os::RealFileSystem files_;
  std::set<std::string> added_;
};

Result<> add_programs(Tree& tree) {
  for (const TinyProgram& program : kTinyPrograms) {
    const std::string found = os::find_program(program.name);
    if (!found.empty()) {
      TRY(tree.add_program(found, program.place));
    } else if (*program.package != '\0') {
      return fail(DriverErrorCode::unavailable,
                  fmt::format("{} is missing: apt-get install {}", program.name, program.package));
    }
  }
  const std::string busybox = os::find_program("busybox");
  const std::string applets = TRY(from_os(os::run_checked({.arguments = {busybox, "--list-full"}})));
  std::istringstream lines(applets);
  for (std::string path; std::getline(lines, path);) {
    // busybox's own init isn't ours, and its resize2fs doesn't exist.
    if (path == "sbin/init" || path == "bin/busybox") continue;
    TRY(tree.add_link("/bin/busybox", "/" + path));
    // Commands over SSH look for programs in /usr/bin and /bin alone.
    TRY(tree.add_link("/bin/busybox", "/bin/" + fs::path(path).filename().string()));
  }
  return {};
}

Result<> fill(Tree& tree) {
  for (const char* path : {"/proc", "/sys", "/dev", "/run", "/mnt", "/etc", "/var/log", "/var/lib/first-boot"}) {
    TRY(tree.add_folder(path));
  }
  TRY(tree.add_folder("/tmp", 01777));
  TRY(tree.add_folder("/root", 0700));
  TRY(tree.add_folder("/home/ec2-user", 0755));
  TRY(tree.give_to("/home/ec2-user", kUser));
  for (const auto& [home, user] : {std::pair{"/root", uid_t{0}}, std::pair{"/home/ec2-user", kUser}}) {
    const std::string folder = std::string(home) + "/.ssh";
    TRY(tree.add_text(folder + "/authorized_keys", "", 0600));
    TRY(tree.add_folder(folder, 0700));
    TRY(tree.give_to(folder, user));
    TRY(tree.give_to(folder + "/authorized_keys", user));
  }
  TRY(add_programs(tree));
  TRY(tree.add_link("/run", "/var/run"));
  const std::array<TextFile, 13> files{{
      {"/sbin/init", guest_scripts::init, 0755},
      {"/sbin/first-boot", guest_scripts::first_boot, 0755},
      {"/etc/udhcpc.script", guest_scripts::udhcpc, 0755},
      {"/sbin/net-hotplug", guest_scripts::net_hotplug, 0755},
      {"/etc/acpi/PWRF/00000080", guest_scripts::power_button, 0755},
      {"/etc/passwd", kPasswd, 0644},
      {"/etc/shadow", kShadow, 0600},
      {"/etc/group", kGroup, 0644},
      {"/etc/shells", "/bin/sh\n/bin/ash\n", 0644},
      {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", 0644},
      {"/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n", 0644},
      {"/etc/os-release", kRelease, 0644},
      {"/etc/profile", "export PATH=/sbin:/bin:/usr/sbin:/usr/bin\n", 0644},
  }};
  for (const TextFile& file : files) TRY(tree.add_text(file.path, file.text, file.permissions));
  return {};
}

Result<> make_root(const TinyImageSettings& settings, const std::string& stage, const std::string& file) {
  Tree tree(stage);
  TRY(tree.add_folder("/"));
  TRY(fill(tree));
  const std::string half_done = file + ".new";
  ::unlink(half_done.c_str());
  // Tables written now, so that no guest writes them in the background of its first minutes.
  TRY(from_os(os::run_checked({.arguments = {"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-L", "tiny", "-E",
                                             "lazy_itable_init=0,lazy_journal_init=0", "-d", stage, half_done,
                                             std::to_string(settings.root_bytes / 1024) + "k"}})));
  os::RealFileSystem files;
  TRY(from_os(TRY(from_os(files.open(half_done, os::OpenMode::write, 0600)))->sync_data()));
  TRY(from_os(files.rename(half_done, file)));
  return from_os(files.sync_directory(settings.folder));
}

Result<> add_kernel(const TinyImageSettings& settings, TinyImage& image) {
  auto kernel = find_guest_kernel(settings.kernel_folder, settings.may_download);
  if (!kernel.has_value()) {
    image.without_kernel = kernel.error().detail;
    return {};
  }
  const GuestBoot boot = TRY(make_guest_boot(*kernel, settings.folder));
  image.kernel = boot.kernel;
  image.initramfs = boot.initramfs;
  image.kernel_arguments = kTinyArguments;
  return {};
}

}  // namespace

Result<TinyImage> build_tiny_image(const TinyImageSettings& settings) {
  if (::geteuid() != 0) {
    return fail(DriverErrorCode::unavailable, "an image's files belong to root: run it as root (sudo aerolith …)");
  }
  if (os::find_program("mke2fs").empty()) {
    return fail(DriverErrorCode::unavailable, "mke2fs is missing: apt-get install e2fsprogs");
  }
  os::RealFileSystem files;
  TRY(from_os(files.make_directories(settings.folder)));
  TinyImage image{.root = settings.folder + "/root.raw"};
  const std::string stage = settings.folder + "/stage-" + random_hex(8);
  auto made = make_root(settings, stage, image.root);
  std::error_code ignored;
  fs::remove_all(stage, ignored);
  TRY(std::move(made));
  if (settings.kernel_folder.empty()) {
    image.without_kernel = "no folder for a kernel was named";
    return image;
  }
  TRY(add_kernel(settings, image));
  return image;
}

}  // namespace aerolith::compute
