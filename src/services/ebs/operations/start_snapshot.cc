// https://docs.aws.amazon.com/ebs/latest/APIReference/API_StartSnapshot.html
#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/digest.h"
#include "blocks/stored_block.h"
#include "services/ebs/operations/operations.h"

namespace aerolith::ebs {
namespace {

constexpr int64_t kMostGib = 65536;
constexpr int32_t kUsualTimeoutMinutes = 60;
constexpr size_t kMostTags = 50;

Result<> check_encryption(const StartSnapshotInput& input) {
  if (input.encrypted && input.parent_snapshot_id) {
    return errors::invalid_parameter("Encrypted and ParentSnapshotId can't be given in the same request.");
  }
  if (input.kms_key_arn && input.parent_snapshot_id) {
    return errors::invalid_parameter("KmsKeyArn and ParentSnapshotId can't be given in the same request.");
  }
  return {};
}

Result<std::map<std::string, std::string>> read_tags(const std::optional<std::vector<Tag>>& given) {
  const auto bad = [](std::string message) { return errors::invalid("INVALID_TAG", std::move(message)); };
  std::map<std::string, std::string> tags;
  if (!given) return tags;
  for (const Tag& tag : *given) {
    const std::string key = tag.key.value_or("");
    if (key.empty()) return bad("A tag has no key.");
    if (key.starts_with("aws:")) return bad("Tag keys starting with 'aws:' are reserved for internal use.");
    if (!tags.emplace(key, tag.value.value_or("")).second)
      return bad(fmt::format("The tag key '{}' comes twice.", key));
  }
  if (tags.size() > kMostTags) return bad(fmt::format("A snapshot has at most {} tags.", kMostTags));
  return tags;
}

// Lengths before texts, so that no two requests look alike.
std::string digest_of(const ec2::NewUpload& wanted) {
  std::string all = fmt::format("{} {} ", wanted.size_gib, wanted.timeout_minutes);
  const auto add = [&](std::string_view text) { all += fmt::format("{}:{}", text.size(), text); };
  add(wanted.parent);
  add(wanted.description);
  add(wanted.encrypted ? (*wanted.encrypted ? "true" : "false") : "");
  add(wanted.kms_key.value_or(""));
  for (const auto& [key, value] : wanted.tags) {
    add(key);
    add(value);
  }
  return sha256_hex(all);
}

}  // namespace

Result<StartSnapshotOutput> start_snapshot(Call& call, const StartSnapshotInput& input) {
  TRY(check_encryption(input));
  if (*input.volume_size > kMostGib) {
    return errors::invalid("INVALID_VOLUME_SIZE",
                           fmt::format("The volume size {} GiB is over {} GiB.", *input.volume_size, kMostGib));
  }
  ec2::NewUpload wanted{.size_gib = static_cast<int32_t>(*input.volume_size),
                        .description = input.description.value_or(""),
                        .tags = TRY(read_tags(input.tags)),
                        .timeout_minutes = input.timeout.value_or(kUsualTimeoutMinutes),
                        .encrypted = input.encrypted,
                        .kms_key = input.kms_key_arn,
                        .token = input.client_token.value_or("")};
  if (input.parent_snapshot_id) wanted.parent = TRY(read_snapshot_id(input.parent_snapshot_id));
  wanted.parameters = digest_of(wanted);
  const ec2::DirectSnapshot made = TRY(call.parts.snapshots.start(call.caller(), wanted));
  StartSnapshotOutput output{.description = input.description,
                             .snapshot_id = made.id,
                             .owner_id = made.owner,
                             .status = made.state,
                             .start_time = made.started_at,
                             .volume_size = made.size_gib,
                             .block_size = static_cast<int32_t>(blocks::kBlockBytes),
                             .tags = input.tags,
                             .parent_snapshot_id = input.parent_snapshot_id};
  if (!made.kms_key.empty()) output.kms_key_arn = made.kms_key;
  return output;
}

}  // namespace aerolith::ebs
