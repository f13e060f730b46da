#include <fmt/format.h>

#include <array>

#include "ec2/operations/create_key_pair.h"
#include "ec2/operations/delete_key_pair.h"
#include "ec2/operations/describe_key_pairs.h"
#include "ec2/operations/import_key_pair.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/ssh_keys.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

using KeyPairFilter = FilterDefinition<KeyPairRecord>;
constexpr std::array kKeyPairFilters{
    KeyPairFilter{"key-pair-id",
                  [](const Lookup&, const KeyPairRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    KeyPairFilter{"key-name", [](const Lookup&, const KeyPairRecord& r) -> Result<Strings> { return Strings{r.name}; }},
    KeyPairFilter{"fingerprint",
                  [](const Lookup&, const KeyPairRecord& r) -> Result<Strings> { return Strings{r.fingerprint}; }},
};

std::string name_key(const std::string& name) { return "key-pair/" + name; }

Result<> check_key_name(const std::string& name) {
  if (name.empty()) return errors::missing_parameter("KeyName");
  if (name.size() > 255) {
    return errors::invalid_value("KeyName", name, "The name must be no longer than 255 ASCII characters.");
  }
  return {};
}

// Under a name that is free.
Result<KeyPairRecord> store(Call& call, const std::string& name, const SshPublicKey& key, const TagMap& tags) {
  return call.write([&](metadata::Transaction& txn) -> Result<KeyPairRecord> {
    if (TRY(kNames.get(txn, {call.scope.account, call.scope.region, name_key(name)}))) {
      return errors::of("InvalidKeyPair.Duplicate", fmt::format("The keypair already exists: {}", name));
    }
    KeyPairRecord record{.id = make_id(Kind::key_pair),
                         .name = name,
                         .type = key.type,
                         .fingerprint = key.fingerprint,
                         .public_key = key.line + " " + name,
                         .created_at = call.context.now};
    kKeyPairs.put(txn, call.scope, record);
    kNames.put(txn, {call.scope.account, call.scope.region, name_key(name)}, {.owner = record.id});
    put_tags(txn, call.scope, record.id, tags);
    return record;
  });
}

}  // namespace

Result<CreateKeyPairOutput> create_key_pair(Call& call, const CreateKeyPairInput& input) {
  TRY(check_key_name(*input.key_name));
  if (input.key_format.value_or("pem") != "pem") return errors::unsupported("Keys are given in the PEM format only.");
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::key_pair));
  const auto pair = input.key_type.value_or("rsa") == "ed25519" ? make_ed25519_key() : make_rsa_key();
  if (!pair) return errors::internal_error("OpenSSL can't make a key");
  const auto record = TRY(store(call, *input.key_name, pair->public_key, tags));
  return CreateKeyPairOutput{.key_pair_id = record.id,
                             .tags = wire_tags_if_any(tags),
                             .key_name = record.name,
                             .key_fingerprint = record.fingerprint,
                             .key_material = pair->private_key};
}

Result<ImportKeyPairOutput> import_key_pair(Call& call, const ImportKeyPairInput& input) {
  TRY(check_key_name(*input.key_name));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::key_pair));
  const auto key = parse_public_key(*input.public_key_material);
  if (!key) return errors::of("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
  const auto record = TRY(store(call, *input.key_name, *key, tags));
  return ImportKeyPairOutput{.key_fingerprint = record.fingerprint,
                             .key_name = record.name,
                             .key_pair_id = record.id,
                             .tags = wire_tags_if_any(tags)};
}

Result<DescribeKeyPairsOutput> describe_key_pairs(Call& call, const DescribeKeyPairsInput& input) {
  const auto txn = call.read();
  auto ids = input.key_pair_ids;
  for (const std::string& name : input.key_names.value_or(Strings())) {
    const auto found = TRY(kNames.get(*txn, {call.scope.account, call.scope.region, name_key(name)}));
    if (!found) return errors::not_found(Kind::key_pair, name);
    if (!ids) ids.emplace();
    ids->push_back(found->owner);
  }
  const auto page = TRY(describe<KeyPairRecord>(*txn, call.scope, kKeyPairs, kKeyPairFilters,
                                                {ids, input.filters, std::nullopt, std::nullopt}));
  DescribeKeyPairsOutput output{.key_pairs = std::vector<KeyPairInfo>()};
  for (const auto& [record, tags] : page.items) {
    KeyPairInfo shown{.key_pair_id = record.id,
                      .key_type = record.type,
                      .tags = wire_tags(tags),
                      .create_time = record.created_at,
                      .key_name = record.name,
                      .key_fingerprint = record.fingerprint};
    if (input.include_public_key.value_or(false)) shown.public_key = record.public_key;
    output.key_pairs->push_back(std::move(shown));
  }
  return output;
}

// Fine where there is none.
Result<DeleteKeyPairOutput> delete_key_pair(Call& call, const DeleteKeyPairInput& input) {
  if (!input.key_name && !input.key_pair_id) return errors::missing_parameter("KeyName");
  auto id = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    std::string wanted = input.key_pair_id.value_or("");
    if (input.key_name) {
      const auto found = TRY(kNames.get(txn, {call.scope.account, call.scope.region, name_key(*input.key_name)}));
      if (!found) return std::string();
      wanted = found->owner;
    }
    const auto record = TRY(kKeyPairs.find(txn, call.scope, wanted));
    if (!record) return std::string();
    kNames.erase(txn, {call.scope.account, call.scope.region, name_key(record->name)});
    kKeyPairs.erase(txn, call.scope, *record);
    return record->id;
  }));
  DeleteKeyPairOutput output{.return_ = true};
  if (!id.empty()) output.key_pair_id = std::move(id);
  return output;
}

}  // namespace aerolith::ec2
