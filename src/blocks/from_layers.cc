#include "blocks/from_layers.h"

#include <algorithm>

#include "blocks/qcow2_writer.h"

namespace aerolith::blocks {

namespace {

using Layers = std::vector<std::unique_ptr<Qcow2Layer>>;

// Of blocks that any of them says something of.
Result<std::vector<uint64_t>> find_blocks(const Layers& layers, bool has_base) {
  std::vector<uint64_t> found;
  for (uint64_t offset = 0; offset < layers.front()->size_bytes(); offset += kBlockBytes) {
    auto most = Qcow2Layer::Has::nothing;
    for (const auto& layer : layers) {
      if (most != Qcow2Layer::Has::data) most = std::max(most, TRY(layer->look(offset, kBlockBytes)));
    }
    // Where there is nothing, zeros change nothing.
    if (most == Qcow2Layer::Has::data || (most == Qcow2Layer::Has::zeros && has_base)) {
      found.push_back(offset / kBlockBytes);
    }
  }
  return found;
}

}  // namespace

Result<> put_layers(BlockStore::Writer& writer, const Layers& layers, const Told& told) {
  constexpr size_t kTellEvery = 64;
  const std::vector<uint64_t> found = TRY(find_blocks(layers, writer.has_base()));
  for (size_t done = 0; done < found.size(); ++done) {
    if (told && done % kTellEvery == 0) told(static_cast<int>(done * 100 / found.size()));
    std::string block = TRY(writer.read(found[done]));
    for (size_t layer = layers.size(); layer-- > 0;) TRY(layers[layer]->lay_over(found[done] * kBlockBytes, block));
    TRY(writer.put(found[done], block));
  }
  return {};
}

Result<> write_as_file(os::FileSystem& files, const BlockStore& store, std::string_view snapshot,
                       const std::string& path, const std::optional<LuksHead>& luks,
                       const std::function<bool(uint64_t done_bytes, uint64_t of_bytes)>& pace) {
  const uint64_t size_bytes = TRY(store.size_bytes(snapshot));
  const auto writer = TRY(Qcow2Writer::create(files, path, {.size_bytes = size_bytes, .luks = luks}));
  const std::vector<uint64_t> found = TRY(store.changed_blocks({}, snapshot));
  uint64_t done = 0;
  for (const uint64_t index : found) {
    if (pace && !pace(done++ * kBlockBytes, found.size() * kBlockBytes)) {
      return fail(VolumeErrorCode::in_use, path + " isn't made to its end");
    }
    TRY(writer->put(index, TRY(store.read(snapshot, index))));
  }
  return writer->finish();
}

}  // namespace aerolith::blocks
