// Files: volumes/<id>.qcow2 and snapshots/<id>.qcow2 (read-only), and the store of blocks in store/. Each file is made
// as ".<id>.new" beside its place, synced, and then renamed: a name that is there is whole. What a guest's QEMU fills
// is "snapshots/.<id>.copy", and then ".<id>.whole" until it is stored. Beside an encrypted one lies "<id>.secret"
// (disk_secrets.h), made before it and removed after it. A volume names its snapshot relatively, so
// that the folder may move.
#include "blocks/volumes.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "base/step.h"
#include "blocks/behind.h"
#include "blocks/block_store.h"
#include "blocks/disk_secrets.h"
#include "blocks/fill_progress.h"
#include "blocks/from_files.h"
#include "blocks/from_layers.h"
#include "blocks/luks.h"
#include "blocks/qcow2.h"
#include "blocks/qcow2_writer.h"
#include "blocks/qemu_files.h"
#include "blocks/snapshot_files.h"
#include "blocks/snapshot_fills.h"
#include "os/file_system.h"
#include "os/free_space.h"

namespace aerolith::blocks {

namespace json = boost::json;

namespace {

constexpr auto kCopyPatience = std::chrono::hours(2);
constexpr auto kPatience = std::chrono::minutes(1);

class QcowVolumes final : public Volumes {
 public:
  QcowVolumes(std::string folder, const Sealing& sealing, const FillSettings& fills)
      : volumes_folder_(folder + "/volumes"),
        snapshots_folder_(folder + "/snapshots"),
        store_folder_(std::move(folder) + "/store"),
        sealing_(sealing),
        fill_settings_(fills),
        secrets_(files_, sealing) {}

  Result<> start() {
    for (const std::string& folder : {volumes_folder_, snapshots_folder_}) {
      TRY(from_files(files_.make_directories(folder)));
      for (const auto& entry : TRY(from_files(files_.list(folder)))) {
        if (!entry.name.ends_with(kHalfDoneSuffix)) continue;
        const std::string path = folder + "/" + entry.name;
        const std::string name = path.substr(0, path.size() - kHalfDoneSuffix.size());
        if (!is_there(name + std::string(kProgressSuffix))) TRY(from_files(files_.remove(path)));
      }
      TRY(secrets_.remove_strays(folder));
    }
    store_ = TRY(BlockStore::open(files_, store_folder_, sealing_));
    snapshots_ = std::make_unique<SnapshotFiles>(files_, *store_, secrets_, volumes_folder_, snapshots_folder_);
    fills_ = std::make_unique<SnapshotFills>(*snapshots_, fill_settings_.bytes_per_second);
    const std::set<std::string> missing = TRY(snapshots_->find_missing());
    TRY(snapshots_->drop_strays(missing));
    for (const std::string& snapshot : missing) fills_->add(snapshot, 0);
    return {};
  }

  Result<> create(const NewVolume& wanted) override {
    const auto& [volume, size_bytes, snapshot, key, fill_bytes_per_second] = wanted;
    TRY(check_id(volume));
    if (is_there(file_of(volume))) return {};  // whole, or it wouldn't have its name
    const std::string half_done = half_done_file(volumes_folder_, volume);
    std::string backing_file;
    std::optional<SnapshotFiles::Use> use;
    bool is_filled_later = false;
    if (!snapshot.empty()) {
      TRY(check_id(snapshot));
      use.emplace(*snapshots_, snapshot, SnapshotFiles::Use::For::making);
      if (!use->is_allowed()) return fail(VolumeErrorCode::not_found, fmt::format("{} is being removed", snapshot));
      const uint64_t least = TRY(snapshot_size_bytes(snapshot));
      if (size_bytes < least) {
        return fail(VolumeErrorCode::command,
                    fmt::format("{} bytes are fewer than those of {}: {}", size_bytes, snapshot, least));
      }
      is_filled_later = TRY(is_to_be_filled_later(snapshot));
      if (!is_filled_later) TRY(snapshots_->make(snapshot));
      const bool is_closed =
          is_filled_later ? !store_->key_of(snapshot).empty() : TRY(is_encrypted(snapshots_->path_of(snapshot)));
      if (key.empty() && is_closed) {
        return fail(VolumeErrorCode::command, fmt::format("{} is encrypted, and {} wouldn't be", snapshot, volume));
      }
      backing_file = name_behind_volume(snapshot);
    }
    if (!key.empty()) {
      TRY(make_encrypted(half_done, file_of(volume), key,
                         {.size_bytes = size_bytes, .backing_file = std::move(backing_file)}));
    } else {
      std::vector<std::string> arguments{"create", "-q", "-f", "qcow2"};
      if (!backing_file.empty())
        arguments.insert(arguments.end(), {"-u", "-F", "qcow2", "-b", std::move(backing_file)});
      arguments.insert(arguments.end(), {half_done, std::to_string(size_bytes)});
      TRY(make_file(files_, half_done, file_of(volume), 0600,
                    {.arguments = std::move(arguments), .patience = kPatience}));
    }
    if (is_filled_later) fills_->add(snapshot, fill_bytes_per_second);
    return {};
  }

