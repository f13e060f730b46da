#include "blocks/behind.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "blocks/from_files.h"
#include "blocks/qemu_files.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kFromVolumes = "../snapshots/";
constexpr size_t kLongestChainBehind = 32;

std::unexpected<VolumeError> names_another(const std::string& path) {
  return fail(VolumeErrorCode::corrupt, path + " names a file that can't be behind it");
}

bool is_snapshot_name(std::string_view name) {
  return name.size() > kQcow2Suffix.size() && name.ends_with(kQcow2Suffix) && !name.starts_with(".") &&
         name.find('/') == std::string_view::npos;
}

Result<> require_inside(const Qcow2Header& header, const std::string& path) {
  if (!header.is_qcow2) return fail(VolumeErrorCode::corrupt, path + " isn't a qcow2 file");
  if (header.has_data_file) return fail(VolumeErrorCode::corrupt, path + " has its bytes in another file");
  return {};
}

}  // namespace

std::string name_behind_volume(std::string_view base) {
  return base.empty() ? std::string() : fmt::format("{}{}{}", kFromVolumes, base, kQcow2Suffix);
}

std::string name_behind_snapshot(std::string_view base) {
  return base.empty() ? std::string() : fmt::format("{}{}", base, kQcow2Suffix);
}

Result<> require_behind(const Qcow2Header& header, const std::string& path, std::string_view name) {
  TRY(require_inside(header, path));
  if (header.backing_file != name) return names_another(path);
  return {};
}

Result<> require_snapshot_behind(const Qcow2Header& header, const std::string& path) {
  TRY(require_inside(header, path));
  if (!header.backing_file.empty() && !is_snapshot_name(header.backing_file)) return names_another(path);
  return {};
}

Result<std::vector<std::string>> files_of_volume(os::FileSystem& files, const std::string& path,
                                                 const std::optional<std::string>& base) {
  const Qcow2Header header = TRY(from_files(read_qcow2_header(files, path)));
  if (base) {
    TRY(require_behind(header, path, name_behind_volume(*base)));
  } else if (std::string_view name = header.backing_file; name.starts_with(kFromVolumes)) {
    TRY(require_inside(header, path));
    if (!is_snapshot_name(name.substr(kFromVolumes.size()))) return names_another(path);
  } else {
    TRY(require_behind(header, path, {}));
  }
  std::vector<std::string> chain{path};
  if (header.backing_file.empty()) return chain;
  const std::string behind = resolve_backing_file(path, header.backing_file);
  if (!is_there(behind)) {
    chain.push_back(behind);
    return chain;
  }
  std::ranges::move(TRY(files_of_snapshot(files, behind)), std::back_inserter(chain));
  return chain;
}

Result<std::vector<std::string>> files_of_snapshot(os::FileSystem& files, const std::string& path) {
  std::vector<std::string> chain{path};
  for (;;) {
    const Qcow2Header header = TRY(from_files(read_qcow2_header(files, chain.back())));
    TRY(require_snapshot_behind(header, chain.back()));
    if (header.backing_file.empty()) return chain;
    if (chain.size() == kLongestChainBehind)
      return fail(VolumeErrorCode::corrupt, path + " has too many files behind it");
    chain.push_back(resolve_backing_file(chain.back(), header.backing_file));
  }
}

}  // namespace aerolith::blocks
