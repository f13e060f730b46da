#include "services/ec2/plugs.h"

#include "services/ec2/cloud.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

Result<Plugs> plugs_of(metadata::ReadTransaction& txn, const Cloud& cloud, const Scope& scope,
                       const NetworkRecords& records) {
  Plugs plugs;
  for (const InterfaceRecord& interface : records.interfaces) {
    if (!interface.attachment || interface.attachment->instance.empty()) continue;
    const auto instance = TRY(kInstances.find(txn, scope, interface.attachment->instance));
    if (!instance || !instance->prepared) continue;
    Plug plug{.kind = network::PortKind::tap, .owner_uid = cloud.settings.guest_uid};
    if (instance->driver == DriverChoice::container) {
      plug = {.kind = network::PortKind::veth,
              .guest_namespace = instance->guest_namespace,
              .guest_device = "eth" + std::to_string(interface.attachment->device_index)};
    }
    plugs[interface.id] = std::move(plug);
  }
  return plugs;
}

}  // namespace aerolith::ec2
