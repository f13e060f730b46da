#include "compute/guest_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "os/program.h"

namespace aerolith::compute {

namespace {

namespace fs = std::filesystem;

constexpr const char* kPackage = "linux-image-cloud-amd64";  // depends on the package of the newest kernel
// Bus, disk, network card and file system; the power button, and how its being pressed is heard.
constexpr auto kWanted = {"virtio_pci", "virtio_blk", "virtio_net", "crc32c_generic", "ext4", "button", "evdev"};

struct Found {
  std::string kernel;
  std::string modules_folder;
};

// A kernel whose modules are there too: the one with the greatest name.
std::optional<Found> find_under(const std::string& root) {
  std::optional<Found> best;
  std::error_code error;
  for (fs::directory_iterator entry(root + "/boot", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with("vmlinuz-")) continue;
    for (const char* folder : {"/lib/modules/", "/usr/lib/modules/"}) {
      const std::string modules = root + folder + name.substr(8) + "/kernel";
      std::error_code ignored;
      if (!fs::is_directory(modules, ignored) || (best && best->kernel > entry->path().string())) continue;
      best = Found{entry->path().string(), modules};
      break;
    }
  }
  return best;
}

os::Result<std::string> kernel_package() {
  const std::string said = TRY(os::run_checked({.arguments = {"apt-cache", "depends", kPackage}}));
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find("linux-image-");
    if (line.find("Depends:") != std::string::npos && at != std::string::npos) return line.substr(at);
  }
  return fail(os::ErrorCode::not_found, std::string(kPackage) + " names no kernel package");
}

os::Result<> download(const std::string& folder) {
  os::RealFileSystem files;
  TRY(files.make_directories(folder));
  const std::string package = TRY(kernel_package());
  const std::string half_done = folder + "/" + package + ".half-done";
  fs::remove_all(half_done);
  TRY(files.make_directories(half_done));
  TRY(os::run_checked({.arguments = {"sh", "-c", "cd \"$1\" && apt-get download -q \"$2\"", "sh", half_done, package},
                       .patience = std::chrono::minutes(10)}));
  TRY(os::run_checked({.arguments = {"sh", "-c", "cd \"$1\" && dpkg-deb -x ./*.deb . && rm ./*.deb", "sh", half_done},
                       .patience = std::chrono::minutes(2)}));
  return files.rename(half_done, folder + "/" + package);
}

std::optional<Found> find_unpacked(const std::string& folder) {
  std::optional<Found> best;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with("linux-image-") || name.ends_with(".half-done")) continue;
    if (auto found = find_under(entry->path().string()); found && (!best || best->kernel < found->kernel)) best = found;
  }
  return best;
}

// Names that a module's .modinfo section says it needs.
std::vector<std::string> needs_of(std::string_view module) {
  constexpr std::string_view kKey{"\0depends=", 9};
  std::vector<std::string> names;
  const size_t at = module.find(kKey);
  if (at == std::string_view::npos) return names;
  std::istringstream list(std::string(module.substr(at + kKey.size(), module.find('\0', at + 1) - at - kKey.size())));
  for (std::string name; std::getline(list, name, ',');) names.push_back(name);
  return names;
}

os::Result<std::string> content_of(const std::string& file) {
  if (file.ends_with(".xz")) return os::run_checked({.arguments = {"xz", "-dc", file}});
  if (file.ends_with(".zst")) return os::run_checked({.arguments = {"zstd", "-dcq", file}});
  os::RealFileSystem files;
  return os::read_file(files, file);
}

// Little and big endian numbers of a file's header; 0 beyond its end.
uint32_t little_u32(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0 && at + 4 <= bytes.size();) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}
uint32_t big_u32(std::string_view bytes, size_t at) { return __builtin_bswap32(little_u32(bytes, at)); }

// The program that unpacks what begins so; none: nullptr.
const char* unpacker_of(std::string_view payload) {
  if (payload.starts_with("\x02!L\x18")) return "lz4";
  if (payload.starts_with("\xFD"
                          "7zXZ"))
    return "xz";
  if (payload.starts_with("\x28\xB5\x2F\xFD")) return "zstd";
  if (payload.starts_with("\x1F\x8B")) return "gzip";
  return nullptr;
}

