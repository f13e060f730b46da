// The bytes of qcow2 files into the store of blocks, and back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/block_store.h"
#include "blocks/luks.h"
#include "blocks/qcow2_layer.h"

namespace aerolith::blocks {

// Puts what the layers have, the top one first, over what the writer's base has.
Result<> put_layers(BlockStore::Writer& writer, const std::vector<std::unique_ptr<Qcow2Layer>>& layers,
                    const Told& told);

// A qcow2 file without a backing file, which isn't there yet, encrypted so; not synced. `corrupt` where a block is
// damaged. `pace`: as in snapshot_files.h.
Result<> write_as_file(os::FileSystem& files, const BlockStore& store, std::string_view snapshot,
                       const std::string& path, const std::optional<LuksHead>& luks,
                       const std::function<bool(uint64_t done_bytes, uint64_t of_bytes)>& pace = {});

}  // namespace aerolith::blocks
