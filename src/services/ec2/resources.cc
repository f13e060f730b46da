#include "services/ec2/resources.h"

#include <fmt/format.h>

namespace aerolith::ec2 {

std::string make_arn(const Scope& scope, Kind kind, std::string_view id) {
  const bool is_shared = kind == Kind::image || kind == Kind::snapshot;
  return fmt::format("arn:aws:ec2:{}:{}:{}/{}", scope.region.view(), is_shared ? "" : scope.account.view(),
                     info(kind).type, id);
}

Result<TagMap> tags_of(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  auto record = TRY(kTags.get(txn, {scope.account, scope.region, id}));
  return record ? std::move(record->tags) : TagMap();
}

void put_tags(metadata::Transaction& txn, const Scope& scope, const std::string& id, const TagMap& tags) {
  if (tags.empty()) {
    kTags.erase(txn, {scope.account, scope.region, id});
  } else {
    kTags.put(txn, {scope.account, scope.region, id}, {.tags = tags});
  }
}

void put_part(metadata::Transaction& txn, const Scope& scope, const std::string& part, const std::string& owner) {
  kParts.put(txn, {scope.account, scope.region, part}, {.owner = owner});
}

void erase_part(metadata::Transaction& txn, const Scope& scope, const std::string& part) {
  kParts.erase(txn, {scope.account, scope.region, part});
}

Result<std::optional<std::string>> owner_of_part(metadata::ReadTransaction& txn, const Scope& scope,
                                                 const std::string& part) {
  auto record = TRY(kParts.get(txn, {scope.account, scope.region, part}));
  return record ? std::optional(std::move(record->owner)) : std::nullopt;
}

Result<std::vector<std::string>> members_of(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc,
                                            Kind kind) {
  std::vector<std::string> result;
  auto rows = kMembers.scan_prefix(txn, metadata::Direction::forward, scope.account, scope.region, vpc,
                                   std::string(info(kind).prefix));
  while (TRY(rows.next())) result.push_back(std::get<3>(rows.key()));
  return result;
}

}  // namespace aerolith::ec2
