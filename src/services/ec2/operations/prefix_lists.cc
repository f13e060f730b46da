#include "services/ec2/prefix_lists.h"

#include <fmt/format.h>

#include <array>

#include "ec2/operations/create_managed_prefix_list.h"
#include "ec2/operations/delete_managed_prefix_list.h"
#include "ec2/operations/describe_managed_prefix_lists.h"
#include "ec2/operations/describe_prefix_lists.h"
#include "ec2/operations/get_managed_prefix_list_associations.h"
#include "ec2/operations/get_managed_prefix_list_entries.h"
#include "ec2/operations/modify_managed_prefix_list.h"
#include "ec2/operations/restore_managed_prefix_list_version.h"
#include "services/ec2/cidr.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/prefix_list_versions.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"

namespace aerolith::ec2 {
namespace {

constexpr int32_t kMaxListEntries = 1000;

std::string owner_of(const Scope& scope, const PrefixListRecord& list) {
  return list.is_aws ? "AWS" : scope.account.str();
}

using PrefixListFilter = FilterDefinition<PrefixListRecord>;
constexpr std::array kPrefixListFilters{
    PrefixListFilter{"prefix-list-id",
                     [](const Lookup&, const PrefixListRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    PrefixListFilter{"prefix-list-name",
                     [](const Lookup&, const PrefixListRecord& r) -> Result<Strings> { return Strings{r.name}; }},
    PrefixListFilter{
        "owner-id",
        [](const Lookup& at, const PrefixListRecord& r) -> Result<Strings> { return Strings{owner_of(at.scope, r)}; }},
};

ManagedPrefixList to_wire(const Scope& scope, const PrefixListRecord& record, const TagMap& tags) {
  ManagedPrefixList list{.prefix_list_id = record.id,
                         .address_family = record.is_v6 ? "IPv6" : "IPv4",
                         .state = "create-complete",
                         .prefix_list_arn = make_arn(scope, Kind::prefix_list, record.id),
                         .prefix_list_name = record.name,
                         .tags = wire_tags(tags),
                         .owner_id = owner_of(scope, record)};
  if (record.is_aws) {
    list.prefix_list_arn = fmt::format("arn:aws:ec2:{}:aws:prefix-list/{}", scope.region.view(), record.id);
    return list;
  }
  list.max_entries = record.max_entries;
  list.version = record.version;
  if (record.is_changed || record.version > 1) list.state = "modify-complete";
  return list;
}

// AWS's own and the account's that are asked for, by id.
Result<std::vector<Tagged<PrefixListRecord>>> find_lists(metadata::ReadTransaction& txn, const Call& call,
                                                         const std::optional<Strings>& ids, const FilterList& filters) {
  TRY(check_filters<PrefixListRecord>(filters, kPrefixListFilters));
  std::vector<PrefixListRecord> lists;
  if (ids && !ids->empty()) {
    for (const std::string& id : *ids) lists.push_back(TRY(get_prefix_list(txn, call.cloud, call.scope, id)));
  } else {
    lists = TRY(kPrefixLists.all(txn, call.scope));
    for (PrefixListRecord& own : aws_prefix_lists(call.cloud, call.scope)) lists.push_back(std::move(own));
  }
  std::ranges::sort(lists, {}, &PrefixListRecord::id);
  std::vector<Tagged<PrefixListRecord>> result;
  for (PrefixListRecord& list : lists) {
    TagMap tags = TRY(tags_of(txn, call.scope, list.id));
    const Lookup lookup{.txn = txn, .scope = call.scope};
    if (!TRY(matches<PrefixListRecord>(filters, kPrefixListFilters, lookup, list, tags))) continue;
    result.push_back({.record = std::move(list), .tags = std::move(tags)});
  }
  return result;
}

// A page of what was found, sorted by `key`.
template <typename Item, typename Key>
Result<std::optional<std::string>> cut_page(std::vector<Item>& items, std::optional<int32_t> max_results,
                                            const std::optional<std::string>& token, Key key) {
  const std::string after = TRY(read_token(token));
  std::erase_if(items, [&](const Item& each) { return key(each) <= after; });
  const size_t limit = max_results ? static_cast<size_t>(*max_results) : items.size();
  if (items.size() <= limit) return std::optional<std::string>();
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(limit), items.end());
  return std::optional(make_token(key(items.back())));
}

Result<> check_max_entries(int32_t count) {
  if (count >= 1 && count <= kMaxListEntries) return {};
  return errors::invalid_value("MaxEntries", std::to_string(count), "Valid values are from 1 to 1000.");
}

Result<PrefixListEntryRecord> read_entry(const PrefixListRecord& list, const AddPrefixListEntry& entry) {
  const auto v4 = parse_cidr(*entry.cidr);
  const auto v6 = normalize_ipv6_cidr(*entry.cidr);
  if (list.is_v6 ? !v6.has_value() : !v4.has_value()) {
    return errors::invalid_parameter(fmt::format("The CIDR ({}) is not valid.", *entry.cidr));
  }
  return PrefixListEntryRecord{.cidr = list.is_v6 ? *v6 : v4->text(), .description = entry.description};
}

std::unexpected<CallError> too_many_entries() {
  return errors::of("PrefixListMaxEntriesExceeded",
                    "You've reached the maximum number of entries for the prefix list.");
}

Result<> add_entry(PrefixListRecord& list, PrefixListEntryRecord entry) {
  const auto found = std::ranges::find(list.entries, entry.cidr, &PrefixListEntryRecord::cidr);
  if (found != list.entries.end()) {
    found->description = entry.description;
    return {};
  }
  list.entries.push_back(std::move(entry));
  if (list.entries.size() <= static_cast<size_t>(list.max_entries)) return {};
  return too_many_entries();
}

Result<> check_version(const PrefixListRecord& list, int64_t version) {
  if (version == list.version) return {};
  return errors::of("PrefixListVersionMismatch",
                    "The prefix list has the incorrect version number. Please use the latest version number.");
}

// Who uses it: groups and route tables, and so VPCs.
struct Use {
  std::string resource;
  std::string vpc;
};
Result<std::vector<Use>> uses_of(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  std::vector<Use> result;
  for (const GroupRecord& group : TRY(kGroups.all(txn, scope))) {
    const auto found = std::ranges::find(group.rules, id, &RuleRecord::prefix_list);
    if (found != group.rules.end()) result.push_back({.resource = group.id, .vpc = group.vpc});
  }
  for (const RouteTableRecord& table : TRY(kRouteTables.all(txn, scope))) {
    const auto found = std::ranges::find(table.routes, id, &RouteRecord::destination);
    if (found != table.routes.end()) result.push_back({.resource = table.id, .vpc = table.vpc});
  }
  return result;
}

}  // namespace

Result<DescribePrefixListsOutput> describe_prefix_lists(Call& call, const DescribePrefixListsInput& input) {
  const auto txn = call.read();
  auto lists = TRY(find_lists(*txn, call, input.prefix_list_ids, input.filters));
  std::erase_if(lists, [](const auto& each) { return !each.record.is_aws; });
  DescribePrefixListsOutput output{.prefix_lists = std::vector<PrefixList>()};
  for (const auto& each : lists) {
    PrefixList shown{.cidrs = Strings(), .prefix_list_id = each.record.id, .prefix_list_name = each.record.name};
    for (const PrefixListEntryRecord& entry : each.record.entries) shown.cidrs->push_back(entry.cidr);
    output.prefix_lists->push_back(std::move(shown));
  }
  return output;
}

Result<DescribeManagedPrefixListsOutput> describe_managed_prefix_lists(Call& call,
                                                                       const DescribeManagedPrefixListsInput& input) {
  const auto txn = call.read();
  auto lists = TRY(find_lists(*txn, call, input.prefix_list_ids, input.filters));
  DescribeManagedPrefixListsOutput output{.prefix_lists = std::vector<ManagedPrefixList>()};
  output.next_token = TRY(cut_page(lists, input.max_results, input.next_token,
                                   [](const auto& each) -> const std::string& { return each.record.id; }));
  for (const auto& [record, tags] : lists) output.prefix_lists->push_back(to_wire(call.scope, record, tags));
  return output;
}

Result<GetManagedPrefixListEntriesOutput> get_managed_prefix_list_entries(
    Call& call, const GetManagedPrefixListEntriesInput& input) {
  const auto txn = call.read();
  PrefixListRecord list = TRY(get_prefix_list(*txn, call.cloud, call.scope, *input.prefix_list_id));
  if (input.target_version) {
    list.entries = TRY(entries_of_version(*txn, call.scope, list, *input.target_version));
  }
  std::ranges::sort(list.entries, {}, &PrefixListEntryRecord::cidr);
  GetManagedPrefixListEntriesOutput output{.entries = std::vector<PrefixListEntry>()};
  output.next_token = TRY(cut_page(list.entries, input.max_results, input.next_token,
                                   [](const auto& each) -> const std::string& { return each.cidr; }));
  for (const auto& each : list.entries) output.entries->push_back({.cidr = each.cidr, .description = each.description});
  return output;
}

Result<CreateManagedPrefixListOutput> create_managed_prefix_list(Call& call,
                                                                 const CreateManagedPrefixListInput& input) {
  PrefixListRecord list{
      .id = make_id(Kind::prefix_list), .name = *input.prefix_list_name, .max_entries = *input.max_entries};
  if (list.name.starts_with("com.amazonaws")) return errors::invalid_parameter("The name is reserved.");
  TRY(check_max_entries(list.max_entries));
  if (*input.address_family != "IPv4" && *input.address_family != "IPv6") {
    return errors::invalid_value("AddressFamily", *input.address_family, "Valid values are IPv4 and IPv6.");
  }
  list.is_v6 = *input.address_family == "IPv6";
  for (const AddPrefixListEntry& entry : input.entries.value_or(std::vector<AddPrefixListEntry>())) {
    TRY(add_entry(list, TRY(read_entry(list, entry))));
  }
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::prefix_list));
  auto made = TRY(call.write([&](metadata::Transaction& txn) -> Result<PrefixListRecord> {
    if (const auto before = TRY(find_made(txn, call, input.client_token))) {
      return kPrefixLists.get(txn, call.scope, *before);
    }
    kPrefixLists.put(txn, call.scope, list);
    put_tags(txn, call.scope, list.id, tags);
    remember_made(txn, call, input.client_token, list.id);
    return list;
  }));
  return CreateManagedPrefixListOutput{.prefix_list = to_wire(call.scope, made, tags)};
}