  Result<> remove(std::string_view volume) override {
    TRY(check_id(volume));
    const auto header = read_qcow2_header(files_, file_of(volume));
    TRY(remove_file(files_, file_of(volume)));
    if (header.has_value()) stop_filling(snapshot_of_file(header->backing_file));
    return secrets_.remove(file_of(volume));
  }

  std::optional<Filling> filling(std::string_view snapshot) const override { return fills_->find(snapshot); }
  void fill_faster(std::string_view snapshot, uint64_t bytes_per_second) override {
    if (fills_->find(snapshot)) fills_->add(snapshot, bytes_per_second);
  }

  Result<> grow(const ClosedVolume& volume, uint64_t size_bytes) override {
    TRY(check_id(volume.id));
    const std::string file = file_of(volume.id);
    const Qcow2Header header = TRY(from_files(read_qcow2_header(files_, file)));
    TRY(require_behind(header, file, name_behind_volume(volume.base)));
    if (header.size_bytes >= size_bytes) return {};
    // What is behind it may have a secret of its own, or not be there yet, and isn't needed.
    ImgCommand command{.arguments = {"resize", "-q", describe_alone(file, header.is_encrypted)}, .patience = kPatience};
    if (header.is_encrypted) command.secret = TRY(secrets_.read(file)).text;
    command.arguments.push_back(std::to_string(size_bytes));
    TRY(run_qemu_img(std::move(command)));
    step("volume/grown");
    auto opened = TRY(from_files(files_.open(file, os::OpenMode::write, 0600)));
    return from_files(opened->sync_data());
  }

  Result<uint64_t> free_bytes() const override {
    const auto bytes = os::free_bytes(volumes_folder_);
    if (!bytes) return fail(VolumeErrorCode::command, "the free space of " + volumes_folder_ + " can't be told");
    return *bytes;
  }

  std::string file_of(std::string_view volume) const override {
    return fmt::format("{}/{}{}", volumes_folder_, volume, kQcow2Suffix);
  }

  Result<std::vector<std::string>> list() override { return ids_in(files_, volumes_folder_); }

  BlockStore& blocks() override { return *store_; }

  // A child's bytes that it has itself, over its snapshot's blocks where that has blocks.
  Result<> snapshot(const ClosedVolume& volume, std::string_view snapshot, const Told& told) override {
    TRY(check_id(volume.id));
    TRY(check_id(snapshot));
    if (is_made(snapshot)) return {};
    const std::string file = file_of(volume.id);
    if (!is_there(file)) return fail(VolumeErrorCode::not_found, fmt::format("no volume {}", volume.id));
    std::vector<std::unique_ptr<Qcow2Layer>> layers;
    layers.push_back(TRY(Qcow2Layer::open(files_, file, &secrets_)));
    TRY(require_behind(layers.front()->header(), file, name_behind_volume(volume.base)));
    const std::string& base = volume.base;
    // Blocks that aren't encrypted as the volume is are no part of its snapshots.
    if (!base.empty() && store_->contains(base) && store_->key_of(base) == layers.front()->key()) {
      auto stored = store_layers(layers, snapshot, base, told);
      const bool has_base = store_->contains(base);
      if (stored.has_value() || (has_base && stored.error().code != VolumeErrorCode::corrupt)) return stored;
    }
    // It has no blocks, was removed in between, or is damaged: its file may do.
    if (!base.empty() && !is_there(snapshots_->path_of(base))) {
      const SnapshotFiles::Use use(*snapshots_, base, SnapshotFiles::Use::For::making);
      if (!use.is_allowed()) return fail(VolumeErrorCode::not_found, fmt::format("{} is being removed", base));
      TRY(snapshots_->make(base));
    }
    if (!base.empty())
      std::ranges::move(TRY(open_layers(files_, snapshots_->path_of(base), &secrets_)), std::back_inserter(layers));
    return store_layers(layers, snapshot, {}, told);
  }

