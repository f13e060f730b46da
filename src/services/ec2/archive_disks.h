// What an OVA brings: its disks, as its description names them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "blocks/disk_imports.h"
#include "services/ec2/import_tables.h"

namespace aerolith::ec2 {

struct ArchiveError {
  std::string message;                       // as StatusMessage tells it
  std::optional<blocks::ImportError> cause;  // where the archive couldn't be read; no message then
};

// Each with a new id for its snapshot and its place in the archive, which is here as a whole.
aerolith::Result<std::vector<ImportDisk>, ArchiveError> disks_of_archive(blocks::DiskImports& imports,
                                                                         const ImportDisk& archive);

}  // namespace aerolith::ec2
