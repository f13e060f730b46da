// One process at a time per folder: an flock on a file that holds the owner's process id.
// The kernel lets go of it when the process ends, however that happens.
#pragma once

#include <memory>
#include <string>

#include "os/file_system.h"

namespace aerolith::os {

class LockFile {
 public:
  // `busy` when another process (or another LockFile of this one) has it; the detail names its process id.
  // The file is made if need be and stays there afterwards.
  static Result<std::unique_ptr<LockFile>> acquire(const std::string& path);
  ~LockFile();
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace aerolith::os
