#include "services/ec2/settle_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/step.h"
#include "services/ec2/archive_disks.h"
#include "services/ec2/encryption.h"
#include "services/ec2/import_end.h"
#include "services/ec2/imports.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/volume_sizes.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;
using blocks::DiskFormat;
using blocks::ImportErrorCode;
using reconcile::Again;
using reconcile::Failed;
using reconcile::Outcome;
using reconcile::Settled;

constexpr auto kImportPatience = 10min;  // with what may pass by itself
constexpr uint64_t kTurnBytes = uint64_t{64} << 20;
// https://docs.aws.amazon.com/vm-import/latest/userguide/limitations-image-importing.html
constexpr uint64_t kMostDiskBytes = 16384 * kGib;
// How much of a disk's way is behind it when its file is here, and when it is converted.
constexpr int32_t kReceivedPercent = 45;
constexpr int32_t kConvertedPercent = 90;

// Of files that hold a disk.
DiskFormat file_format(ImportFormat format) {
  switch (format) {
    case ImportFormat::vmdk:
      return DiskFormat::vmdk;
    case ImportFormat::vhd:
      return DiskFormat::vhd;
    case ImportFormat::vhdx:
      return DiskFormat::vhdx;
    case ImportFormat::raw:
    case ImportFormat::ova:
    case ImportFormat::snapshot:
      break;
  }
  return DiskFormat::raw;
}

class ImportWork {
 public:
  ImportWork(const ImportTools& tools, Key key, ImportRecord record)
      : cloud_(tools.cloud),
        tools_(tools),
        key_(std::move(key)),
        record_(std::move(record)),
        table_(imports_of(key_.id)) {}

  Outcome run() {
    if (record_.state == ImportState::deleting) return take_back();
    if (record_.state != ImportState::active) return Settled{};
    const auto next = std::ranges::find(record_.disks, false, &ImportDisk::is_made);
    return next == record_.disks.end() ? complete() : make(*next);
  }

 private:
  // Where it is still active.
  template <typename Change>
  Outcome update(Change change) {
    const auto updated = metadata::run_transaction(cloud_.metadata, [&](metadata::Transaction& txn) -> Result<> {
      auto stored = TRY(table_.find(txn, key_.scope, key_.id));
      if (!stored || stored->state != ImportState::active) return {};
      change(*stored);
      table_.put(txn, key_.scope, *stored);
      return {};
    });
    step("import/noted");
    if (!updated.has_value()) return Failed{updated.error().message};
    return Again{0ms};
  }
  // Of the same disk in the record as it is stored. It got on.
  template <typename Change>
  Outcome update(const ImportDisk& disk, Change change) {
    return update([&](ImportRecord& task) {
      const auto stored = std::ranges::find(task.disks, disk.snapshot, &ImportDisk::snapshot);
      if (stored == task.disks.end()) return;
      change(task, *stored);
      got_on(task);
    });
  }
  void got_on(ImportRecord& task) const {
    task.moved_at = tools_.clock.now();
    task.failing_since.reset();
  }
  Outcome note_percent(const ImportDisk& disk, ImportStage stage, int32_t percent) {
    // What came of a large disk may be less than a hundredth.
    if (percent > disk.percent || (record_.failing_since && stage == ImportStage::downloading)) {
      return update(disk, [&](ImportRecord& task, ImportDisk& stored) {
        task.stage = stage;
        stored.percent = std::max(stored.percent, percent);
      });
    }
    if (record_.stage == stage) return Again{0ms};
    return update([&](ImportRecord& task) { task.stage = stage; });
  }
  bool may_go_on() const {
    if (tools_.is_ending) return false;
    const auto stored = table_.find(*cloud_.metadata.begin_read(), key_.scope, key_.id);
    return stored.has_value() && *stored && (*stored)->state == ImportState::active;
  }

