#include "main/fsck.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <system_error>

#include "blocks/block_store.h"
#include "main/backup.h"
#include "main/host.h"
#include "metadata/store.h"
#include "objects/object_store.h"
#include "objects/reference_check.h"
#include "os/file_system.h"
#include "os/lock_file.h"
#include "services/ec2/api.h"
#include "services/s3/api.h"

namespace aerolith::main_program {
namespace {

// As far as records can be read at all.
objects::Result<objects::ReferenceReport> check_references(metadata::Store& metadata) {
  objects::ReferenceCheck check(metadata);
  TRY(s3::for_each_extent(metadata, [&](const objects::Extent& extent, const std::string& where) -> metadata::Result<> {
    const auto added = check.add(extent, where);
    if (!added) return fail(metadata::ErrorCode::io, added.error().detail);
    return {};
  }));
  return check.finish();
}

// `sealing`: of the installation, if it could be opened; without it encrypted blocks can't be checked.
void check_snapshots(os::FileSystem& files, metadata::Store& metadata, const DataFolder& data,
                     const blocks::Sealing& sealing, FsckReport& report) {
  const auto add = [&](const std::string& problem) { report.problems.push_back("snapshots: " + problem); };
  const auto completed = ec2::list_completed_snapshots(metadata);
  if (!completed.has_value()) return add(completed.error().detail);
  const std::string folder = data.snapshot_blocks().string();
  std::error_code error;
  std::unique_ptr<blocks::BlockStore> store;  // null: nothing has opened it yet
  if (std::filesystem::exists(folder, error)) {
    auto opened = blocks::BlockStore::open_to_read(files, folder, sealing);
    if (!opened.has_value()) return add(opened.error().detail);
    store = *std::move(opened);
  }
  for (const ec2::CompletedSnapshot& each : *completed) {
    const auto file = data.blocks() / "snapshots" / (each.id + ".qcow2");
    const bool is_there = each.is_blocks ? store && store->contains(each.id) : std::filesystem::exists(file, error);
    if (!is_there) add(fmt::format("{} has no {}", each.id, each.is_blocks ? "manifest" : "file"));
  }
  if (!store) return;
  const blocks::ScrubReport scrubbed = store->scrub([](uint64_t) { return true; });
  report.blocks = scrubbed.blocks;
  report.bytes += scrubbed.bytes;
  for (const std::string& manifest : scrubbed.damaged_manifests) add(manifest);
  for (const blocks::DamagedBlock& each : scrubbed.damaged) {
    add(fmt::format("{}: {}", fmt::join(each.snapshots, ", "), each.why));
  }
}

}  // namespace

Result<FsckReport, FsckError> check_stores(const DataFolder& data, const std::function<void(std::string_view)>& tell) {
  const auto lock = os::LockFile::acquire(data.lock().string());
  if (!lock.has_value()) return fail(FsckErrorCode::in_use, lock.error().detail);
  const auto is_there = check_store_is_there(data);
  if (!is_there.has_value()) return fail(FsckErrorCode::unopened, is_there.error().detail);
  os::RealFileSystem files;
  auto metadata = metadata::open_store({.directory = data.metadata().string()});
  if (!metadata.has_value()) return fail(FsckErrorCode::unopened, metadata.error().detail);
  auto objects = objects::ObjectStore::open(files, **metadata, data.objects().string());
  if (!objects.has_value()) return fail(FsckErrorCode::unopened, objects.error().detail);

  FsckReport report;
  tell("installation: keys and account");
  blocks::Sealing sealing;
  if (const auto installation = open_installation(data.root); installation.has_value()) {
    sealing = sealing_of(*installation);
  } else {
    report.problems.push_back("installation: " + installation.error().detail);
  }
  tell("store of record: checksums of all files");
  if (const auto verified = (*metadata)->verify(); !verified)
    report.problems.push_back("store of record: " + verified.error().detail);
  tell("object bytes: every block against its checksum");
  if (const auto verified = (*objects)->verify()) {
    report.extents = verified->extents;
    report.bytes = verified->bytes;
    for (const objects::BadExtent& bad : verified->bad) report.problems.push_back(bad.detail);
  } else {
    report.problems.push_back("object bytes: " + verified.error().detail);
  }
  tell("snapshots: every block against its hash");
  check_snapshots(files, **metadata, data, sealing, report);
  tell("records: each names bytes that are there");
  if (const auto references = check_references(**metadata)) {
    report.unnamed = references->unnamed;
    report.problems.insert(report.problems.end(), references->problems.begin(), references->problems.end());
  } else {
    report.problems.push_back("records: " + references.error().detail);
  }
  return report;
}

}  // namespace aerolith::main_program
