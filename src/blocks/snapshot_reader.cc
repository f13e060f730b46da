#include "blocks/snapshot_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "blocks/from_files.h"
#include "blocks/qcow2_writer.h"
#include "blocks/qemu_files.h"

namespace aerolith::blocks {

namespace {

// As QEMU says by locks of single bytes that nobody else may write while it has a file (its block/file-posix.c). A file
// system without such locks: then nobody keeps to them.
void keep_closed(int descriptor) {
  constexpr off_t kOthersMayNotWrite = 201;
  struct flock lock{};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kOthersMayNotWrite;
  lock.l_len = 1;
  (void)::fcntl(descriptor, F_OFD_SETLK, &lock);
}

// The last block may be longer than what is left of the disk.
std::string_view part_of_disk(const SnapshotReader& snapshot, uint64_t index, std::string_view block) {
  return block.substr(0, std::min<uint64_t>(block.size(), snapshot.size_bytes() - index * kBlockBytes));
}

void tell(const Told& told, uint64_t done, uint64_t of) {
  constexpr uint64_t kTellEvery = 64;
  if (told && done % kTellEvery == 0) told(static_cast<int>(done * 100 / of));
}

Result<> write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return from_files(os::Result<>(std::unexpected(os::error_of(errno, "write"))));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<> write_raw(os::File& file, SnapshotReader& snapshot, const Told& told) {
  TRY(from_files(file.truncate(snapshot.size_bytes())));
  const std::vector<uint64_t> blocks = TRY(snapshot.find_blocks());
  for (size_t done = 0; done < blocks.size(); ++done) {
    tell(told, done, blocks.size());
    const std::string block = TRY(snapshot.read(blocks[done]));
    TRY(from_files(file.write_at(blocks[done] * kBlockBytes, part_of_disk(snapshot, blocks[done], block))));
  }
  return from_files(file.sync_data());
}

Result<> write_qcow2(os::FileSystem& files, SnapshotReader& snapshot, const std::string& path, const Told& told) {
  {
    const auto writer = TRY(Qcow2Writer::create(files, path, {.size_bytes = snapshot.size_bytes()}));
    const std::vector<uint64_t> blocks = TRY(snapshot.find_blocks());
    for (size_t done = 0; done < blocks.size(); ++done) {
      tell(told, done, blocks.size());
      TRY(writer->put(blocks[done], TRY(snapshot.read(blocks[done]))));
    }
    TRY(writer->finish());
  }
  return from_files(TRY(from_files(files.open(path, os::OpenMode::write, 0600)))->sync_data());
}

}  // namespace

Result<std::unique_ptr<SnapshotReader>> SnapshotReader::open(os::FileSystem& files, const std::string& folder,
                                                             std::string_view snapshot, const Sealing& sealing) {
  TRY(check_id(snapshot));
  std::unique_ptr<SnapshotReader> reader(new SnapshotReader(std::string(snapshot)));
  if (is_there(folder + "/store")) {
    auto store = TRY(BlockStore::open_to_read(files, folder + "/store", sealing));
    if (store->contains(snapshot)) {
      reader->size_bytes_ = TRY(store->size_bytes(snapshot));
      reader->is_encrypted_ = !store->key_of(snapshot).empty();
      reader->store_ = std::move(store);
      return reader;
    }
  }
  const std::string path = fmt::format("{}/snapshots/{}{}", folder, snapshot, kQcow2Suffix);
  if (!is_there(path)) {
    return fail(VolumeErrorCode::not_found, fmt::format("there is no snapshot {}, or it isn't complete", snapshot));
  }
  TRY(reader->open_file(files, path, sealing));
  return reader;
}

Result<std::unique_ptr<SnapshotReader>> SnapshotReader::open_volume(os::FileSystem& files, const std::string& folder,
                                                                    std::string_view volume, const Sealing& sealing) {
  TRY(check_id(volume));
  std::unique_ptr<SnapshotReader> reader(new SnapshotReader(std::string(volume)));
  const std::string path = fmt::format("{}/volumes/{}{}", folder, volume, kQcow2Suffix);
  if (!is_there(path)) return fail(VolumeErrorCode::not_found, fmt::format("there is no volume {}", volume));
  // First this, then the look at who writes: one of both sees the other.
  reader->kept_closed_ = TRY(from_files(files.open(path, os::OpenMode::read)));
  keep_closed(reader->kept_closed_->descriptor());
  TRY(reader->open_file(files, path, sealing));
  return reader;
}

Result<> SnapshotReader::open_file(os::FileSystem& files, const std::string& path, const Sealing& sealing) {
  const DiskSecrets secrets(files, sealing);
  layers_ = TRY(open_layers(files, path, &secrets));
  is_encrypted_ = !layers_.front()->key().empty();
  size_bytes_ = layers_.front()->size_bytes();
  return {};
}

Result<std::vector<uint64_t>> SnapshotReader::find_blocks() {
  if (store_) return store_->changed_blocks({}, snapshot_);
  std::vector<uint64_t> found;
  for (uint64_t offset = 0; offset < size_bytes_; offset += kBlockBytes) {
    bool has_data = false;
    for (const auto& layer : layers_) {
      has_data = has_data || TRY(layer->look(offset, kBlockBytes)) == Qcow2Layer::Has::data;
    }
    if (has_data) found.push_back(offset / kBlockBytes);
  }
  return found;
}

Result<std::string> SnapshotReader::read(uint64_t index) {
  if (store_) return store_->read(snapshot_, index);
  std::string block(kBlockBytes, '\0');
  for (size_t layer = layers_.size(); layer-- > 0;) TRY(layers_[layer]->lay_over(index * kBlockBytes, block));
  return block;
}

Result<> export_raw(os::FileSystem& files, SnapshotReader& snapshot, const std::string& path, const Told& told) {
  const auto file = TRY(from_files(files.open(path, os::OpenMode::create, 0600)));
  auto written = write_raw(*file, snapshot, told);
  if (!written.has_value()) (void)files.remove(path);
  return written;
}

Result<> export_qcow2(os::FileSystem& files, SnapshotReader& snapshot, const std::string& path, const Told& told) {
  if (is_there(path)) return fail(VolumeErrorCode::command, path + " is there already");
  auto written = write_qcow2(files, snapshot, path, told);
  if (!written.has_value()) (void)files.remove(path);
  return written;
}

Result<> stream_raw(SnapshotReader& snapshot, int descriptor, const Told& told) {
  const std::vector<uint64_t> blocks = TRY(snapshot.find_blocks());
  const std::string zeros(kBlockBytes, '\0');
  const uint64_t count = (snapshot.size_bytes() + kBlockBytes - 1) / kBlockBytes;
  auto next = blocks.begin();
  for (uint64_t index = 0; index < count; ++index) {
    tell(told, index, count);
    const bool has_bytes = next != blocks.end() && *next == index;
    if (has_bytes) ++next;
    const std::string block = has_bytes ? TRY(snapshot.read(index)) : std::string();
    TRY(write_all(descriptor, part_of_disk(snapshot, index, has_bytes ? block : zeros)));
  }
  return {};
}

}  // namespace aerolith::blocks
