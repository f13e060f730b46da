#include "main/serve_snapshot.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/log.h"
#include "blocks/block_keys.h"
#include "blocks/manifest.h"
#include "blocks/snapshot_files.h"
#include "blocks/snapshot_server.h"
#include "main/host.h"
#include "os/file_system.h"

namespace aerolith::main_program {
namespace {

constexpr std::string_view kEncrypted = "encrypted";
constexpr std::string_view kDeleted = " (deleted)";

}  // namespace

int run_serve_snapshot(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) return 2;
  const bool is_encrypted = arguments[2] == kEncrypted;
  const auto ended = blocks::serve_snapshot({.store_folder = arguments[0],
                                             .snapshot = arguments[1],
                                             .socket = compute::kServingSocket,
                                             .key = is_encrypted ? compute::kServingSecret : -1});
  log_error("a snapshot isn't served", {{"snapshot", arguments[1]}, {"why", ended.error().detail}});
  return 1;
}

compute::BehindOf make_behind_of(const Installation& installation) {
  const std::string store = std::filesystem::absolute(installation.folder.snapshot_blocks()).string();
  return [store, sealing = sealing_of(installation)](const std::string& file) -> compute::Result<compute::Behind> {
    const auto failed = [](const std::string& why) { return fail(compute::DriverErrorCode::command, why); };
    const std::string snapshot = blocks::snapshot_of_file(file);
    std::error_code error;
    std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
    // A newer version has taken its place: what it serves is the same.
    if (program.ends_with(kDeleted)) program.resize(program.size() - kDeleted.size());
    if (error) return failed("this program doesn't know where it lies");
    os::RealFileSystem files;
    const auto bytes = os::read_file(files, blocks::manifest_path(store, snapshot), blocks::kMostManifestBytes);
    if (!bytes.has_value()) return failed(bytes.error().detail);
    const auto manifest = blocks::decode_manifest(*bytes);
    if (!manifest.has_value()) return failed(manifest.error().detail);
    compute::Behind behind{.arguments = {program, kServeSnapshot, store, snapshot, "plain"}};
    if (manifest->key.empty()) return behind;
    const auto key = blocks::BlockKeys(files, store + "/keys", sealing).find(manifest->key);
    if (!key.has_value()) return failed(key.error().detail);
    behind.arguments.back() = kEncrypted;
    behind.secret = (*key)->bytes();
    return behind;
  };
}

}  // namespace aerolith::main_program
