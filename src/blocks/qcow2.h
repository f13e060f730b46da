// What the header of a qcow2 file says (QEMU's docs/interop/qcow2.txt), read without a program.
#pragma once

#include <cstdint>
#include <string>

#include "os/file_system.h"

namespace aerolith::blocks {

struct Qcow2Header {
  bool is_qcow2 = false;  // false: what follows means nothing
  uint64_t size_bytes = 0;
  std::string backing_file;    // as written there: relative to the folder of the file
  bool has_data_file = false;  // its bytes lie in another file
  bool is_encrypted = false;   // by LUKS (luks.h), whose head lies in the file
  uint64_t luks_place = 0;
  uint64_t luks_bytes = 0;
};

os::Result<Qcow2Header> read_qcow2_header(os::FileSystem& files, const std::string& path);

// A backing file's path as the file system knows it.
std::string resolve_backing_file(const std::string& path, const std::string& backing_file);

}  // namespace aerolith::blocks
