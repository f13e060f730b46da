#include "services/ec2/addresses.h"

#include <fmt/format.h>

#include <cstring>

#include "base/random.h"
#include "ec2/model/address.h"
#include "services/ec2/cidr.h"
#include "services/ec2/cidr_reservations.h"

namespace aerolith::ec2 {
namespace {

constexpr uint64_t kReservedAtStart = 4;
constexpr uint64_t kReservedInAll = 5;
constexpr int kRandomTries = 16;
constexpr Ipv4 kFabricsOwn = 4;

uint64_t random_below(uint64_t limit) {
  uint64_t value = 0;
  const std::string bytes = random_bytes(sizeof value);
  std::memcpy(&value, bytes.data(), sizeof value);
  return value % limit;
}

// A random one first, so that calls at the same time rarely want the same; then each in turn.
template <typename IsFree>
Result<std::optional<Ipv4>> find_free(Ipv4 first, uint64_t count, IsFree is_free) {
  for (int i = 0; i < kRandomTries; ++i) {
    const Ipv4 candidate = first + static_cast<Ipv4>(random_below(count));
    if (TRY(is_free(candidate))) return std::optional(candidate);
  }
  for (uint64_t i = 0; i < count; ++i) {
    const Ipv4 candidate = first + static_cast<Ipv4>(i);
    if (TRY(is_free(candidate))) return std::optional(candidate);
  }
  return std::optional<Ipv4>();
}

std::unexpected<CallError> none_left(const SubnetRecord& subnet) {
  return errors::of("InsufficientFreeAddressesInSubnet",
                    fmt::format("There are not enough free addresses in subnet '{}' to satisfy the requested number "
                                "of instances.",
                                subnet.id));
}

Result<Ipv4> read_wanted(const SubnetRecord& subnet, const Cidr& cidr, const std::string& wanted) {
  const auto address = parse_ipv4(wanted);
  if (!address) return errors::invalid_value("address", wanted, "The value is not a valid IPv4 address.");
  if (!cidr.contains(*address)) {
    return errors::invalid_parameter(
        fmt::format("The address {} does not fall within the subnet's address range {}", wanted, subnet.cidr));
  }
  const uint64_t offset = *address - cidr.base;
  if (offset < kReservedAtStart || offset + 1 >= cidr.size()) {
    return errors::invalid_parameter(fmt::format("Address {} is in subnet's reserved address range", wanted));
  }
  return *address;
}

}  // namespace

Result<std::string> take_private_address(metadata::Transaction& txn, const Scope& scope, const SubnetRecord& subnet,
                                         const std::string& interface, const std::optional<std::string>& wanted) {
  const Cidr cidr = parse_cidr(subnet.cidr).value_or(Cidr());
  const auto is_free = [&](Ipv4 address) -> Result<bool> {
    return !TRY(kPrivateAddresses.contains(txn, {scope.account, scope.region, subnet.id, address}));
  };
  Ipv4 address = 0;
  if (wanted && !wanted->empty()) {
    address = TRY(read_wanted(subnet, cidr, *wanted));
    if (!TRY(is_free(address))) {
      return errors::of("InvalidIPAddress.InUse", fmt::format("Address {} is in use.", *wanted));
    }
  } else {
    const auto reservations = TRY(reservations_of(txn, scope, subnet.id));
    const auto may_be_chosen = [&](Ipv4 candidate) -> Result<bool> {
      if (is_reserved(reservations, candidate)) return false;
      return is_free(candidate);
    };
    const auto found =
        TRY(find_free(cidr.base + static_cast<Ipv4>(kReservedAtStart), cidr.size() - kReservedInAll, may_be_chosen));
    if (!found) return none_left(subnet);
    address = *found;
  }
  kPrivateAddresses.put(txn, {scope.account, scope.region, subnet.id, address}, {.owner = interface});
  return format_ipv4(address);
}

void give_private_address_back(metadata::Transaction& txn, const Scope& scope, const std::string& subnet,
                               const std::string& address) {
  if (const auto parsed = parse_ipv4(address)) {
    kPrivateAddresses.erase(txn, {scope.account, scope.region, subnet, *parsed});
  }
}

Result<int64_t> count_free_addresses(metadata::ReadTransaction& txn, const Scope& scope, const SubnetRecord& subnet) {
  int64_t taken = 0;
  auto rows = kPrivateAddresses.scan(txn, metadata::Direction::forward, scope.account, scope.region, subnet.id);
  while (TRY(rows.next())) ++taken;
  const Cidr cidr = parse_cidr(subnet.cidr).value_or(Cidr());
  return static_cast<int64_t>(cidr.size() - kReservedInAll) - taken;
}

Result<std::string> take_public_address(metadata::Transaction& txn, const std::string& pool, const Scope& scope,
                                        const std::string& owner) {
  const auto cidr = parse_cidr(pool);
  if (!cidr || cidr->prefix > 30) return errors::internal_error("no pool of public addresses: " + pool);
  // network/fabric.h says whose the first ones are; the last one is nobody's.
  const auto found =
      TRY(find_free(cidr->base + kFabricsOwn, cidr->size() - kFabricsOwn - 1,
                    [&](Ipv4 address) -> Result<bool> { return !TRY(kPublicAddresses.contains(txn, {address})); }));
  if (!found) {
    return errors::of("InsufficientAddressCapacity", fmt::format("All addresses of the pool {} are in use.", pool));
  }
  kPublicAddresses.put(txn, {*found}, {.account = scope.account.str(), .owner = owner});
  return format_ipv4(*found);
}

void give_public_address_back(metadata::Transaction& txn, const std::string& address) {
  if (const auto parsed = parse_ipv4(address)) kPublicAddresses.erase(txn, {*parsed});
}

}  // namespace aerolith::ec2
