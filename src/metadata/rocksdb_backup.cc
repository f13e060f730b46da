// Backups: RocksDB's backup engine, which copies the files of a checkpoint with their checksums.
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/backup_engine.h>

#include <memory>
#include <vector>

#include "metadata/rocksdb_store.h"
#include "os/file_system.h"

namespace aerolith::metadata {

namespace {

Error from_os(const os::Error& error) {
  return {error.code == os::ErrorCode::no_space ? ErrorCode::no_space : ErrorCode::io, error.detail};
}

// Makes `directory` if need be; `invalid` when something is in it.
Result<> make_empty_directory(os::FileSystem& files, const std::string& directory) {
  if (auto made = files.make_directories(directory); !made) return std::unexpected(from_os(made.error()));
  auto entries = files.list(directory);
  if (!entries) return std::unexpected(from_os(entries.error()));
  if (!entries->empty()) return fail(ErrorCode::invalid, directory + " isn't empty");
  return {};
}

// The backup engine doesn't sync what it restores.
os::Result<> sync_all(os::FileSystem& files, const std::string& directory) {
  for (const os::DirectoryEntry& entry : TRY(files.list(directory))) {
    std::string path = directory + "/" + entry.name;
    if (entry.is_directory) {
      TRY(sync_all(files, path));
      continue;
    }
    std::unique_ptr<os::File> file = TRY(files.open(path, os::OpenMode::write, 0600));
    TRY(file->sync_data());
  }
  return files.sync_directory(directory);
}

Result<std::unique_ptr<rocksdb::BackupEngineReadOnly>> open_checked(const std::string& directory) {
  rocksdb::BackupEngineReadOnly* opened = nullptr;
  rocksdb::BackupEngineOptions options(directory);
  rocksdb::IOStatus status = rocksdb::BackupEngineReadOnly::Open(options, rocksdb::Env::Default(), &opened);
  if (!status.ok()) return std::unexpected(error_of(status));
  std::unique_ptr<rocksdb::BackupEngineReadOnly> engine(opened);
  std::vector<rocksdb::BackupID> damaged;
  engine->GetCorruptedBackups(&damaged);
  if (!damaged.empty()) return fail(ErrorCode::corrupt, "the backup in " + directory + " is damaged");
  std::vector<rocksdb::BackupInfo> backups;
  engine->GetBackupInfo(&backups);
  if (backups.empty()) return fail(ErrorCode::invalid, "no backup in " + directory);
  for (const rocksdb::BackupInfo& backup : backups) {
    rocksdb::IOStatus verified = engine->VerifyBackup(backup.backup_id, /*verify_with_checksum=*/true);
    if (!verified.ok()) return fail(ErrorCode::corrupt, "the backup in " + directory + ": " + verified.ToString());
  }
  return engine;
}

}  // namespace

Result<> RocksdbStore::backup(const std::string& directory) {
  std::lock_guard lock(backup_mutex_);
  os::RealFileSystem files;
  TRY(make_empty_directory(files, directory));
  rocksdb::BackupEngine* opened = nullptr;
  rocksdb::BackupEngineOptions options(directory);
  options.max_background_operations = 1;
  rocksdb::IOStatus status = rocksdb::BackupEngine::Open(options, env_, &opened);
  if (!status.ok()) return std::unexpected(error_of(status));
  std::unique_ptr<rocksdb::BackupEngine> engine(opened);
  status = engine->CreateNewBackup(database_.get(), /*flush_before_backup=*/true);
  if (!status.ok()) return std::unexpected(error_of(status));
  return {};
}

Result<> verify_backup(const std::string& backup_directory) {
  TRY(open_checked(backup_directory));
  return {};
}

Result<> restore_store(const std::string& backup_directory, const std::string& directory) {
  auto engine = TRY(open_checked(backup_directory));
  os::RealFileSystem files;
  TRY(make_empty_directory(files, directory));
  // Under another name until it is whole and durable: a part of a store must never pass for one.
  std::string temporary = directory + ".restoring";
  TRY(make_empty_directory(files, temporary));
  rocksdb::IOStatus status = engine->RestoreDBFromLatestBackup(temporary, temporary);
  if (!status.ok()) return std::unexpected(error_of(status));
  auto settle = [&]() -> os::Result<> {
    TRY(sync_all(files, temporary));
    TRY(files.rename(temporary, directory));  // over the empty folder
    return files.sync_directory(os::parent_directory(directory));
  };
  if (auto settled = settle(); !settled) return std::unexpected(from_os(settled.error()));
  return {};
}

}  // namespace aerolith::metadata
