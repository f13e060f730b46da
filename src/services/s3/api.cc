#include "services/s3/api.h"

#include <fmt/format.h>

#include "services/s3/public_access.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

metadata::Result<> for_each_extent(
    metadata::Store& metadata,
    const std::function<metadata::Result<>(const objects::Extent&, const std::string&)>& visit) {
  auto txn = metadata.begin_read();
  auto objects = kObjects.scan(*txn, metadata::Direction::forward);
  while (TRY(objects.next())) {
    const ObjectRecord object = TRY(objects.record());
    const std::string where = fmt::format("object {}", std::get<1>(objects.key()).view());
    if (object.extent) TRY(visit(*object.extent, where));
    if (!object.layout) continue;
    auto parts = kLayouts.scan(*txn, metadata::Direction::forward, *object.layout);
    while (TRY(parts.next())) TRY(visit(TRY(parts.record()).extent, where));
  }
  auto parts = kParts.scan(*txn, metadata::Direction::forward);
  while (TRY(parts.next())) {
    const auto& [upload, number] = parts.key();
    TRY(visit(TRY(parts.record()).extent, fmt::format("part {} of upload {}", number, upload.view())));
  }
  return {};
}

metadata::Result<std::optional<AccountPublicAccessBlock>> find_public_access_block(metadata::Store& metadata,
                                                                                   const AccountId& account) {
  const std::optional<AccountRecord> record = TRY(kAccounts.newest(metadata, {account}));
  if (!record || !record->public_access.is_set) return std::optional<AccountPublicAccessBlock>();
  const PublicAccessBlock& block = record->public_access;
  return std::optional(AccountPublicAccessBlock{.block_public_acls = block.block_public_acls,
                                                .ignore_public_acls = block.ignore_public_acls,
                                                .block_public_policy = block.block_public_policy,
                                                .restrict_public_buckets = block.restrict_public_buckets});
}

metadata::Result<> set_public_access_block(metadata::Store& metadata, const AccountId& account,
                                           const std::optional<AccountPublicAccessBlock>& block) {
  return metadata::run_transaction(metadata, [&](metadata::Transaction& txn) -> metadata::Result<> {
    AccountRecord record = TRY(kAccounts.get(txn, {account})).value_or(AccountRecord{});
    record.public_access = kNoBlock;
    if (block) {
      record.public_access = {.is_set = true,
                              .block_public_acls = block->block_public_acls,
                              .ignore_public_acls = block->ignore_public_acls,
                              .block_public_policy = block->block_public_policy,
                              .restrict_public_buckets = block->restrict_public_buckets};
    }
    kAccounts.put(txn, {account}, record);
    return {};
  });
}

metadata::Result<uint64_t> count_buckets(metadata::ReadTransaction& txn, const AccountId& account) {
  uint64_t count = 0;
  auto rows = kBuckets.scan(txn, metadata::Direction::forward);
  while (TRY(rows.next())) {
    if (TRY(rows.record()).owner == account) ++count;
  }
  return count;
}

void erase_account(metadata::Transaction& txn, const AccountId& account) { kAccounts.erase(txn, {account}); }

}  // namespace aerolith::s3
