#include "blocks/from_layers.h"

#include <algorithm>

#include "base/step.h"
#include "blocks/fill_progress.h"
#include "blocks/qcow2_writer.h"
#include "blocks/qemu_files.h"

namespace aerolith::blocks {

namespace {

constexpr uint64_t kKeepEvery = (uint64_t{256} << 20) / kBlockBytes;  // a kill costs that much

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

struct Begun {
  FillProgress of;
  std::unique_ptr<Qcow2Writer> writer;
  uint64_t done = 0;  // blocks
};

// Where an earlier one got to, or from the start.
Result<Begun> begin(os::FileSystem& files, const FileOfBlocks& wanted, uint64_t size_bytes, uint64_t blocks) {
  NewQcow2 file{.size_bytes = size_bytes};
  if (!wanted.secret.empty()) file.luks = make_luks(wanted.secret);
  Begun begun{.of = {.size_bytes = size_bytes, .of_blocks = blocks}};
  if (auto known = read_progress(files, wanted.progress); known.has_value()) {
    const bool fits = known->size_bytes == size_bytes && known->of_blocks == blocks && known->done_blocks <= blocks;
    auto writer = Qcow2Writer::resume(files, wanted.path, file, wanted.secret, std::move(known->writer));
    if (fits && writer.has_value()) {
      begun.done = known->done_blocks;
      begun.writer = *std::move(writer);
      return begun;
    }
  }
  // What is known of the one before isn't of the one that comes.
  TRY(remove_file(files, wanted.progress));
  TRY(remove_file(files, wanted.path));
  begun.writer = TRY(Qcow2Writer::create(files, wanted.path, file));
  return begun;
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

Result<> write_as_file(os::FileSystem& files, const BlockStore& store, const FileOfBlocks& wanted,
                       const std::function<bool(uint64_t done_bytes, uint64_t of_bytes)>& pace) {
  const std::vector<uint64_t> found = TRY(store.changed_blocks({}, wanted.snapshot));
  Begun begun = TRY(begin(files, wanted, TRY(store.size_bytes(wanted.snapshot)), found.size()));
  uint64_t kept = begun.done;
  const auto keep = [&]() -> Result<> {
    if (begun.done == kept) return {};
    FillProgress progress = begun.of;
    progress.done_blocks = begun.done;
    progress.writer = TRY(begun.writer->sync());
    TRY(write_progress(files, wanted.progress, progress));
    step("fill/progress-kept");
    kept = begun.done;
    return {};
  };
  while (begun.done < found.size()) {
    const bool goes_on = !pace || pace(begun.done * kBlockBytes, found.size() * kBlockBytes);
    auto block = goes_on ? store.read(wanted.snapshot, found[begun.done])
                         : fail(VolumeErrorCode::in_use, wanted.path + " isn't made to its end");
    if (!block.has_value()) {
      (void)keep();
      return std::unexpected(block.error());
    }
    TRY(begun.writer->put(found[begun.done], *block));
    ++begun.done;
    if (begun.done - kept >= kKeepEvery) TRY(keep());
  }
  return begun.writer->finish();
}

}  // namespace aerolith::blocks
