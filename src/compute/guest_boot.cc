#include "compute/guest_boot.h"

#include <sstream>
#include <utility>

#include "compute/cpio.h"
#include "compute/from_os.h"
#include "compute/guest_scripts.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

// Not compressed: an emulated processor takes longer to unpack it than a disk to read it.
Result<std::string> make_initramfs(const GuestKernel& kernel) {
  os::RealFileSystem files;
  CpioArchive archive;
  for (const char* path : {"/proc", "/sys", "/dev", "/root"}) archive.add_folder(path);
  archive.add_character_device("/dev/console", 5, 1);
  archive.add_file("/init", guest_scripts::initramfs, 0755);
  const std::string busybox = os::find_program("busybox");
  if (busybox.empty()) {
    return fail(DriverErrorCode::unavailable, "busybox is missing: apt-get install busybox-static");
  }
  archive.add_file("/bin/busybox", TRY(from_os(os::read_file(files, busybox))), 0755);
  for (const std::string& library : libraries_of(busybox)) {
    archive.add_file(library, TRY(from_os(os::read_file(files, library))), 0755);
  }
  std::string order;
  for (const auto& [name, content] : kernel.modules) {
    archive.add_file("/modules/" + name, content, 0644);
    order += (order.empty() ? "" : " ") + name;
  }
  archive.add_file("/modules/order", order + "\n", 0644);
  return std::move(archive).finish();
}

// Machines that were launched from an earlier build may read it at any time.
Result<> replace_file(const std::string& path, const std::string& content) {
  os::RealFileSystem files;
  TRY(from_os(os::write_file(files, path + ".new", content, 0644)));
  return from_os(files.rename(path + ".new", path));
}

}  // namespace

std::vector<std::string> libraries_of(const std::string& program) {
  std::vector<std::string> paths;
  auto listed = os::run_program({.arguments = {"ldd", program}});
  if (!listed.has_value() || listed->exit_code != 0) return paths;
  std::istringstream words(listed->output);
  for (std::string word; words >> word;) {
    if (word.starts_with("/")) paths.push_back(word);
  }
  return paths;
}

Result<GuestBoot> make_guest_boot(const GuestKernel& kernel, const std::string& folder) {
  os::RealFileSystem files;
  GuestBoot boot{.kernel = folder + "/vmlinuz", .initramfs = folder + "/initramfs"};
  const std::string image = TRY(from_os(os::read_file(files, kernel.file)));
  const std::string unpacked = boot.kernel + ".new";
  TRY(unpack_kernel(image, unpacked) ? from_os(files.rename(unpacked, boot.kernel)) : replace_file(boot.kernel, image));
  TRY(replace_file(boot.initramfs, TRY(make_initramfs(kernel))));
  return boot;
}

}  // namespace aerolith::compute
