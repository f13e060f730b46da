#include "services/ec2/api.h"

#include <algorithm>

#include "ec2/model/region.h"
#include "services/ec2/cidr.h"
#include "services/ec2/encryption.h"
#include "services/ec2/image_parameters.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/recycle_bin.h"
#include "services/ec2/snapshots.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

// The API's errors end here: what can fail is the store.
template <typename T>
metadata::Result<T> plain(Result<T> result) {
  if (result.has_value()) return *std::move(result);
  return fail(metadata::ErrorCode::corrupt, std::move(result).error().message);
}

Result<std::optional<Scope>> owner_of_vpc(metadata::ReadTransaction& txn, const std::string& vpc) {
  auto rows = kVpcs.rows().scan(txn, metadata::Direction::forward);
  while (TRY(rows.next())) {
    const auto& [account, region, id] = rows.key();
    if (id == vpc) return std::optional(Scope{.account = account, .region = region});
  }
  return std::optional<Scope>();
}

Result<std::optional<InterfaceRecord>> interface_of(metadata::ReadTransaction& txn, const Scope& scope,
                                                    const std::string& vpc, std::string_view address) {
  const auto number = parse_ipv4(address);
  if (!number) return std::optional<InterfaceRecord>();
  for (const std::string& subnet : TRY(members_of(txn, scope, vpc, Kind::subnet))) {
    const auto owner = TRY(kPrivateAddresses.get(txn, {scope.account, scope.region, subnet, *number}));
    if (owner) return kInterfaces.find(txn, scope, owner->owner);
  }
  return std::optional<InterfaceRecord>();
}

Result<InterfaceFacts> facts_of(metadata::ReadTransaction& txn, const Scope& scope, const VpcRecord& vpc,
                                const InterfaceRecord& record) {
  InterfaceFacts facts{.id = record.id,
                       .mac = record.mac,
                       .device_index = record.attachment ? record.attachment->device_index : 0,
                       .subnet = record.subnet,
                       .vpc = record.vpc};
  if (const auto subnet = TRY(kSubnets.find(txn, scope, record.subnet))) facts.subnet_cidr = subnet->cidr;
  for (const CidrAssociation& each : vpc.cidrs) facts.vpc_cidrs.push_back(each.cidr);
  for (const PrivateAddressRecord& each : record.addresses) {
    facts.private_addresses.push_back(each.address);
    if (each.public_address) facts.public_addresses[each.address] = each.public_address->address;
  }
  facts.groups = record.groups;
  for (const std::string& id : record.groups) {
    const auto group = TRY(kGroups.find(txn, scope, id));
    facts.group_names.push_back(group ? group->name : id);
  }
  return facts;
}

InstanceFacts facts_of(const Scope& scope, const InstanceRecord& record) {
  InstanceFacts facts{.account = scope.account,
                      .id = record.id,
                      .reservation = record.reservation,
                      .image = record.image,
                      .type = record.type,
                      .architecture = record.architecture,
                      .zone = record.zone,
                      .placement_group = record.placement_group,
                      .partition = record.partition,
                      .launch_index = record.launch_index,
                      .launched_at = record.launched_at,
                      .private_address = record.private_address,
                      .private_name = private_name(scope.region, record.private_address),
                      .key_name = record.key_name,
                      .profile_arn = record.profile_arn,
                      .profile_id = record.profile_id,
                      .root_device = record.root_device};
  if (const auto zone = find_zone(scope.region, record.zone)) facts.zone_id = zone->id;
  facts.metadata_enabled = record.metadata_options.enabled;
  facts.tokens_required = record.metadata_options.tokens_required;
  facts.hop_limit = record.metadata_options.hop_limit;
  facts.shows_tags = record.metadata_options.shows_tags;
  facts.monitoring = record.monitoring;
  for (const InstanceVolume& each : record.volumes) {
    if (each.is_root || each.attached_at > record.launched_at) continue;
    constexpr std::string_view kFolder = "/dev/";
    facts.volume_devices.push_back(each.device.starts_with(kFolder) ? each.device.substr(kFolder.size()) : each.device);
  }
  return facts;
}

