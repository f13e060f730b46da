#include "compute/cpio.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <iterator>
#include <utility>

namespace aerolith::compute {

void CpioArchive::add_folder(std::string_view path) {
  if (folders_.contains(path)) return;
  add_parents(path);
  folders_.emplace(path);
  add({.path = path, .mode = S_IFDIR | 0755});
}

void CpioArchive::add_file(std::string_view path, std::string_view content, unsigned permissions) {
  add_parents(path);
  add({.path = path, .mode = S_IFREG | permissions, .content = content});
}

void CpioArchive::add_character_device(std::string_view path, uint32_t major, uint32_t minor) {
  add_parents(path);
  add({.path = path, .mode = S_IFCHR | 0600, .major = major, .minor = minor});
}

std::string CpioArchive::finish() && {
  add({.path = "/TRAILER!!!"});
  return std::move(bytes_);
}

void CpioArchive::add_parents(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash != 0 && slash != std::string_view::npos) add_folder(path.substr(0, slash));
}

void CpioArchive::add(const Entry& entry) {
  const std::string_view name = entry.path.substr(1);
  fmt::format_to(std::back_inserter(bytes_),
                 "070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", ++number_,
                 entry.mode, 0, 0, 1, 0, entry.content.size(), 0, 0, entry.major, entry.minor, name.size() + 1, 0);
  bytes_.append(name);
  bytes_.push_back('\0');
  align();
  bytes_.append(entry.content);
  align();
}

void CpioArchive::align() { bytes_.append((4 - bytes_.size() % 4) % 4, '\0'); }

}  // namespace aerolith::compute