  Result<> store_file(std::string_view path, const NewSnapshot& wanted, const Told& told) override {
    TRY(check_id(wanted.snapshot));
    const std::string whole = whole_file(wanted.snapshot);
    if (!is_made(wanted.snapshot) && !is_there(whole)) TRY(convert(path, wanted, whole, 0600));
    return store_copy(wanted.snapshot, {}, told);
  }

  Result<> import_file(std::string_view path, std::string_view snapshot) override {
    TRY(check_id(snapshot));
    if (is_there(snapshots_->path_of(snapshot))) return {};
    return convert(path, {.snapshot = std::string(snapshot)}, snapshots_->path_of(snapshot), 0400);
  }

  Result<> move_to_blocks(std::string_view snapshot, const Told& told) override {
    TRY(check_id(snapshot));
    if (store_->contains(snapshot)) return {};
    const SnapshotFiles::Use use(*snapshots_, snapshot, SnapshotFiles::Use::For::making);
    if (!use.is_allowed()) return fail(VolumeErrorCode::not_found, fmt::format("{} is being removed", snapshot));
    return store_layers(TRY(open_layers(files_, snapshots_->path_of(snapshot), &secrets_)), snapshot, {}, told);
  }

  Result<> keep_file(std::string_view snapshot) override {
    TRY(check_id(snapshot));
    auto use = std::make_unique<SnapshotFiles::Use>(*snapshots_, snapshot, SnapshotFiles::Use::For::making);
    if (!use->is_allowed()) return fail(VolumeErrorCode::not_found, fmt::format("{} is being removed", snapshot));
    TRY(snapshots_->make(snapshot));
    const std::lock_guard lock(mutex_);
    kept_files_.try_emplace(std::string(snapshot), std::move(use));
    return {};
  }

  void let_file_go(std::string_view snapshot) override {
    std::unique_ptr<SnapshotFiles::Use> use;  // ends after the lock
    const std::lock_guard lock(mutex_);
    const auto kept = kept_files_.find(snapshot);
    if (kept == kept_files_.end()) return;
    use = std::move(kept->second);
    kept_files_.erase(kept);
  }

  Result<> keep_blocks_alone(std::string_view snapshot, const Told& told) override {
    TRY(move_to_blocks(snapshot, told));
    return snapshots_->drop_file(snapshot);
  }

  Result<std::string> begin_copy(const NewCopy& wanted) override {
    TRY(check_id(wanted.volume));
    TRY(check_id(wanted.snapshot));
    const std::string file = copied_file(wanted.snapshot);
    if (is_there(file)) return file;
    const Qcow2Header header = TRY(from_files(read_qcow2_header(files_, file_of(wanted.volume))));
    TRY(check_room_for_copy(wanted, header));
    const std::string half_done = half_done_file(snapshots_folder_, wanted.snapshot);
    const std::string backing_file = name_behind_snapshot(wanted.base);
    if (!wanted.base.empty()) TRY(check_id(wanted.base));
    if (header.is_encrypted) {
      const std::string key = TRY(secrets_.read(file_of(wanted.volume))).key;
      TRY(make_encrypted(half_done, file, key, {.size_bytes = header.size_bytes, .backing_file = backing_file}));
      return file;
    }
    std::vector<std::string> arguments{"create", "-q", "-f", "qcow2"};
    // Its file may not be there, and nothing is read from it.
    if (!backing_file.empty()) arguments.insert(arguments.end(), {"-u", "-F", "qcow2", "-b", backing_file});
    arguments.insert(arguments.end(), {half_done, std::to_string(header.size_bytes)});
    TRY(make_file(files_, half_done, file, 0600, {.arguments = std::move(arguments), .patience = kPatience}));
    return file;
  }

  Result<> keep_copy(std::string_view snapshot) override {
    TRY(check_id(snapshot));
    if (is_there(whole_file(snapshot)) || is_made(snapshot)) return {};
    if (!is_there(copied_file(snapshot))) {
      return fail(VolumeErrorCode::not_found, fmt::format("no copy {} was begun", snapshot));
    }
    return settle_file(files_, copied_file(snapshot), whole_file(snapshot), 0600);
  }

