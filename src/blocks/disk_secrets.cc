// "aerolith-disk-secret 1", the name of the key, and the sealed secret: a line each.
#include "blocks/disk_secrets.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/random.h"
#include "base/step.h"
#include "blocks/from_files.h"
#include "blocks/qemu_files.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kSecretMagic = "aerolith-disk-secret 1\n";
constexpr size_t kSecretBytes = 32;
constexpr uint64_t kMostSecretFileBytes = 4096;

// "vol-1" of "/volumes/vol-1.qcow2" and of "/volumes/.vol-1.new".
std::string_view id_of(std::string_view file) {
  file.remove_prefix(file.rfind('/') + 1);
  if (file.starts_with('.')) file.remove_prefix(1);
  return file.substr(0, file.find('.'));
}

std::string path_of(std::string_view file) {
  return fmt::format("{}{}{}", file.substr(0, file.rfind('/') + 1), id_of(file), kSecretSuffix);
}

std::string context_of(std::string_view file, std::string_view key) {
  return fmt::format("ec2 disk secret {} {}", id_of(file), key);
}

}  // namespace

Result<DiskSecret> DiskSecrets::make(std::string_view file, std::string_view key) const {
  if (auto there = read(file); there.has_value() && there->key == key) return there;
  DiskSecret secret{.text = hex_encode(random_bytes(kSecretBytes)), .key = std::string(key)};
  TRY(write(file, secret));
  return secret;
}

Result<> DiskSecrets::write(std::string_view file, const DiskSecret& secret) const {
  TRY(check_id(secret.key));
  if (!sealing_.seal) return fail(VolumeErrorCode::unavailable, "nothing seals secrets here");
  const std::string sealed = sealing_.seal(secret.text, context_of(file, secret.key));
  TRY(from_files(
      os::write_file(files_, path_of(file), fmt::format("{}{}\n{}\n", kSecretMagic, secret.key, sealed), 0600)));
  step("volume/secret-written");
  return {};
}

Result<DiskSecret> DiskSecrets::read(std::string_view file) const {
  const std::string path = path_of(file);
  const std::string text = TRY(from_files(os::read_file(files_, path, kMostSecretFileBytes)));
  const auto corrupt = [&](std::string_view why) {
    return fail(VolumeErrorCode::corrupt, fmt::format("{} {}", path, why));
  };
  if (!text.starts_with(kSecretMagic) || !text.ends_with('\n')) return corrupt("isn't a secret of this version");
  const std::string_view lines = std::string_view(text).substr(kSecretMagic.size());
  const size_t end = lines.find('\n');
  if (end + 1 >= lines.size()) return corrupt("is too short");
  DiskSecret secret{.key = std::string(lines.substr(0, end))};
  const std::string_view sealed = lines.substr(end + 1, lines.size() - end - 2);
  auto opened = sealing_.open ? sealing_.open(sealed, context_of(file, secret.key)) : std::nullopt;
  if (!opened) return corrupt("wasn't sealed by this installation for this disk, or was changed");
  secret.text = *std::move(opened);
  return secret;
}

Result<> DiskSecrets::share(std::string_view from, std::string_view to) const { return write(to, TRY(read(from))); }

Result<> DiskSecrets::remove(std::string_view file) const { return remove_file(files_, path_of(file)); }

Result<> DiskSecrets::remove_strays(const std::string& folder) const {
  std::set<std::string, std::less<>> there;
  std::vector<std::string> secrets;
  for (const auto& entry : TRY(from_files(files_.list(folder)))) {
    if (entry.name.ends_with(kSecretSuffix)) {
      secrets.push_back(entry.name);
    } else {
      there.emplace(id_of(entry.name));
    }
  }
  for (const std::string& name : secrets) {
    if (!there.contains(id_of(name))) TRY(from_files(files_.remove(folder + "/" + name)));
  }
  return {};
}

}  // namespace aerolith::blocks
