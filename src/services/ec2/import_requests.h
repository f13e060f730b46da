// What requests for imports say, checked: from disk containers to the disks of a task.
#pragma once

#include <optional>
#include <string>

#include "ec2/model/image_disk_container.h"
#include "ec2/model/import_image_input.h"
#include "services/ec2/call.h"
#include "services/ec2/import_tables.h"

namespace aerolith::ec2 {

// InvalidParameterValue, MissingParameter and the like; nothing is asked of S3. `takes_all`: also archives and
// snapshots, which ImportImage alone has.
enum class Containers : uint8_t { files_only, takes_all };
Result<ImportDisk> read_container(const ImageDiskContainer& container, Containers taken);

// All of it but the disks and the id. UnsupportedOperation for what no image has here.
Result<ImportedImage> read_image(const ImportImageInput& input);

// Whether the service role of the task may read the files of its disks, and they are there: InvalidParameter.
Result<> check_objects(const Call& call, const ImportRecord& task);

}  // namespace aerolith::ec2
