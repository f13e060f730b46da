// Checks everything that is stored, while no server runs: `aerolith fsck`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "main/installation.h"

namespace aerolith::main_program {

struct FsckReport {
  uint64_t extents = 0;
  uint64_t bytes = 0;
  uint64_t unnamed = 0;               // extents that nothing names: lost room, but no lost bytes
  uint64_t blocks = 0;                // of snapshots
  std::vector<std::string> problems;  // a line each; empty: all is well
};

enum class FsckErrorCode : uint8_t {
  in_use,    // a server runs on the folder
  unopened,  // the stores can't be opened: the detail says why
};
using FsckError = Failure<FsckErrorCode>;

// Calls tell(stage) before each stage. Changes nothing that is stored.
Result<FsckReport, FsckError> check_stores(const DataFolder& data, const std::function<void(std::string_view)>& tell);

}  // namespace aerolith::main_program