  bool is_kept(std::string_view snapshot) const override {
    return check_id(snapshot).has_value() && is_there(whole_file(snapshot));
  }

  Result<> store_copy(std::string_view snapshot, std::string_view base, const Told& told) override {
    TRY(check_id(snapshot));
    const std::string copy = whole_file(snapshot);
    if (!is_made(snapshot)) {
      std::vector<std::unique_ptr<Qcow2Layer>> layers;
      layers.push_back(TRY(Qcow2Layer::open(files_, copy, &secrets_)));
      const Qcow2Header& header = layers.front()->header();
      const bool has_base = !header.backing_file.empty();
      TRY(require_behind(header, copy, has_base ? name_behind_snapshot(base) : std::string()));
      TRY(store_layers(layers, snapshot, std::string(has_base ? base : std::string_view()), told));
    }
    // The snapshot is there; the file only spares the first volume's waiting.
    if (is_there(copy) && !snapshots_->take(snapshot, copy, base).has_value()) TRY(remove_file(files_, copy));
    step("snapshot/file-taken");
    snapshots_->give_room(SnapshotFiles::Room::as_usual);
    return {};
  }

  Result<> drop_copy(std::string_view snapshot) override {
    TRY(check_id(snapshot));
    TRY(remove_file(files_, whole_file(snapshot)));
    TRY(remove_file(files_, copied_file(snapshot)));
    return is_made(snapshot) ? Result<>() : secrets_.remove(copied_file(snapshot));
  }

  Result<> link_snapshot(std::string_view from, std::string_view to) override {
    TRY(check_id(from));
    TRY(check_id(to));
    const SnapshotFiles::Use use(*snapshots_, from, SnapshotFiles::Use::For::making);
    if (!use.is_allowed()) return fail(VolumeErrorCode::not_found, fmt::format("{} is being removed", from));
    const bool has_blocks = store_->contains(from);
    if (has_blocks && !store_->contains(to)) {
      const auto writer = TRY(store_->begin(to, TRY(store_->size_bytes(from)), from, store_->key_of(from)));
      TRY(writer->commit());
    }
    if (is_there(snapshots_->path_of(to))) return {};
    if (has_blocks && !is_there(snapshots_->path_of(from))) return {};
    if (TRY(is_encrypted(snapshots_->path_of(from))))
      TRY(secrets_.share(snapshots_->path_of(from), snapshots_->path_of(to)));
    if (::link(snapshots_->path_of(from).c_str(), snapshots_->path_of(to).c_str()) < 0) {
      return from_files(os::Result<>(std::unexpected(os::error_of(errno, "link " + snapshots_->path_of(from)))));
    }
    step("snapshot/linked");
    return from_files(files_.sync_directory(snapshots_folder_));
  }

  Result<> encrypt_snapshot(std::string_view from, const NewSnapshot& wanted, const Told& told) override {
    TRY(check_id(from));
    TRY(check_id(wanted.snapshot));
    if (store_->contains(wanted.snapshot)) return {};
    if (store_->contains(from) && store_->key_of(from) == wanted.key) return link_snapshot(from, wanted.snapshot);
    const SnapshotFiles::Use use(*snapshots_, from, SnapshotFiles::Use::For::making);
    if (!use.is_allowed()) return fail(VolumeErrorCode::not_found, fmt::format("{} is being removed", from));
    auto stored = copy_blocks(from, wanted, told);
    if (stored.has_value() || stored.error().code != VolumeErrorCode::no_space) return stored;
    snapshots_->give_room(SnapshotFiles::Room::all);
    return copy_blocks(from, wanted, told);
  }

  Result<std::vector<std::string>> list_snapshots() override {
    std::vector<std::string> ids = TRY(ids_in(files_, snapshots_folder_));
    std::ranges::copy(store_->list(), std::back_inserter(ids));
    std::ranges::sort(ids);
    const auto again = std::ranges::unique(ids);
    ids.erase(again.begin(), again.end());
    return ids;
  }

  Result<uint64_t> snapshot_size_bytes(std::string_view snapshot) override {
    TRY(check_id(snapshot));
    if (store_->contains(snapshot)) return store_->size_bytes(snapshot);
    const std::string path = snapshots_->path_of(snapshot);
    const Qcow2Header header = TRY(from_files(read_qcow2_header(files_, path)));
    if (!header.is_qcow2) return fail(VolumeErrorCode::corrupt, path + " isn't a qcow2 file");
    return header.size_bytes;
  }

