#include "main/backup.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "main/installation.h"
#include "os/lock_file.h"

namespace aerolith::main_program {
namespace {

namespace fs = std::filesystem;

constexpr const char* kObjects = "objects";  // in a backup as in a data folder
constexpr const char* kCompleteMark = "COMPLETE";
constexpr std::string_view kCompletePrefix = "aerolith backup ";
constexpr int kBackupFormat = 1;

std::unexpected<BackupError> io_failure(const fs::path& path, const std::error_code& error) {
  return fail(BackupErrorCode::io, fmt::format("{}: {}", path.string(), error.message()));
}

void remove_contents(const fs::path& folder, os::FileSystem& files) {
  const auto entries = files.list(folder.string());
  if (!entries.has_value()) return;
  std::error_code ignored;
  for (const os::DirectoryEntry& entry : *entries) fs::remove_all(folder / entry.name, ignored);
}

std::unexpected<BackupError> not_empty(const fs::path& path) {
  return fail(BackupErrorCode::bad_target, fmt::format("{} isn't empty", path.string()));
}

bool is_absent_or_empty(const fs::path& path) {
  std::error_code error;
  return !fs::exists(path, error) || (fs::is_directory(path, error) && fs::is_empty(path, error));
}

Result<void, BackupError> sync(const fs::path& folder, os::FileSystem& files) {
  const auto done = files.sync_directory(folder.string());
  if (!done.has_value()) return fail(BackupErrorCode::io, done.error().detail);
  return {};
}

// Copies a file or a whole folder, permissions of files included (folders: 0700), and syncs what it made. A file that
// vanishes meanwhile is no error: it was garbage or not yet named when the store of record was copied.
Result<void, BackupError> copy_tree(const fs::path& from, const fs::path& to, os::FileSystem& files,
                                    BackupReport& report) {
  std::error_code error;
  if (!fs::exists(from, error)) return {};
  if (fs::is_directory(from, error)) {
    fs::create_directories(to, error);
    if (!error) fs::permissions(to, fs::perms::owner_all, error);
    if (error) return io_failure(to, error);
    const auto entries = files.list(from.string());
    if (!entries.has_value()) return fail(BackupErrorCode::io, entries.error().detail);
    for (const os::DirectoryEntry& entry : *entries) TRY(copy_tree(from / entry.name, to / entry.name, files, report));
    return sync(to, files);
  }
  const auto copied = os::copy_real_file(from.string(), to.string());
  if (!copied.has_value() && copied.error().code == os::ErrorCode::not_found) return {};
  if (!copied.has_value()) return fail(BackupErrorCode::io, copied.error().detail);
  report.files += 1;
  report.bytes += *copied;
  return {};
}

Result<void, BackupError> copy_installation(const fs::path& from, const fs::path& to, os::FileSystem& files,
                                            BackupReport& report) {
  for (const char* part : {"installation.json", "keys", "tls"}) TRY(copy_tree(from / part, to / part, files, report));
  return {};
}

Result<void, BackupError> verify_objects(const DataFolder& data, os::FileSystem& files) {
  auto metadata = metadata::open_store({.directory = data.metadata().string()});
  if (!metadata.has_value()) return fail(BackupErrorCode::damaged, metadata.error().detail);
  auto objects = objects::ObjectStore::open(files, **metadata, data.objects().string());
  if (!objects.has_value()) return fail(BackupErrorCode::damaged, objects.error().detail);
  const auto report = (*objects)->verify();
  if (!report.has_value()) return fail(BackupErrorCode::damaged, report.error().detail);
  if (!report->bad.empty())
    return fail(BackupErrorCode::damaged, fmt::format("{} of {} stored extents are damaged, the first: {}",
                                                      report->bad.size(), report->extents, report->bad.front().detail));
  return {};
}

Result<void, BackupError> check_complete(const fs::path& backup, os::FileSystem& files) {
  const auto text = os::read_file(files, (backup / kCompleteMark).string(), 4096);
  if (!text.has_value()) {
    return fail(BackupErrorCode::not_a_backup,
                fmt::format("{} is no complete backup: it has no file {}", backup.string(), kCompleteMark));
  }
  int format = 0;
  const std::string_view line = *text;
  if (line.starts_with(kCompletePrefix)) {
    const std::string_view number = line.substr(kCompletePrefix.size());
    std::from_chars(number.data(), number.data() + number.size(), format);
  }
  if (format <= 0) {
    return fail(BackupErrorCode::damaged, fmt::format("{} is damaged", (backup / kCompleteMark).string()));
  }
  if (format <= kBackupFormat) return {};
  return fail(BackupErrorCode::newer_version,
              fmt::format("{} was made by a newer Aerolith (format {}, this one reads up to {})", backup.string(),
                          format, kBackupFormat));
}

Result<BackupReport, BackupError> fill_data_folder(const fs::path& backup, const DataFolder& target,
                                                   os::FileSystem& files) {
  const auto restored = metadata::restore_store((backup / "metadata").string(), target.metadata().string());
  if (!restored.has_value()) return fail(BackupErrorCode::damaged, restored.error().detail);
  BackupReport report;
  TRY(copy_tree(backup / kObjects, target.objects(), files, report));
  TRY(verify_objects(target, files));
  // The installation comes last: a data folder without it is no installation, should this be cut short.
  TRY(copy_installation(backup, target.root, files, report));
  TRY(sync(target.root, files));
  return report;
}

Result<BackupReport, BackupError> fill_backup(const DataFolder& data, metadata::Store& metadata,
                                              objects::ObjectStore& objects, const fs::path& target,
                                              os::FileSystem& files) {
  // The store of record first, then the bytes that it names: none of them may be collected in between.
  const auto hold = objects.hold_collection();
  const auto copied = metadata.backup((target / "metadata").string());
  if (!copied.has_value()) return fail(BackupErrorCode::io, copied.error().detail);
  BackupReport report;
  TRY(copy_tree(data.objects(), target / kObjects, files, report));
  TRY(copy_installation(data.root, target, files, report));
  const auto marked = os::write_file(files, (target / kCompleteMark).string(),
                                     fmt::format("{}{}\n", kCompletePrefix, kBackupFormat), 0600);
  if (!marked.has_value()) return fail(BackupErrorCode::io, marked.error().detail);
  return report;
}

}  // namespace

Result<BackupReport, BackupError> make_backup(const DataFolder& data, metadata::Store& metadata,
                                              objects::ObjectStore& objects, const fs::path& target) {
  if (!target.is_absolute()) return fail(BackupErrorCode::bad_target, "the backup's folder must be an absolute path");
  if (!is_absent_or_empty(target)) return not_empty(target);
  std::error_code error;
  const bool was_there = fs::exists(target, error);
  os::RealFileSystem files;
  const auto made = files.make_directories(target.string());
  if (!made.has_value()) return fail(BackupErrorCode::io, made.error().detail);
  fs::permissions(target, fs::perms::owner_all, error);
  if (error) return io_failure(target, error);
  // Of two backups into one folder at once one makes this; the other must not clean up after it.
  const bool is_ours = fs::create_directory(target / kObjects, error);
  if (error) return io_failure(target, error);
  if (!is_ours) return not_empty(target);
  Result<BackupReport, BackupError> report = fill_backup(data, metadata, objects, target, files);
  if (!report.has_value()) {
    remove_contents(target, files);
    if (!was_there) fs::remove(target, error);
  }
  return report;
}

Result<BackupReport, BackupError> make_offline_backup(const DataFolder& data, const fs::path& target) {
  const auto lock = os::LockFile::acquire(data.lock().string());
  if (!lock.has_value()) return fail(BackupErrorCode::in_use, lock.error().detail);
  const auto is_there = check_store_is_there(data);
  if (!is_there.has_value()) return fail(BackupErrorCode::damaged, is_there.error().detail);
  os::RealFileSystem files;
  auto metadata = metadata::open_store({.directory = data.metadata().string()});
  if (!metadata.has_value()) return fail(BackupErrorCode::io, metadata.error().detail);
  auto objects = objects::ObjectStore::open(files, **metadata, data.objects().string());
  if (!objects.has_value()) return fail(BackupErrorCode::io, objects.error().detail);
  return make_backup(data, **metadata, **objects, target);
}

Result<BackupReport, BackupError> restore_backup(const fs::path& backup, const DataFolder& target) {
  os::RealFileSystem files;
  TRY(check_complete(backup, files));
  if (!is_absent_or_empty(target.root)) return not_empty(target.root);
  const auto made = files.make_directories(target.run().string());
  if (!made.has_value()) return fail(BackupErrorCode::io, made.error().detail);
  // Held to the end, so that nobody starts a server on half a cloud.
  const auto lock = os::LockFile::acquire(target.lock().string());
  if (!lock.has_value()) return fail(BackupErrorCode::in_use, lock.error().detail);
  Result<BackupReport, BackupError> report = fill_data_folder(backup, target, files);
  if (!report.has_value()) remove_contents(target.root, files);
  return report;
}

}  // namespace aerolith::main_program
