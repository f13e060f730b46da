// Typed tables of EC2's things: keyed by account, region and id; what belongs to a VPC is found by the VPC as well.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strong_string.h"
#include "ec2/model/region.h"
#include "metadata/table.h"
#include "services/ec2/errors.h"
#include "services/ec2/kinds.h"

namespace aerolith::ec2 {

// The model has a struct of the plain name.
using RegionName = ::aerolith::Region;

// Whose and where.
struct Scope {
  AccountId account;
  RegionName region;
  bool operator==(const Scope&) const = default;
};

// "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"; those of images and snapshots have no account.
std::string make_arn(const Scope& scope, Kind kind, std::string_view id);

struct Nothing {
  static constexpr uint32_t kVersion = 1;
};
template <class Archive>
void fields(Archive&, Nothing&) {}

struct TagsRecord {
  static constexpr uint32_t kVersion = 1;
  std::map<std::string, std::string> tags;
};
template <class Archive>
void fields(Archive& archive, TagsRecord& r) {
  archive(r.tags);
}
using TagMap = std::map<std::string, std::string>;

// What has an id and lies in another's record: a rule of a group, an association.
struct PartRecord {
  static constexpr uint32_t kVersion = 1;
  std::string owner;  // the id of what has it
};
template <class Archive>
void fields(Archive& archive, PartRecord& r) {
  archive(r.owner);
}

inline const metadata::Table<TagsRecord, AccountId, RegionName, std::string> kTags{"ec2.tags"};
// VPC, then what is in it.
inline const metadata::Table<Nothing, AccountId, RegionName, std::string, std::string> kMembers{"ec2.vpc_member"};
inline const metadata::Table<PartRecord, AccountId, RegionName, std::string> kParts{"ec2.part"};
// A name that is unique: "key-pair/mine" -> its id.
inline const metadata::Table<PartRecord, AccountId, RegionName, std::string> kNames{"ec2.name"};

Result<TagMap> tags_of(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id);
void put_tags(metadata::Transaction& txn, const Scope& scope, const std::string& id, const TagMap& tags);

void put_part(metadata::Transaction& txn, const Scope& scope, const std::string& part, const std::string& owner);
void erase_part(metadata::Transaction& txn, const Scope& scope, const std::string& part);
// Who has it; nullopt: there is no such part.
Result<std::optional<std::string>> owner_of_part(metadata::ReadTransaction& txn, const Scope& scope,
                                                 const std::string& part);
// The ids of what is in a VPC, of one kind.
Result<std::vector<std::string>> members_of(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc,
                                            Kind kind);

template <typename Record>
class Resources {
 public:
  using Rows = metadata::Table<Record, AccountId, RegionName, std::string>;

  Resources(Kind kind, std::string_view table) : kind_(kind), rows_(table) {}

  Kind kind() const { return kind_; }
  const Rows& rows() const { return rows_; }

  Result<std::optional<Record>> find(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) const {
    return TRY(rows_.get(txn, {scope.account, scope.region, id}));
  }
  // Invalid….NotFound, Invalid….Malformed.
  Result<Record> get(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) const {
    if (!is_well_formed(kind_, id) && !info(kind_).malformed_code.empty()) return errors::malformed_id(kind_, id);
    auto found = TRY(find(txn, scope, id));
    if (!found) return errors::not_found(kind_, id);
    return *std::move(found);
  }
  Result<Record> get(metadata::ReadTransaction& txn, const Scope& scope, const std::optional<std::string>& id) const {
    return get(txn, scope, id.value_or(std::string()));
  }
  // All of one VPC.
  Result<std::vector<Record>> in_vpc(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc) const {
    std::vector<Record> result;
    for (const std::string& id : TRY(members_of(txn, scope, vpc, kind_))) {
      if (auto record = TRY(find(txn, scope, id))) result.push_back(*std::move(record));
    }
    return result;
  }
  Result<std::vector<Record>> all(metadata::ReadTransaction& txn, const Scope& scope) const {
    std::vector<Record> result;
    auto rows = rows_.scan(txn, metadata::Direction::forward, scope.account, scope.region);
    while (TRY(rows.next())) result.push_back(TRY(rows.record()));
    return result;
  }
  void put(metadata::Transaction& txn, const Scope& scope, const Record& record) const {
    rows_.put(txn, {scope.account, scope.region, record.id}, record);
    if constexpr (requires { record.vpc; }) {
      if (!record.vpc.empty()) kMembers.put(txn, {scope.account, scope.region, record.vpc, record.id}, {});
    }
  }
  // With its tags.
  void erase(metadata::Transaction& txn, const Scope& scope, const Record& record) const {
    rows_.erase(txn, {scope.account, scope.region, record.id});
    kTags.erase(txn, {scope.account, scope.region, record.id});
    if constexpr (requires { record.vpc; }) leave_vpc(txn, scope, record);
  }
  void leave_vpc(metadata::Transaction& txn, const Scope& scope, const Record& record) const {
    if (!record.vpc.empty()) kMembers.erase(txn, {scope.account, scope.region, record.vpc, record.id});
  }

 private:
  Kind kind_;
  Rows rows_;
};

}  // namespace aerolith::ec2