  Result<> remove_snapshot(std::string_view snapshot) override {
    TRY(check_id(snapshot));
    return snapshots_->remove(snapshot);
  }

 private:
  bool is_made(std::string_view snapshot) const {
    return store_->contains(snapshot) || is_there(snapshots_->path_of(snapshot));
  }
  static std::string half_done_file(const std::string& folder, std::string_view id) {
    return fmt::format("{}/.{}{}", folder, id, kHalfDoneSuffix);
  }
  std::string copied_file(std::string_view snapshot) const {
    return fmt::format("{}/.{}.copy", snapshots_folder_, snapshot);
  }
  std::string whole_file(std::string_view snapshot) const {
    return fmt::format("{}/.{}.whole", snapshots_folder_, snapshot);
  }

  Result<> store_layers(const std::vector<std::unique_ptr<Qcow2Layer>>& layers, std::string_view snapshot,
                        const std::string& base, const Told& told) {
    auto stored = try_to_store(layers, snapshot, base, told);
    if (stored.has_value() || stored.error().code != VolumeErrorCode::no_space) return stored;
    snapshots_->give_room(SnapshotFiles::Room::all);
    return try_to_store(layers, snapshot, base, told);
  }
  Result<> try_to_store(const std::vector<std::unique_ptr<Qcow2Layer>>& layers, std::string_view snapshot,
                        const std::string& base, const Told& told) {
    const auto writer = TRY(store_->begin(snapshot, layers.front()->size_bytes(), base, layers.front()->key()));
    TRY(put_layers(*writer, layers, told));
    return writer->commit();
  }

  // Of blocks, or of a file.
  Result<> copy_blocks(std::string_view from, const NewSnapshot& wanted, const Told& told) {
    constexpr size_t kTellEvery = 64;
    const auto writer = TRY(store_->begin(wanted.snapshot, TRY(snapshot_size_bytes(from)), {}, wanted.key));
    if (!store_->contains(from)) {
      TRY(put_layers(*writer, TRY(open_layers(files_, snapshots_->path_of(from), &secrets_)), told));
      return writer->commit();
    }
    const std::vector<uint64_t> found = TRY(store_->changed_blocks({}, from));
    for (size_t done = 0; done < found.size(); ++done) {
      if (told && done % kTellEvery == 0) told(static_cast<int>(done * 100 / found.size()));
      TRY(writer->put(found[done], TRY(store_->read(from, found[done]))));
    }
    return writer->commit();
  }

  // An empty one, with a secret of its own. No program makes it: QEMU's takes seconds to choose how slow a try of the
  // secret should be, and fails now and then.
  Result<> make_encrypted(const std::string& half_done, const std::string& file, std::string_view key,
                          NewQcow2 wanted) {
    TRY(write_encrypted(half_done, key, std::move(wanted)));
    auto settled = settle_file(files_, half_done, file, 0600);
    if (!settled.has_value()) ::unlink(half_done.c_str());
    return settled;
  }
  // -> its secret
  Result<std::string> write_encrypted(const std::string& half_done, std::string_view key, NewQcow2 wanted) {
    const std::string secret = TRY(secrets_.make(half_done, key)).text;
    ::unlink(half_done.c_str());  // where we were killed in between
    wanted.luks = make_luks(secret);
    const auto writer = TRY(Qcow2Writer::create(files_, half_done, wanted));
    auto written = writer->finish();
    if (written.has_value()) return secret;
    ::unlink(half_done.c_str());
    return std::unexpected(written.error());
  }

  Result<bool> is_encrypted(const std::string& path) {
    return TRY(from_files(read_qcow2_header(files_, path))).is_encrypted;
  }

  // A file without what is behind it.
  static std::string describe_alone(const std::string& path, bool is_encrypted) {
    json::object node{{"driver", "qcow2"}, {"backing", nullptr}, {"file", {{"driver", "file"}, {"filename", path}}}};
    if (is_encrypted) node["encrypt"] = json::object{{"format", "luks"}, {"key-secret", kSecretId}};
    return "json:" + json::serialize(node);
  }

  Result<bool> is_to_be_filled_later(const std::string& snapshot) {
    if (!fill_settings_.is_later || is_there(snapshots_->path_of(snapshot)) || !store_->contains(snapshot)) {
      return false;
    }
    return TRY(store_->manifest(snapshot))->blocks.size() * kBlockBytes > fill_settings_.at_once_bytes;
  }

