#include "blocks/qemu_files.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/step.h"
#include "blocks/from_files.h"
#include "blocks/secret_file.h"
#include "os/program.h"

namespace aerolith::blocks {

namespace {

std::unexpected<VolumeError> failed_program(const os::Error& error) {
  VolumeError failure{VolumeErrorCode::command, error.detail};
  if (error.code == os::ErrorCode::no_space || error.detail.find("No space left") != std::string::npos) {
    failure.code = VolumeErrorCode::no_space;
  } else if (error.code == os::ErrorCode::not_found) {
    failure = {VolumeErrorCode::unavailable, "qemu-img is missing: apt-get install qemu-utils"};
  } else if (error.detail.find("Is another process using the image") != std::string::npos) {
    failure.code = VolumeErrorCode::in_use;
  }
  return std::unexpected(std::move(failure));
}

}  // namespace

Result<> check_id(std::string_view id) {
  const bool fits = !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!fits) return fail(VolumeErrorCode::not_found, fmt::format("'{}' is no id", id));
  return {};
}

bool is_there(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

uint64_t allocated_bytes(const std::string& path) {
  constexpr uint64_t kUnit = 512;  // of st_blocks, always
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_blocks) * kUnit : 0;
}

Result<> run_qemu_img(ImgCommand command) {
  constexpr int kSecretNumber = 3;
  std::vector<std::string>& arguments = command.arguments;
  int secret = -1;
  if (!command.secret.empty()) {
    secret = TRY(from_files(open_secret(command.secret)));
    arguments.insert(arguments.begin() + 1,
                     {"--object", fmt::format("secret,id={},file=/proc/self/fd/{}", kSecretId, kSecretNumber)});
  }
  arguments.insert(arguments.begin(), "qemu-img");
  os::Program program{.arguments = std::move(arguments), .patience = command.patience};
  if (secret >= 0) program.descriptors.push_back({secret, kSecretNumber});
  auto end = os::run_checked(program);
  if (secret >= 0) ::close(secret);
  if (!end.has_value()) return failed_program(end.error());
  return {};
}

Result<> settle_file(os::FileSystem& files, const std::string& half_done, const std::string& file,
                     unsigned permissions) {
  {
    auto opened = TRY(from_files(files.open(half_done, os::OpenMode::write, permissions)));
    TRY(from_files(opened->sync_data()));
  }
  if (::chmod(half_done.c_str(), permissions) < 0) {
    return from_files(os::Result<>(std::unexpected(os::error_of(errno, "chmod " + half_done))));
  }
  step("volume/written");
  TRY(from_files(files.rename(half_done, file)));
  step("volume/named");
  return from_files(files.sync_directory(os::parent_directory(file)));
}

Result<> make_file(os::FileSystem& files, const std::string& half_done, const std::string& file, unsigned permissions,
                   ImgCommand command) {
  auto made = run_qemu_img(std::move(command));
  if (made.has_value()) made = settle_file(files, half_done, file, permissions);
  if (!made.has_value()) ::unlink(half_done.c_str());
  return made;
}

Result<> remove_file(os::FileSystem& files, const std::string& file) {
  auto removed = files.remove(file);
  if (!removed.has_value() && removed.error().code != os::ErrorCode::not_found) return from_files(std::move(removed));
  return from_files(files.sync_directory(os::parent_directory(file)));
}

Result<std::vector<std::string>> ids_in(os::FileSystem& files, const std::string& folder) {
  std::vector<std::string> ids;
  for (const auto& entry : TRY(from_files(files.list(folder)))) {
    if (!entry.name.starts_with('.') && entry.name.ends_with(kQcow2Suffix)) {
      ids.push_back(entry.name.substr(0, entry.name.size() - kQcow2Suffix.size()));
    }
  }
  std::ranges::sort(ids);
  return ids;
}

}  // namespace aerolith::blocks
