// The folder of the audit log: files of JSON lines, numbered from 1 without a gap, never written again once the next
// one begins. The oldest are removed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/line.h"
#include "os/file_system.h"

namespace aerolith::audit {

// "audit-0000000042.jsonl"
std::string file_name(uint64_t number);

// The numbers of all files there, in order; none when there is no folder.
os::Result<std::vector<uint64_t>> list_files(os::FileSystem& files, const std::string& folder);

// What begins a file; nullopt where that can't be read.
std::optional<FileHead> read_file_head(os::FileSystem& files, const std::string& path);

}  // namespace aerolith::audit
