// How far a snapshot's file is that is made of blocks: `.<id>.progress` beside `.<id>.new`, so that the next start of
// the server goes on there (docs/formats/blocks.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "blocks/qcow2_writer.h"
#include "os/file_system.h"

namespace aerolith::blocks {

inline constexpr std::string_view kProgressSuffix = ".progress";

struct FillProgress {
  uint64_t size_bytes = 0;   // of the snapshot
  uint64_t of_blocks = 0;    // that it has
  uint64_t done_blocks = 0;  // of them, in order: they are on the disk
  Qcow2Writer::State writer;
  bool operator==(const FillProgress&) const = default;
};

std::string encode_progress(const FillProgress& progress);
Result<FillProgress> decode_progress(std::string_view bytes);  // `corrupt`

// Durable on return. What it says was synced before.
Result<> write_progress(os::FileSystem& files, const std::string& path, const FillProgress& progress);
// `not_found`, `corrupt`.
Result<FillProgress> read_progress(os::FileSystem& files, const std::string& path);

}  // namespace aerolith::blocks
