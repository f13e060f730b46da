// The bytes of qcow2 files into the store of blocks, and back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/block_store.h"
#include "blocks/qcow2_layer.h"

namespace aerolith::blocks {

// Puts what the layers have, the top one first, over what the writer's base has.
Result<> put_layers(BlockStore::Writer& writer, const std::vector<std::unique_ptr<Qcow2Layer>>& layers,
                    const Told& told);

struct FileOfBlocks {
  std::string snapshot;
  std::string path;
  std::string progress;  // where it is kept how far it is (fill_progress.h)
  std::string secret{};  // that it is encrypted with; empty: it isn't
};
// A qcow2 file without a backing file; not synced. Where one was begun, and it is known how far it came, it goes on
// there; else what lies at the path is replaced. `corrupt` where a block is damaged. `pace`: as in snapshot_files.h.
// After an error, what is done stays as far as it is known.
Result<> write_as_file(os::FileSystem& files, const BlockStore& store, const FileOfBlocks& wanted,
                       const std::function<bool(uint64_t done_bytes, uint64_t of_bytes)>& pace = {});

}  // namespace aerolith::blocks
