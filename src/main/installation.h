// What the first start makes and every later start finds: account, root access key, local CA, server certificate.
// Bytes on disk: docs/formats/installation.md.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "main/certificates.h"
#include "main/config.h"
#include "main/data_folder.h"
#include "main/sealer.h"

namespace aerolith::main_program {

struct Installation {
  DataFolder folder;
  AccountId account_id;
  std::string root_access_key_id;
  std::string root_secret_access_key;
  Timestamp created;
  Sealer sealer;                  // for other secrets at rest
  bool is_new = false;            // made by this very call
  std::string certificate_event;  // what was made or renewed just now, empty when nothing; for the log
};

enum class InstallationErrorCode {
  absent,         // open only: there is no installation in this folder
  io,             // the folder can't be made, read or written
  corrupt,        // the files are there and don't fit together
  newer_version,  // written by a newer Aerolith
  insecure,       // a secret is readable by others than its owner
};
using InstallationError = Failure<InstallationErrorCode>;

// Makes the installation where there is none, else opens it; in both cases the certificates are valid and cover
// config's names on return (renewed 30 days before they expire). Folders are 0700, secrets 0600. Safe when two
// processes call it at once: one makes, the other finds. The account and the root key are durable on return.
Result<Installation, InstallationError> open_or_create_installation(const Config& config, const Clock& clock);
// Reads only; certificates are not looked at.
Result<Installation, InstallationError> open_installation(const std::filesystem::path& data_folder);

// The local CA with its key, to sign with.
Result<KeyPair, InstallationError> open_authority(const Installation& installation);

// To be asked before the store of record is opened, which would make a new one where there is none: `corrupt` when
// there are objects and no store. To an empty store every object is an orphan, and the sweep would delete it.
Result<void, InstallationError> check_store_is_there(const DataFolder& folder);

}  // namespace aerolith::main_program
