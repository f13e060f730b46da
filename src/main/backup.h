// A backup is a folder that holds all of a data folder that matters: installation, keys, store of record, objects.
//
//   installation.json keys/ tls/     as in the data folder: whoever has the backup has the keys
//   metadata/                        metadata::Store::backup()
//   objects/                         the files of objects
//   COMPLETE                         written last: without it the folder is no backup; its text has the format's
//   version
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "main/data_folder.h"
#include "metadata/store.h"
#include "objects/object_store.h"
#include "os/file_system.h"

namespace aerolith::main_program {

enum class BackupErrorCode {
  bad_target,     // not empty, or not absolute
  not_a_backup,   // or a backup that was cut short
  newer_version,  // made by a newer Aerolith
  damaged,
  in_use,  // a server runs on the data folder
  io,
};
using BackupError = Failure<BackupErrorCode>;  // the detail is a whole sentence for the user

struct BackupReport {
  uint64_t files = 0;
  uint64_t bytes = 0;
};

// Copies a data folder whose stores are open, while they are in use: as it was at one moment after the call began.
// `target` must be absolute, and empty or absent; after an error nothing of the backup is left there. Durable on
// return.
Result<BackupReport, BackupError> make_backup(const DataFolder& data, metadata::Store& metadata,
                                              objects::ObjectStore& objects, const std::filesystem::path& target);

// The same where no server runs: opens the stores by itself, and keeps servers away meanwhile. `damaged` when the store
// of record is gone.
Result<BackupReport, BackupError> make_offline_backup(const DataFolder& data, const std::filesystem::path& target);

// Makes a data folder of a backup; `target` must be empty or absent, and is empty again after an error. Every checksum
// is verified before this answers a value: of the store of record before it is copied, of each object after.
Result<BackupReport, BackupError> restore_backup(const std::filesystem::path& backup, const DataFolder& target);

}  // namespace aerolith::main_program