  Outcome fail_with(const std::string& message) {
    log_warning("ec2: an import failed", {{"task", key_.id}, {"why", message}});
    return update([&](ImportRecord& task) {
      task.state = ImportState::deleting;
      task.message = message;
    });
  }
  // Counted from the first failure, not from the last step that ended well: a step may take hours.
  Outcome try_again(const std::string& why) {
    const Timestamp now = tools_.clock.now();
    if (!record_.failing_since) {
      auto noted = update([&](ImportRecord& task) { task.failing_since = now; });
      return std::holds_alternative<Failed>(noted) ? noted : Failed{why};
    }
    if (now - *record_.failing_since < kImportPatience) return Failed{why};
    log_error("ec2: an import was given up", {{"task", key_.id}, {"why", why}});
    return fail_with("ServerError: an internal error has occurred during conversion.");
  }
  Outcome broke(const DiskObjectError& error) {
    if (error.code == DiskObjectFault::failed) return try_again(error.detail);
    return fail_with(message_of(error));
  }
  Outcome broke(const ImportDisk& disk, const blocks::ImportError& error) {
    switch (error.code) {
      case ImportErrorCode::disk:
        log_info("ec2: a disk is refused", {{"task", key_.id}, {"why", error.detail}});
        return fail_with(message_of(disk.format, error.fault));
      case ImportErrorCode::no_space:
        return fail_with("ServerError: there is no room for the disk here.");
      case ImportErrorCode::unavailable:
        return fail_with("ServerError: " + error.detail);
      case ImportErrorCode::stopped:
        return Again{0ms};
      case ImportErrorCode::failed:
        break;
    }
    return try_again(error.detail);
  }
  Outcome broke(const blocks::VolumeError& error) {
    switch (error.code) {
      case blocks::VolumeErrorCode::no_space:
        return fail_with("ServerError: there is no room for the snapshot here.");
      case blocks::VolumeErrorCode::corrupt:
        return fail_with(disk_validation_failed("The disk image is damaged"));
      case blocks::VolumeErrorCode::not_found:
        return fail_with(disk_validation_failed("The snapshot is gone"));
      case blocks::VolumeErrorCode::unavailable:
      case blocks::VolumeErrorCode::in_use:
      case blocks::VolumeErrorCode::command:
        break;
    }
    return try_again(error.detail);
  }

  Outcome make(const ImportDisk& disk) {
    const auto made = cloud_.volumes->snapshot_size_bytes(disk.snapshot);
    if (made.has_value()) return note_made(disk, *made);
    if (disk.format == ImportFormat::snapshot) return link(disk);
    if (disk.etag.empty()) return look_for(disk);
    const auto received = cloud_.imports->received_bytes(disk.file);
    if (!received.has_value()) return broke(disk, received.error());
    if (*received < disk.object_bytes) return receive(disk, *received);
    return disk.format == ImportFormat::ova ? unpack(disk) : keep(disk);
  }

  blocks::NewSnapshot wanted(const ImportDisk& disk) const {
    return {.snapshot = disk.snapshot, .key = key_name(record_.kms_key)};
  }

  Outcome link(const ImportDisk& disk) {
    const auto linked = record_.kms_key.empty()
                            ? cloud_.volumes->link_snapshot(disk.source_snapshot, disk.snapshot)
                            : cloud_.volumes->encrypt_snapshot(disk.source_snapshot, wanted(disk), {});
    step("import/linked");
    if (!linked.has_value()) return broke(linked.error());
    return Again{0ms};
  }

  Outcome look_for(const ImportDisk& disk) {
    const auto facts = cloud_.disk_reading.find(object_of(key_.scope, record_, disk));
    if (!facts.has_value()) return broke(facts.error());
    if (facts->size_bytes == 0) return fail_with(disk_validation_failed("The disk image is empty"));
    const auto room = cloud_.imports->require_room(facts->size_bytes);
    if (!room.has_value()) return broke(disk, room.error());
    return update(disk, [&](ImportRecord& task, ImportDisk& stored) {
      task.stage = ImportStage::downloading;
      stored.etag = facts->etag;
      stored.object_bytes = facts->size_bytes;
    });
  }

  Outcome receive(const ImportDisk& disk, uint64_t received) {
    blocks::ImportResult<> kept;
    const auto read = cloud_.disk_reading.read(object_of(key_.scope, record_, disk),
                                               {.etag = disk.etag, .offset_bytes = received, .size_bytes = kTurnBytes},
                                               [&](std::string_view bytes) {
                                                 kept = cloud_.imports->append(disk.file, bytes);
                                                 return kept.has_value();
                                               });
    step("import/received");
    if (!kept.has_value()) return broke(disk, kept.error());
    if (!read.has_value()) return broke(read.error());
    const uint64_t now = std::min(received + kTurnBytes, disk.object_bytes);
    return note_percent(disk, ImportStage::downloading,
                        static_cast<int32_t>(now * uint64_t{kReceivedPercent} / disk.object_bytes));
  }

  // Puts the disks of an archive in its place.
  Outcome unpack(const ImportDisk& archive) {
    const auto disks = disks_of_archive(*cloud_.imports, archive);
    if (!disks.has_value()) {
      const auto& [message, cause] = disks.error();
      return cause ? broke(archive, *cause) : fail_with(message);
    }
    step("import/unpacked");
    ImportRecord changed = record_;
    const auto at = std::ranges::find(changed.disks, archive.snapshot, &ImportDisk::snapshot);
    changed.disks.insert(changed.disks.erase(at), disks->begin(), disks->end());
    if (devices_of(changed).empty()) return fail_with(disk_validation_failed("The OVA has too many disks"));
    return update([&](ImportRecord& task) {
      task.disks = changed.disks;
      got_on(task);
    });
  }

