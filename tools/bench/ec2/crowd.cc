// Puts copies of the one stopped instance of a data folder into its store, each with an interface, a volume and tags of
// its own: a crowd to describe, without its guests. Nothing may run on the folder.
// ninja -C build/release ec2_crowd && build/release/src/services/ec2/ec2_crowd DATA_FOLDER COUNT
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "services/ec2/instance_tables.h"
#include "services/ec2/network_tables.h"

namespace {

using namespace aerolith;
using namespace aerolith::ec2;

constexpr int kBatch = 500;

struct Model {
  Scope scope;
  InstanceRecord instance;
  InterfaceRecord interface;
  VolumeRecord volume;
  TagMap tags;
};

template <typename T, typename Error>
T must(aerolith::Result<T, Error> result) {
  if (!result.has_value()) {
    fmt::print(stderr, "ec2_crowd: {}\n", result.error().detail);
    std::exit(1);
  }
  return *std::move(result);
}

Model find_model(metadata::ReadTransaction& txn) {
  auto rows = kInstances.rows().scan(txn, metadata::Direction::forward);
  while (must(rows.next())) {
    const auto [account, region, id] = rows.key();
    Model model{.scope = {.account = account, .region = region}, .instance = must(rows.record())};
    if (model.instance.state != LifeState::stopped) continue;
    model.interface = *must(kInterfaces.rows().get(txn, {account, region, model.instance.interfaces.at(0)}));
    model.volume = *must(kVolumes.rows().get(txn, {account, region, model.instance.volumes.at(0).volume}));
    if (const auto tags = must(kTags.get(txn, {account, region, id}))) model.tags = tags->tags;
    return model;
  }
  fmt::print(stderr, "ec2_crowd: the store has no stopped instance\n");
  std::exit(1);
}

void put_copy(metadata::Transaction& txn, const Model& model, int number) {
  // Spread over the whole range of ids, as random ones are.
  const std::string suffix = fmt::format("{:04x}{:013x}", (number * 40503U) & 0xffffU, number);
  InstanceRecord instance = model.instance;
  InterfaceRecord interface = model.interface;
  VolumeRecord volume = model.volume;
  instance.id = "i-" + suffix;
  instance.reservation = "r-" + suffix;
  instance.client_token = suffix;
  interface.id = "eni-" + suffix;
  volume.id = "vol-" + suffix;
  instance.interfaces = {interface.id};
  instance.volumes.resize(1);
  instance.volumes.at(0).volume = volume.id;
  instance.private_address = fmt::format("172.31.{}.{}", 128 + number / 250, number % 250 + 4);
  interface.addresses.resize(1);
  interface.addresses.at(0).address = instance.private_address;
  if (interface.attachment) interface.attachment->instance = instance.id;
  volume.instance = instance.id;
  kInstances.put(txn, model.scope, instance);
  kInterfaces.put(txn, model.scope, interface);
  kVolumes.put(txn, model.scope, volume);
  put_tags(txn, model.scope, instance.id, model.tags);
}

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  const std::string_view given = argc == 3 ? argv[2] : "";
  if (std::from_chars(given.data(), given.data() + given.size(), count).ec != std::errc() || count < 1 ||
      count > 30'000) {
    fmt::print(stderr, "usage: ec2_crowd DATA_FOLDER COUNT (up to 30000)\n");
    return 2;
  }
  const auto store = must(metadata::open_store({.directory = std::string(argv[1]) + "/metadata"}));
  const Model model = find_model(*store->begin_read());
  for (int begin = 0; begin < count; begin += kBatch) {
    const auto txn = store->begin_write();
    for (int number = begin; number < std::min(begin + kBatch, count); ++number) put_copy(*txn, model, number);
    const auto done = txn->commit();
    if (!done.has_value()) {
      fmt::print(stderr, "ec2_crowd: {}\n", done.error().detail);
      return 1;
    }
  }
  return 0;
}
