#include "services/ec2/capacity.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/host_room.h"

namespace aerolith::ec2 {
namespace {

struct HostRecord {
  static constexpr uint32_t kVersion = 1;
  uint64_t memory_mib = 0;
  uint64_t container_overcommit = 1;
};
template <class Archive>
void fields(Archive& archive, HostRecord& r) {
  archive(r.memory_mib, r.container_overcommit);
}

// One host so far.
const metadata::Table<HostRecord, std::string> kHosts{"ec2.host"};
constexpr const char* kThisHost = "this";

// Until it has stopped it takes what it took.
bool takes_memory(const InstanceRecord& record) {
  return record.state != LifeState::stopped && record.state != LifeState::terminated;
}

uint64_t mib_of(const HostRecord& host, DriverChoice driver, const TypeFacts& type) {
  const auto mib = static_cast<uint64_t>(type.memory_mib);
  if (driver == DriverChoice::vm) return mib;
  const uint64_t parts = std::max<uint64_t>(1, host.container_overcommit);
  return (mib + parts - 1) / parts;
}

// Not in the call's transaction, which would else conflict with every change of any instance. Nothing is missed:
// whoever has taken room since that one began has written the host's record, which it has read.
Result<uint64_t> taken_mib(const Cloud& cloud, const HostRecord& host) {
  const auto txn = cloud.metadata.begin_read();
  uint64_t taken = 0;
  auto rows = kInstances.rows().scan(*txn, metadata::Direction::forward);
  while (TRY(rows.next())) {
    const InstanceRecord record = TRY(rows.record());
    const TypeFacts* const type = takes_memory(record) ? find_instance_type(record.type) : nullptr;
    if (type != nullptr) taken += mib_of(host, record.driver, *type);
  }
  return taken;
}

}  // namespace

metadata::Result<> announce_host(metadata::Store& store, const HostRoom& room) {
  return metadata::run_transaction(store, [&](metadata::Transaction& txn) -> metadata::Result<> {
    kHosts.put(txn, {kThisHost}, {.memory_mib = room.memory_mib, .container_overcommit = room.container_overcommit});
    return {};
  });
}

Result<Room> take_room(metadata::Transaction& txn, const Cloud& cloud, const WantedRoom& wanted) {
  const auto host = TRY(kHosts.get(txn, {kThisHost}));
  if (!host) return Room{.count = wanted.most};  // it has said nothing: as many as it likes
  const uint64_t each = mib_of(*host, wanted.driver, wanted.type);
  const uint64_t taken = TRY(taken_mib(cloud, *host)) + wanted.promised_mib;
  const uint64_t room = host->memory_mib > taken ? (host->memory_mib - taken) / each : 0;
  const auto count = static_cast<int32_t>(std::min<uint64_t>(room, static_cast<uint64_t>(wanted.most)));
  if (count < wanted.least) {
    return insufficient_capacity(
        fmt::format("We currently do not have sufficient {} capacity in the Availability Zone you requested ({}): "
                    "instances take {} of the {} MiB of memory that this host has for them, and each of these takes {} "
                    "MiB. Stop or terminate some, choose a smaller instance type, or raise ec2.memory_percent or "
                    "ec2.container_overcommit in Aerolith's configuration.",
                    wanted.type.name, wanted.zone, taken, host->memory_mib, each));
  }
  kHosts.put(txn, {kThisHost}, *host);
  return Room{.count = count, .mib = each * static_cast<uint64_t>(count)};
}

std::unexpected<CallError> insufficient_capacity(std::string message) {
  return std::unexpected(CallError(
      protocol::ApiError{.code = "InsufficientInstanceCapacity", .http_status = 500, .message = std::move(message)}));
}

}  // namespace aerolith::ec2