Result<std::optional<InstanceFacts>> find(metadata::ReadTransaction& txn, const std::string& vpc_id,
                                          std::string_view address) {
  const auto scope = TRY(owner_of_vpc(txn, vpc_id));
  if (!scope) return std::optional<InstanceFacts>();
  const auto interface = TRY(interface_of(txn, *scope, vpc_id, address));
  if (!interface || !interface->attachment) return std::optional<InstanceFacts>();
  const auto instance = TRY(kInstances.find(txn, *scope, interface->attachment->instance));
  if (!instance) return std::optional<InstanceFacts>();
  const VpcRecord vpc = TRY(kVpcs.get(txn, *scope, vpc_id));
  InstanceFacts facts = facts_of(*scope, *instance);
  for (const std::string& id : instance->interfaces) {
    const auto each = TRY(kInterfaces.find(txn, *scope, id));
    if (each) facts.interfaces.push_back(TRY(facts_of(txn, *scope, vpc, *each)));
  }
  if (!facts.interfaces.empty()) {
    const auto& addresses = facts.interfaces.front().public_addresses;
    const auto found = addresses.find(facts.private_address);
    if (found != addresses.end()) {
      facts.public_address = found->second;
      if (vpc.names_public_addresses()) facts.public_name = public_name(scope->region, found->second);
    }
  }
  if (!instance->key_name.empty()) {
    const auto id = TRY(kNames.get(txn, {scope->account, scope->region, "key-pair/" + instance->key_name}));
    const auto key = id ? TRY(kKeyPairs.find(txn, *scope, id->owner)) : std::nullopt;
    if (key) facts.public_key = key->public_key;
  }
  if (const auto data = TRY(kUserData.get(txn, {scope->account, scope->region, instance->id}))) {
    facts.user_data = data->data;
  }
  facts.tags = TRY(tags_of(txn, *scope, instance->id));
  return std::optional(std::move(facts));
}

// Whoever has the public address, in whatever VPC of the region.
Result<std::optional<InterfaceRecord>> holder_of(metadata::ReadTransaction& txn, const RegionName& region,
                                                 std::string_view public_address, Scope& holder) {
  const auto number = parse_ipv4(public_address);
  const auto taken = number ? TRY(kPublicAddresses.get(txn, {*number})) : std::nullopt;
  if (!taken) return std::optional<InterfaceRecord>();
  holder = {.account = AccountId(taken->account), .region = region};
  std::string interface = taken->owner;
  if (const auto elastic = TRY(kElasticIps.find(txn, holder, taken->owner))) interface = elastic->interface;
  return kInterfaces.find(txn, holder, interface);
}

Result<std::optional<std::string>> resolve_public(metadata::ReadTransaction& txn, const std::string& vpc,
                                                  std::string_view public_address) {
  const std::optional<std::string> outside{std::string(public_address)};
  const auto scope = TRY(owner_of_vpc(txn, vpc));
  if (!scope) return outside;
  Scope holder;
  const auto interface = TRY(holder_of(txn, scope->region, public_address, holder));
  if (!interface) return outside;
  const auto its_vpc = TRY(kVpcs.find(txn, holder, interface->vpc));
  if (!its_vpc || !its_vpc->names_public_addresses()) return std::optional<std::string>();
  if (interface->vpc != vpc) return outside;
  for (const PrivateAddressRecord& each : interface->addresses) {
    if (each.public_address && each.public_address->address == public_address) return std::optional(each.address);
  }
  return outside;
}

Result<std::optional<NetworkFacts>> facts_of_network(metadata::ReadTransaction& txn, const std::string& vpc) {
  const auto scope = TRY(owner_of_vpc(txn, vpc));
  const auto record = scope ? TRY(kVpcs.find(txn, *scope, vpc)) : std::nullopt;
  if (!record) return std::optional<NetworkFacts>();
  NetworkFacts facts{
      .account = scope->account, .region = scope->region, .cidrs = {}, .dns_support = record->dns_support};
  for (const CidrAssociation& each : record->cidrs) facts.cidrs.push_back(each.cidr);
  if (const auto endpoints = TRY(kEndpoints.in_vpc(txn, *scope, vpc)); !endpoints.empty()) {
    const EndpointRecord& endpoint = endpoints.front();
    facts.s3_endpoint =
        EndpointFacts{.id = endpoint.id, .policy = endpoint.policy == kEndpointFullAccess ? "" : endpoint.policy};
  }
  return std::optional(std::move(facts));
}

}  // namespace

metadata::Result<std::string> register_own_image(metadata::Store& store, const aerolith::Region& region, Timestamp now,
                                                 const OwnImage& image) {
  const Scope scope{.account = AccountId(), .region = region};
  return plain(metadata::run_transaction(store, [&](metadata::Transaction& txn) -> Result<std::string> {
    ImageRecord record{.id = make_id(Kind::image), .name = image.name, .created_at = now};
    for (const ImageRecord& each : TRY(kImages.all(txn, scope))) {
      if (!each.owner.empty() || each.name != image.name) continue;
      record.id = each.id;
      record.created_at = each.created_at;
    }
    record.description = image.description;
    record.root_device = image.root_device;
    record.devices = {{.device = image.root_device, .snapshot = image.snapshot, .size_gib = image.size_gib}};
    record.driver = image.driver;
    record.kernel = image.kernel;
    record.initramfs = image.initramfs;
    record.kernel_arguments = image.kernel_arguments;
    kImages.put(txn, scope, record);
    return record.id;
  }));
}

