// What volumes and snapshots have in common as files.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

inline constexpr std::string_view kQcow2Suffix = ".qcow2";
inline constexpr std::string_view kHalfDoneSuffix = ".new";

// Ids come from records of ours; whatever they are, they become no path.
Result<> check_id(std::string_view id);
bool is_there(const std::string& path);
uint64_t allocated_bytes(const std::string& path);  // 0 where it isn't there

// What QEMU knows the secret of a file by, that it makes or changes.
inline constexpr std::string_view kSecretId = "disk";
struct ImgCommand {
  std::vector<std::string> arguments;  // without the program
  std::chrono::milliseconds patience;
  std::string secret{};  // empty: the file isn't encrypted
};
// `unavailable` where there is no such program.
Result<> run_qemu_img(ImgCommand command);
// Synced, with those permissions, under its name: whole, or not there.
Result<> settle_file(os::FileSystem& files, const std::string& half_done, const std::string& file,
                     unsigned permissions);
// `half_done` by qemu-img, then settled; after an error it is gone.
Result<> make_file(os::FileSystem& files, const std::string& half_done, const std::string& file, unsigned permissions,
                   ImgCommand command);
// Fine where it isn't there. Durable on return.
Result<> remove_file(os::FileSystem& files, const std::string& file);
// Of the files in a folder that end so, without that; sorted.
Result<std::vector<std::string>> ids_in(os::FileSystem& files, const std::string& folder);

}  // namespace aerolith::blocks
