// An archive of the kind that a kernel unpacks as its first file system: cpio, "newc"
// (Documentation/driver-api/early-userspace/buffer-format.rst).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace aerolith::compute {

class CpioArchive {
 public:
  // Paths begin with a slash; missing parents are made.
  void add_folder(std::string_view path);
  void add_file(std::string_view path, std::string_view content, unsigned permissions);
  void add_character_device(std::string_view path, uint32_t major, uint32_t minor);
  std::string finish() &&;

 private:
  struct Entry {
    std::string_view path;
    uint32_t mode = 0;
    std::string_view content;
    uint32_t major = 0;
    uint32_t minor = 0;
  };
  void add_parents(std::string_view path);
  void add(const Entry& entry);
  void align();

  std::string bytes_;
  std::set<std::string, std::less<>> folders_;
  uint32_t number_ = 0;
};

}  // namespace aerolith::compute
