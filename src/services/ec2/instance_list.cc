#include "services/ec2/instance_list.h"

#include <algorithm>
#include <utility>

#include "services/ec2/instance_tables.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {
namespace {

// An image of an image of an image… ends some day.
constexpr int kMostSteps = 16;

Result<std::string> public_address_of(metadata::ReadTransaction& txn, const Scope& scope,
                                      const InstanceRecord& record) {
  for (const std::string& id : record.interfaces) {
    const auto interface = TRY(kInterfaces.find(txn, scope, id));
    if (!interface) continue;
    for (const PrivateAddressRecord& each : interface->addresses) {
      if (each.public_address) return each.public_address->address;
    }
  }
  return std::string();
}

Result<std::string> public_key_of(metadata::ReadTransaction& txn, const Scope& scope, const std::string& name) {
  if (name.empty()) return std::string();
  const auto id = TRY(kNames.get(txn, {scope.account, scope.region, "key-pair/" + name}));
  const auto key = id ? TRY(kKeyPairs.find(txn, scope, id->owner)) : std::nullopt;
  return key ? key->public_key : std::string();
}

// As far back as there are records.
Result<std::string> base_name_of(metadata::ReadTransaction& txn, const Scope& scope, std::string image) {
  std::string name;
  for (int step = 0; step < kMostSteps && !image.empty(); ++step) {
    const auto record = TRY(kImages.find(txn, image_scope(scope), image));
    if (!record) break;
    name = record->name;
    image = record->source_image;
    if (record->source_instance.empty()) continue;
    const auto instance = TRY(kInstances.find(txn, scope, record->source_instance));
    image = instance ? instance->image : std::string();
  }
  return name;
}

Result<ListedInstance> listed(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& record) {
  ListedInstance instance{.account = scope.account,
                          .region = scope.region,
                          .id = record.id,
                          .state = std::string(name_of(record.state)),
                          .type = record.type,
                          .is_vm = record.driver == DriverChoice::vm,
                          .image = record.image,
                          .private_address = record.private_address,
                          .vpc = record.vpc,
                          .key_name = record.key_name,
                          .launched_at = record.launched_at};
  const TagMap tags = TRY(tags_of(txn, scope, record.id));
  if (const auto name = tags.find("Name"); name != tags.end()) instance.name = name->second;
  if (const auto image = TRY(kImages.find(txn, image_scope(scope), record.image))) instance.image_name = image->name;
  instance.base_image_name = TRY(base_name_of(txn, scope, record.image));
  instance.public_address = TRY(public_address_of(txn, scope, record));
  instance.public_key = TRY(public_key_of(txn, scope, record.key_name));
  return instance;
}

Result<std::vector<ListedInstance>> list(metadata::ReadTransaction& txn) {
  std::vector<ListedInstance> instances;
  auto rows = kInstances.rows().scan(txn, metadata::Direction::forward);
  while (TRY(rows.next())) {
    const auto& [account, region, id] = rows.key();
    instances.push_back(TRY(listed(txn, {.account = account, .region = region}, TRY(rows.record()))));
  }
  std::ranges::sort(instances, [](const ListedInstance& left, const ListedInstance& right) {
    return std::pair(left.launched_at, left.id) < std::pair(right.launched_at, right.id);
  });
  return instances;
}

Result<std::optional<ListedInstance>> find(metadata::ReadTransaction& txn, const std::string& wanted) {
  auto rows = kInstances.rows().scan(txn, metadata::Direction::forward);
  while (TRY(rows.next())) {
    const auto& [account, region, id] = rows.key();
    if (id != wanted) continue;
    return std::optional(TRY(listed(txn, {.account = account, .region = region}, TRY(rows.record()))));
  }
  return std::optional<ListedInstance>();
}

// The API's errors end here: what can fail is the store.
template <typename T>
metadata::Result<T> without_code(Result<T> result) {
  if (result.has_value()) return *std::move(result);
  return fail(metadata::ErrorCode::corrupt, std::move(result).error().message);
}

}  // namespace

metadata::Result<std::vector<ListedInstance>> list_instances(metadata::Store& store) {
  return without_code(list(*store.begin_read()));
}

metadata::Result<std::optional<ListedInstance>> find_listed_instance(metadata::Store& store, const std::string& id) {
  return without_code(find(*store.begin_read(), id));
}

metadata::Result<std::string> read_kept_console(metadata::Store& store, const ListedInstance& instance) {
  const auto txn = store.begin_read();
  auto kept = TRY(kConsoles.get(*txn, {instance.account, instance.region, instance.id}));
  return kept ? std::move(kept->text) : std::string();
}

}  // namespace aerolith::ec2
