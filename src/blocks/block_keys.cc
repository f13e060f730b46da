// keys/<name>.key: "aerolith-block-key 1" and the sealed key, a line each.
#include "blocks/block_keys.h"

#include <fmt/format.h>

#include "base/aes_gcm.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/step.h"
#include "blocks/from_files.h"
#include "blocks/qemu_files.h"

namespace aerolith::blocks {

namespace {

constexpr std::string_view kKeyMagic = "aerolith-block-key 1\n";
constexpr std::string_view kKeySuffix = ".key";
constexpr uint64_t kMostKeyFileBytes = 4096;

std::string context_of(std::string_view name) { return fmt::format("ec2 block key {}", name); }

}  // namespace

std::string BlockKey::hash_of(std::string_view block) const {
  return hmac_sha256(std::string_view(bytes_).substr(kAesGcmKeyBytes), block);
}

std::string BlockKey::seal(std::string_view context, std::string_view bytes) const {
  return seal_aes_gcm(std::string_view(bytes_).substr(0, kAesGcmKeyBytes), context, bytes);
}

std::optional<std::string> BlockKey::open(std::string_view context, std::string_view sealed) const {
  return open_aes_gcm(std::string_view(bytes_).substr(0, kAesGcmKeyBytes), context, sealed);
}

std::string BlockKeys::path_of(std::string_view name) const {
  return fmt::format("{}/{}{}", folder_, name, kKeySuffix);
}

Result<std::shared_ptr<const BlockKey>> BlockKeys::load(std::string_view name) const {
  TRY(check_id(name));
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  const std::string path = path_of(name);
  const std::string text = TRY(from_files(os::read_file(files_, path, kMostKeyFileBytes)));
  std::optional<std::string> opened;
  if (text.starts_with(kKeyMagic) && text.ends_with('\n') && text.size() > kKeyMagic.size() && sealing_.open) {
    opened = sealing_.open(std::string_view(text).substr(kKeyMagic.size(), text.size() - kKeyMagic.size() - 1),
                           context_of(name));
  }
  if (!opened || opened->size() != BlockKey::kBytes) {
    return fail(VolumeErrorCode::corrupt, path + " can't be opened: it was changed, or is another installation's");
  }
  return known_.emplace(name, std::make_shared<const BlockKey>(*std::move(opened))).first->second;
}

Result<std::shared_ptr<const BlockKey>> BlockKeys::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return load(name);
}

Result<std::shared_ptr<const BlockKey>> BlockKeys::make(std::string_view name) {
  const std::lock_guard lock(mutex_);
  auto there = load(name);
  // Never made anew where it can't be read: snapshots may need it.
  if (there.has_value() || there.error().code != VolumeErrorCode::not_found || !check_id(name).has_value())
    return there;
  if (!sealing_.seal) return fail(VolumeErrorCode::unavailable, "nothing seals keys here");
  TRY(from_files(files_.make_directories(folder_)));
  std::string bytes = random_bytes(BlockKey::kBytes);
  const std::string sealed = sealing_.seal(bytes, context_of(name));
  TRY(from_files(os::write_file(files_, path_of(name), fmt::format("{}{}\n", kKeyMagic, sealed), 0600)));
  step("store/key-written");
  return known_.emplace(name, std::make_shared<const BlockKey>(std::move(bytes))).first->second;
}

}  // namespace aerolith::blocks
