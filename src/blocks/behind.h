// What may lie behind a file. Guests' QEMUs write the headers of volumes and of copies, so these decide nothing: a file
// that names another one than the records say is damaged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/qcow2.h"
#include "blocks/volumes.h"

namespace aerolith::blocks {

// As a volume names the snapshot that it is a child of, and as a snapshot's file names another one's. Empty for none.
std::string name_behind_volume(std::string_view base);
std::string name_behind_snapshot(std::string_view base);

// `corrupt` where what is behind the file isn't that, or its bytes lie in another file.
Result<> require_behind(const Qcow2Header& header, const std::string& path, std::string_view name);
// Of a snapshot's file: the file of another snapshot in the same folder, or none.
Result<> require_snapshot_behind(const Qcow2Header& header, const std::string& path);

// The file of a volume and all behind it, the top one first. `base`: the snapshot that it was made of, empty for none;
// nullopt: not known, so any one. The one directly behind the volume may not be there yet (snapshot_fills.h): then it
// is the last.
Result<std::vector<std::string>> files_of_volume(os::FileSystem& files, const std::string& path,
                                                 const std::optional<std::string>& base);

// The same of a snapshot's file.
Result<std::vector<std::string>> files_of_snapshot(os::FileSystem& files, const std::string& path);

}  // namespace aerolith::blocks