  // Where it was the last one. A file that nothing needs is made for nothing.
  void stop_filling(const std::string& snapshot) {
    if (snapshot.empty() || !fills_->find(snapshot)) return;
    const auto has_volumes = snapshots_->has_volumes(snapshot);
    if (has_volumes.has_value() && !*has_volumes) fills_->drop(snapshot);
  }

  // A guest whose write waits for a copy of what was there gets an error where that copy finds the disk full.
  Result<> check_room_for_copy(const NewCopy& wanted, const Qcow2Header& header) {
    constexpr uint64_t kReserveBytes = uint64_t{64} << 20;
    uint64_t needed = allocated_bytes(file_of(wanted.volume));
    if (!header.backing_file.empty()) needed += bytes_behind(header.backing_file);
    needed = kReserveBytes + std::min(needed, wanted.most_bytes.value_or(needed));
    if (TRY(free_bytes()) < needed) snapshots_->give_room(SnapshotFiles::Room::all);
    if (TRY(free_bytes()) >= needed) return {};
    return fail(VolumeErrorCode::no_space, fmt::format("a copy of {} may take {} bytes", wanted.volume, needed));
  }

  uint64_t bytes_behind(const std::string& backing_file) {
    const std::string path = volumes_folder_ + "/" + backing_file;
    if (is_there(path)) return allocated_bytes(path);
    const auto manifest = store_->manifest(snapshot_of_file(backing_file));
    return manifest.has_value() ? (*manifest)->blocks.size() * kBlockBytes : 0;
  }

  // A whole copy without backing file, sparse.
  Result<> convert(std::string_view path, const NewSnapshot& wanted, const std::string& to, unsigned permissions) {
    const std::string source(path);
    const Qcow2Header header = TRY(from_files(read_qcow2_header(files_, source)));
    // Else a file from outside could have us read any other file of the host into a snapshot.
    if (header.is_qcow2 && (!header.backing_file.empty() || header.has_data_file)) {
      return fail(VolumeErrorCode::corrupt, source + " isn't whole: it names another file for its bytes");
    }
    if (header.is_encrypted) return fail(VolumeErrorCode::corrupt, source + " is encrypted");
    const std::string half_done = half_done_file(snapshots_folder_, wanted.snapshot);
    const std::string format = header.is_qcow2 ? "qcow2" : "raw";
    ImgCommand command{.arguments = {"convert", "-q", "-f", format}, .patience = kCopyPatience};
    if (wanted.key.empty()) {
      command.arguments.insert(command.arguments.end(), {"-O", "qcow2", source, half_done});
    } else {
      const uint64_t bytes = header.is_qcow2 ? header.size_bytes : TRY(file_bytes(source));
      const uint64_t size_bytes = (bytes + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
      command.secret = TRY(write_encrypted(half_done, wanted.key, {.size_bytes = size_bytes}));
      command.arguments.insert(
          command.arguments.end(),
          {"-n", "--target-is-zero", "--target-image-opts", source,
           fmt::format("driver=qcow2,encrypt.key-secret={},file.filename={}", kSecretId, double_commas(half_done))});
    }
    return make_file(files_, half_done, to, permissions, std::move(command));
  }

  Result<uint64_t> file_bytes(const std::string& path) {
    return from_files(TRY(from_files(files_.open(path, os::OpenMode::read, 0600)))->size());
  }

  static std::string double_commas(std::string_view text) {
    std::string doubled;
    for (const char each : text) doubled.append(each == ',' ? 2 : 1, each);
    return doubled;
  }

  os::RealFileSystem files_;
  const std::string volumes_folder_;
  const std::string snapshots_folder_;
  const std::string store_folder_;
  const Sealing sealing_;
  const FillSettings fill_settings_;
  const DiskSecrets secrets_;
  std::unique_ptr<BlockStore> store_;
  std::unique_ptr<SnapshotFiles> snapshots_;
  std::unique_ptr<SnapshotFills> fills_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<SnapshotFiles::Use>, std::less<>> kept_files_;  // guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<Volumes>> Volumes::open(std::string folder, const Sealing& sealing, const FillSettings& fills) {
  auto volumes = std::make_unique<QcowVolumes>(std::move(folder), sealing, fills);
  TRY(volumes->start());
  return volumes;
}

Result<std::unique_ptr<Volumes>> Volumes::open(std::string folder) { return open(std::move(folder), Sealing()); }

}  // namespace aerolith::blocks
