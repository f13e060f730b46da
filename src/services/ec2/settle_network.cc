#include "services/ec2/settle_network.h"

#include <algorithm>

#include "base/step.h"
#include "services/ec2/plugs.h"

namespace aerolith::ec2 {

std::string make_key(const Scope& scope, std::string_view id) {
  return scope.account.str() + "/" + scope.region.str() + "/" + std::string(id);
}

Key read_key(std::string_view key) {
  const size_t first = key.find('/');
  const size_t second = key.find('/', first + 1);
  return {.scope = {.account = AccountId(std::string(key.substr(0, first))),
                    .region = RegionName(std::string(key.substr(first + 1, second - first - 1)))},
          .id = std::string(key.substr(second + 1))};
}

namespace {

reconcile::Outcome settle(const Cloud& cloud, network::Fabric& fabric, std::string_view key) {
  const auto [scope, vpc] = read_key(key);
  const auto txn = cloud.metadata.begin_read();
  const auto records = read_network(*txn, cloud, scope, vpc);
  if (!records.has_value()) return reconcile::Failed{records.error().message};
  const auto plugs = *records ? plugs_of(*txn, cloud, scope, **records) : Result<Plugs>();
  if (!plugs.has_value()) return reconcile::Failed{plugs.error().message};
  // Nobody sees the networks of a VPC without guests: it is on the host while it has some.
  if (plugs->empty()) {
    // What was counted goes with the namespace.
    if (*records && !(*records)->flow_logs.empty()) cloud.report_flows(scope, vpc);
    if (cloud.network_leaves) cloud.network_leaves(vpc);
    step("network/left");
    const auto removed = fabric.remove(vpc);
    if (!removed.has_value()) return reconcile::Failed{removed.error().detail};
    step("network/removed");
    return reconcile::Settled{};
  }
  const auto applied = fabric.apply(make_network(**records, *plugs));
  if (!applied.has_value()) return reconcile::Failed{applied.error().detail};
  step("network/applied");
  if (cloud.network_applied) cloud.network_applied(vpc);
  return reconcile::Settled{};
}

}  // namespace

reconcile::Outcome settle_network(const NetworkTools& tools, std::string_view key) {
  reconcile::Outcome outcome = reconcile::Settled{};
  tools.turns.take(key, [&] {
    outcome = settle(tools.cloud, tools.fabric, key);
    return std::holds_alternative<reconcile::Settled>(outcome);
  });
  return outcome;
}

}  // namespace aerolith::ec2