  // From a file that is here to a snapshot.
  Outcome keep(const ImportDisk& disk) {
    note_percent(disk, ImportStage::validating, kReceivedPercent);
    const blocks::DiskSource source{.name = disk.file,
                                    .format = file_format(disk.format),
                                    .offset_bytes = disk.offset_bytes,
                                    .size_bytes = disk.size_bytes};
    const auto size_bytes = cloud_.imports->check(source);
    if (!size_bytes.has_value()) return broke(disk, size_bytes.error());
    if (*size_bytes > kMostDiskBytes) return fail_with(disk_validation_failed("The disk has more than 16 TiB"));
    step("import/checked");
    int32_t noted = disk.percent;
    const auto file = cloud_.imports->convert(source, disk.snapshot, [&](int percent) {
      const int32_t now = kReceivedPercent + percent * (kConvertedPercent - kReceivedPercent) / 100;
      if (now > noted) note_percent(disk, ImportStage::converting, noted = now);
      return may_go_on();
    });
    if (!file.has_value()) return broke(disk, file.error());
    step("import/converted");
    note_percent(disk, ImportStage::converting, kConvertedPercent);
    if (!may_go_on()) return Again{0ms};
    const auto kept = cloud_.volumes->store_file(*file, wanted(disk), [](int) {});
    step("import/kept");
    if (!kept.has_value()) return broke(kept.error());
    return Again{0ms};
  }

  Outcome note_made(const ImportDisk& disk, uint64_t size_bytes) {
    // A kill may have come between the blocks and the file that volumes are made of.
    if (cloud_.volumes->is_kept(disk.snapshot)) {
      const auto taken = cloud_.volumes->store_copy(disk.snapshot, {}, [](int) {});
      if (!taken.has_value()) return Failed{taken.error().detail};
    }
    // Its own files: an archive's stays for the others.
    if (const auto tidied = cloud_.imports->remove(disk.snapshot); !tidied.has_value()) {
      return Failed{tidied.error().detail};
    }
    step("import/tidied");
    return update(disk, [&](ImportRecord&, ImportDisk& stored) {
      stored.is_made = true;
      stored.percent = 100;
      stored.size_gib = gib_for(size_bytes);
    });
  }

  // Nullopt: none is left.
  std::optional<Outcome> remove_files() {
    for (const ImportDisk& disk : record_.disks) {
      for (const std::string& name : {disk.snapshot, disk.file}) {
        if (name.empty()) continue;
        const auto removed = cloud_.imports->remove(name);
        if (!removed.has_value()) return Failed{removed.error().detail};
      }
    }
    step("import/files-removed");
    return std::nullopt;
  }

  Outcome complete() {
    if (auto failed = remove_files()) return *std::move(failed);
    const auto done = complete_import(cloud_, key_.scope, key_.id, tools_.clock.now());
    step("import/completed");
    if (!done.has_value()) return Failed{done.error().message};
    return Again{0ms};  // it may have been cancelled
  }

  Outcome take_back() {
    if (auto failed = remove_files()) return *std::move(failed);
    for (const ImportDisk& disk : record_.disks) {
      if (const auto dropped = cloud_.volumes->drop_copy(disk.snapshot); !dropped.has_value()) {
        return Failed{dropped.error().detail};
      }
      const auto removed = cloud_.volumes->remove_snapshot(disk.snapshot);
      if (!removed.has_value()) return Failed{removed.error().detail};
    }
    step("import/snapshots-removed");
    const auto done = end_deleted_import(cloud_, key_.scope, key_.id, tools_.clock.now());
    step("import/deleted");
    if (!done.has_value()) return Failed{done.error().message};
    return Settled{};
  }

  const Cloud& cloud_;
  const ImportTools& tools_;
  const Key key_;
  const ImportRecord record_;
  const Resources<ImportRecord>& table_;
};

}  // namespace

reconcile::Outcome settle_import(const ImportTools& tools, std::string_view key) {
  Key parsed = read_key(key);
  auto record = imports_of(parsed.id).find(*tools.cloud.metadata.begin_read(), parsed.scope, parsed.id);
  if (!record.has_value()) return Failed{record.error().message};
  if (!*record) return Settled{};
  return ImportWork(tools, std::move(parsed), **std::move(record)).run();
}

}  // namespace aerolith::ec2