metadata::Result<std::vector<ImageParameter>> list_image_parameters(metadata::Store& store,
                                                                    const aerolith::Region& region) {
  const auto txn = store.begin_read();
  return plain(image_parameters(*txn, {.account = AccountId(), .region = region}));
}

metadata::Result<std::vector<OwnImage>> list_own_images(metadata::Store& store, const aerolith::Region& region) {
  const auto txn = store.begin_read();
  const auto images = plain(kImages.all(*txn, {.account = AccountId(), .region = region}));
  if (!images.has_value()) return std::unexpected(images.error());
  std::vector<OwnImage> own;
  for (const ImageRecord& each : *images) {
    if (!each.owner.empty() || each.devices.empty()) continue;
    own.push_back({.name = each.name,
                   .description = each.description,
                   .snapshot = each.devices.front().snapshot,
                   .size_gib = each.devices.front().size_gib,
                   .root_device = each.root_device,
                   .driver = each.driver,
                   .kernel = each.kernel,
                   .initramfs = each.initramfs,
                   .kernel_arguments = each.kernel_arguments,
                   .id = each.id,
                   .created_at = each.created_at});
  }
  return own;
}

metadata::Result<std::optional<OwnImage>> find_own_image(metadata::Store& store, const aerolith::Region& region,
                                                         std::string_view name) {
  auto images = list_own_images(store, region);
  if (!images.has_value()) return std::unexpected(images.error());
  const auto found = std::ranges::find(*images, name, &OwnImage::name);
  if (found == images->end()) return std::optional<OwnImage>();
  return std::optional(std::move(*found));
}

metadata::Result<std::vector<CompletedSnapshot>> list_completed_snapshots(metadata::Store& store) {
  const auto txn = store.begin_read();
  std::vector<CompletedSnapshot> completed;
  for (const auto* const table : {&kSnapshots, &kBinnedSnapshots}) {
    auto rows = table->rows().scan(*txn, metadata::Direction::forward);
    while (TRY(rows.next())) {
      const SnapshotRecord record = TRY(rows.record());
      if (record.state != SnapshotState::completed || record.removed) continue;
      completed.push_back({.id = record.id, .is_blocks = record.place == SnapshotPlace::blocks});
    }
  }
  return completed;
}

metadata::Result<std::optional<InstanceFacts>> find_instance(metadata::Store& store, const std::string& vpc,
                                                             std::string_view address) {
  const auto txn = store.begin_read();
  return plain(find(*txn, vpc, address));
}

std::string new_snapshot_id() { return make_id(Kind::snapshot); }

metadata::Result<> register_snapshot(metadata::Store& store, const aerolith::Region& region, Timestamp now,
                                     const StoredSnapshot& snapshot) {
  return metadata::run_transaction(store, [&](metadata::Transaction& txn) -> metadata::Result<> {
    kSnapshots.put(txn, snapshot_scope({.account = snapshot.owner, .region = region}),
                   {.id = snapshot.id,
                    .owner = snapshot.owner.str(),
                    .volume = std::string(kNoVolume),
                    .size_gib = snapshot.size_gib,
                    .description = snapshot.description,
                    .encrypted = !snapshot.kms_key.empty(),
                    .started_at = now,
                    .completed_at = now,
                    .state = SnapshotState::completed,
                    .percent = 100,
                    .source = SnapshotSource::file,
                    .kms_key = snapshot.kms_key});
    return {};
  });
}

metadata::Result<DefaultKey> default_key(metadata::Store& store, const aerolith::Region& region,
                                         const AccountId& account) {
  return plain(metadata::run_transaction(store, [&](metadata::Transaction& txn) -> Result<DefaultKey> {
    std::string arn = TRY(choose_key(txn, {.account = account, .region = region}, {}));
    std::string name = key_name(arn);
    return DefaultKey{.arn = std::move(arn), .name = std::move(name)};
  }));
}

metadata::Result<std::optional<NetworkFacts>> find_network(metadata::Store& store, const std::string& vpc) {
  const auto txn = store.begin_read();
  return plain(facts_of_network(*txn, vpc));
}

metadata::Result<std::optional<std::string>> resolve_public_name(metadata::Store& store, const std::string& vpc,
                                                                 std::string_view public_address) {
  const auto txn = store.begin_read();
  return plain(resolve_public(*txn, vpc, public_address));
}

}  // namespace aerolith::ec2