Result<ModifyManagedPrefixListOutput> modify_managed_prefix_list(Call& call,
                                                                 const ModifyManagedPrefixListInput& input) {
  std::vector<Use> uses;
  TagMap tags;
  auto list = TRY(call.write([&](metadata::Transaction& txn) -> Result<PrefixListRecord> {
    PrefixListRecord record = TRY(kPrefixLists.get(txn, call.scope, input.prefix_list_id));
    const auto removed = input.remove_entries.value_or(std::vector<RemovePrefixListEntry>());
    const auto added = input.add_entries.value_or(std::vector<AddPrefixListEntry>());
    const bool changes = !removed.empty() || !added.empty();
    if (changes && !input.current_version) return errors::missing_parameter("CurrentVersion");
    if (input.current_version) TRY(check_version(record, *input.current_version));
    if (changes) keep_version(txn, call.scope, record);
    if (input.prefix_list_name) record.name = *input.prefix_list_name;
    if (input.max_entries) {
      if (changes) return errors::invalid_combination("MaxEntries can't change along with entries.");
      TRY(check_max_entries(*input.max_entries));
      if (record.entries.size() > static_cast<size_t>(*input.max_entries)) {
        return errors::invalid_value(
            "MaxEntries", std::to_string(*input.max_entries),
            fmt::format("The prefix list '{}' has {} entries.", record.id, record.entries.size()));
      }
      record.max_entries = *input.max_entries;
    }
    for (const RemovePrefixListEntry& entry : removed) {
      if (std::erase_if(record.entries, [&](const auto& each) { return each.cidr == *entry.cidr; }) == 0) {
        return errors::of("InvalidPrefixListModification",
                          fmt::format("The CIDR {} is not an entry of the prefix list.", *entry.cidr));
      }
    }
    for (const AddPrefixListEntry& entry : added) TRY(add_entry(record, TRY(read_entry(record, entry))));
    if (changes) ++record.version;
    record.is_changed = true;
    kPrefixLists.put(txn, call.scope, record);
    tags = TRY(tags_of(txn, call.scope, record.id));
    uses = TRY(uses_of(txn, call.scope, record.id));
    return record;
  }));
  for (const Use& use : uses) call.settle_vpc(use.vpc);
  return ModifyManagedPrefixListOutput{.prefix_list = to_wire(call.scope, list, tags)};
}

