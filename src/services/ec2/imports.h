// What the calls of VM Import and its queue have in common: words, and tasks as the API shows them.
// https://docs.aws.amazon.com/vm-import/latest/userguide/what-is-vmimport.html
#pragma once

#include <chrono>
#include <string>

#include "ec2/model/import_image_task.h"
#include "ec2/model/import_snapshot_task.h"
#include "services/ec2/cloud.h"
#include "services/ec2/import_tables.h"

namespace aerolith::ec2 {

// "A list of … tasks that are currently active or were completed or canceled in the previous 7 days."
inline constexpr auto kImportsAreTold = std::chrono::days(7);

// False on installations without volumes or without S3.
bool can_import(const Cloud& cloud);

DiskObject object_of(const Scope& scope, const ImportRecord& task, const ImportDisk& disk);
// As StatusMessage tells the end of a task.
std::string message_of(const DiskObjectError& error);
std::string message_of(ImportFormat format, blocks::DiskFault fault);
std::string disk_validation_failed(std::string_view why);

// The names of its disks' devices, in their order: those that were asked for, and for others the next free ones. Empty
// where there aren't as many.
std::vector<std::string> devices_of(const ImportRecord& task);

ImportImageTask to_image_task(const ImportRecord& task, const TagMap& tags);
ImportSnapshotTask to_snapshot_task(const ImportRecord& task, const TagMap& tags);

}  // namespace aerolith::ec2