class ModuleLoader {
 public:
  explicit ModuleLoader(const std::string& folder) {
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      const size_t suffix = name.find(".ko");
      if (suffix == std::string::npos) continue;
      files_.emplace(spelled(name.substr(0, suffix)), entry->path().string());
    }
  }

  // Nothing for what is built into the kernel.
  os::Result<> load(const std::string& name) {
    const auto file = files_.find(spelled(name));
    if (file == files_.end() || !seen_.insert(file->first).second) return {};
    std::string content = TRY(content_of(file->second));
    for (const std::string& need : needs_of(content)) TRY(load(need));
    modules.emplace_back(file->first + ".ko", without_signature(content));
    return {};
  }

  std::vector<std::pair<std::string, std::string>> modules;

 private:
  static std::string spelled(std::string name) {
    std::ranges::replace(name, '-', '_');
    return name;
  }
  std::map<std::string, std::string> files_;
  std::set<std::string> seen_;
};

}  // namespace

os::Result<GuestKernel> find_guest_kernel(const std::string& folder, bool may_download) {
  std::optional<Found> found = find_unpacked(folder);
  if (!found) found = find_under("");
  if (!found && !may_download) {
    return fail(os::ErrorCode::not_found, "the host has no kernel with its modules in /boot and /lib/modules");
  }
  if (!found) {
    auto fetched = download(folder);
    if (!fetched.has_value()) {
      return fail(os::ErrorCode::not_found, fmt::format("no kernel for guests: {}", fetched.error().detail));
    }
    found = find_unpacked(folder);
  }
  if (!found) return fail(os::ErrorCode::not_found, "the package of the kernel has no kernel in it");
  ModuleLoader loader(found->modules_folder);
  for (const char* name : kWanted) TRY(loader.load(name));
  return GuestKernel{found->kernel, fs::path(found->modules_folder).parent_path().string(), std::move(loader.modules)};
}

// https://www.kernel.org/doc/html/latest/arch/x86/boot.html
bool unpack_kernel(std::string_view image, const std::string& to) {
  constexpr size_t kSectorCount = 0x1F1;
  constexpr size_t kMagic = 0x202;
  constexpr size_t kPayloadOffset = 0x248;
  constexpr size_t kPayloadSize = 0x24C;
  constexpr std::string_view kPvhNote{"\x04\0\0\0\x04\0\0\0\x12\0\0\0Xen\0", 16};  // XEN_ELFNOTE_PHYS32_ENTRY
  constexpr std::string_view kPvhNote64{"\x04\0\0\0\x08\0\0\0\x12\0\0\0Xen\0", 16};
  if (image.size() < 0x250 || image.substr(kMagic, 4) != "HdrS") return false;
  const auto sectors = static_cast<uint8_t>(image[kSectorCount]);
  const size_t begin = (size_t{sectors == 0 ? uint8_t{4} : sectors} + 1) * 512 + little_u32(image, kPayloadOffset);
  const size_t size = little_u32(image, kPayloadSize);
  if (size <= 4 || begin > image.size() || size > image.size() - begin) return false;
  // The last four bytes are the size of what it unpacks to.
  const std::string_view payload = image.substr(begin, size - 4);
  const char* const program = unpacker_of(payload);
  if (program == nullptr) return false;
  // More than what a program's output may hold.
  const auto unpacked = os::run_checked(
      {.arguments = {"sh", "-c", "exec \"$1\" -dcq >\"$2\"", "sh", program, to}, .input = std::string(payload)});
  if (!unpacked.has_value()) return false;
  os::RealFileSystem files;
  const auto kernel = os::read_file(files, to);
  return kernel.has_value() &&
         kernel->starts_with(
             "\x7F"
             "ELF") &&
         (kernel->find(kPvhNote) != std::string::npos || kernel->find(kPvhNote64) != std::string::npos);
}

std::string_view without_signature(std::string_view module) {
  constexpr std::string_view kMark = "~Module signature appended~\n";
  constexpr size_t kHead = 12;  // struct module_signature, whose last member is the signature's size
  if (!module.ends_with(kMark) || module.size() < kMark.size() + kHead) return module;
  const size_t head = module.size() - kMark.size() - kHead;
  const size_t size = big_u32(module, head + kHead - 4);
  return size <= head ? module.substr(0, head - size) : module;
}

}  // namespace aerolith::compute