// What it had becomes its next version.
Result<RestoreManagedPrefixListVersionOutput> restore_managed_prefix_list_version(
    Call& call, const RestoreManagedPrefixListVersionInput& input) {
  std::vector<Use> uses;
  TagMap tags;
  auto list = TRY(call.write([&](metadata::Transaction& txn) -> Result<PrefixListRecord> {
    PrefixListRecord record = TRY(kPrefixLists.get(txn, call.scope, input.prefix_list_id));
    TRY(check_version(record, *input.current_version));
    keep_version(txn, call.scope, record);
    record.entries = TRY(entries_of_version(txn, call.scope, record, *input.previous_version));
    if (record.entries.size() > static_cast<size_t>(record.max_entries)) return too_many_entries();
    ++record.version;
    kPrefixLists.put(txn, call.scope, record);
    tags = TRY(tags_of(txn, call.scope, record.id));
    uses = TRY(uses_of(txn, call.scope, record.id));
    return record;
  }));
  for (const Use& use : uses) call.settle_vpc(use.vpc);
  ManagedPrefixList shown = to_wire(call.scope, list, tags);
  shown.state = "restore-complete";
  return RestoreManagedPrefixListVersionOutput{.prefix_list = std::move(shown)};
}

Result<DeleteManagedPrefixListOutput> delete_managed_prefix_list(Call& call,
                                                                 const DeleteManagedPrefixListInput& input) {
  auto list = TRY(call.write([&](metadata::Transaction& txn) -> Result<PrefixListRecord> {
    PrefixListRecord record = TRY(kPrefixLists.get(txn, call.scope, input.prefix_list_id));
    if (!TRY(uses_of(txn, call.scope, record.id)).empty()) {
      return errors::of("DependencyViolation",
                        fmt::format("The prefix list '{}' has dependencies and cannot be deleted.", record.id));
    }
    TRY(forget_versions(txn, call.scope, record));
    kPrefixLists.erase(txn, call.scope, record);
    return record;
  }));
  ManagedPrefixList shown = to_wire(call.scope, list, {});
  shown.state = "delete-complete";
  return DeleteManagedPrefixListOutput{.prefix_list = std::move(shown)};
}

Result<GetManagedPrefixListAssociationsOutput> get_managed_prefix_list_associations(
    Call& call, const GetManagedPrefixListAssociationsInput& input) {
  const auto txn = call.read();
  const PrefixListRecord list = TRY(get_prefix_list(*txn, call.cloud, call.scope, *input.prefix_list_id));
  GetManagedPrefixListAssociationsOutput output{.prefix_list_associations = std::vector<PrefixListAssociation>()};
  for (const Use& use : TRY(uses_of(*txn, call.scope, list.id))) {
    output.prefix_list_associations->push_back(
        {.resource_id = use.resource, .resource_owner = call.scope.account.str()});
  }
  return output;
}

}  // namespace aerolith::ec2
