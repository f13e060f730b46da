#include "services/ec2/cidr_reservations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ec2/operations/create_subnet_cidr_reservation.h"
#include "ec2/operations/delete_subnet_cidr_reservation.h"
#include "ec2/operations/get_subnet_cidr_reservations.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

using CidrReservationFilter = FilterDefinition<CidrReservationRecord>;
constexpr std::array kCidrReservationFilters{
    CidrReservationFilter{
        "reservationType",
        [](const Lookup&, const CidrReservationRecord& r) -> Result<Strings> { return Strings{r.type}; }},
    CidrReservationFilter{
        "subnet-id",
        [](const Lookup&, const CidrReservationRecord& r) -> Result<Strings> { return Strings{r.subnet}; }},
};

SubnetCidrReservation to_wire(const Scope& scope, const CidrReservationRecord& record, const TagMap& tags) {
  SubnetCidrReservation reservation{.subnet_cidr_reservation_id = record.id,
                                    .subnet_id = record.subnet,
                                    .cidr = record.cidr,
                                    .reservation_type = record.type,
                                    .owner_id = scope.account.str(),
                                    .tags = wire_tags(tags)};
  if (!record.description.empty()) reservation.description = record.description;
  return reservation;
}

Result<Cidr> read_cidr(const std::string& text) {
  if (const auto cidr = parse_cidr(text)) return *cidr;
  if (normalize_ipv6_cidr(text)) return errors::unsupported("Subnets have IPv4 blocks only.");
  return errors::invalid_value("cidr", text, "This is not a valid CIDR block.");
}

Result<> check_place(const SubnetRecord& subnet, const std::vector<CidrReservationRecord>& others, const Cidr& cidr) {
  if (!parse_cidr(subnet.cidr).value_or(Cidr()).contains(cidr)) {
    return errors::invalid_parameter(
        fmt::format("Reservation CIDR should be within subnet CIDR block ({})", subnet.cidr));
  }
  const auto overlaps = [&](const CidrReservationRecord& each) { return parse_cidr(each.cidr)->overlaps(cidr); };
  if (std::ranges::none_of(others, overlaps)) return {};
  return errors::invalid_parameter(
      fmt::format("Reservation CIDR {} has overlap with existing reserved CIDR block", cidr.text()));
}

}  // namespace

Result<std::vector<CidrReservationRecord>> reservations_of(metadata::ReadTransaction& txn, const Scope& scope,
                                                           const std::string& subnet) {
  auto all = TRY(kCidrReservations.all(txn, scope));
  std::erase_if(all, [&](const CidrReservationRecord& each) { return each.subnet != subnet; });
  return all;
}

bool is_reserved(const std::vector<CidrReservationRecord>& reservations, Ipv4 address) {
  return std::ranges::any_of(
      reservations, [&](const CidrReservationRecord& each) { return parse_cidr(each.cidr)->contains(address); });
}

Result<CreateSubnetCidrReservationOutput> create_subnet_cidr_reservation(
    Call& call, const CreateSubnetCidrReservationInput& input) {
  const Cidr cidr = TRY(read_cidr(*input.cidr));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::subnet_cidr_reservation));
  const CidrReservationRecord record{.id = make_id(Kind::subnet_cidr_reservation),
                                     .subnet = *input.subnet_id,
                                     .cidr = cidr.text(),
                                     .type = *input.reservation_type,
                                     .description = input.description.value_or("")};
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const SubnetRecord subnet = TRY(kSubnets.get(txn, call.scope, input.subnet_id));
    TRY(check_place(subnet, TRY(reservations_of(txn, call.scope, subnet.id)), cidr));
    kCidrReservations.put(txn, call.scope, record);
    put_tags(txn, call.scope, record.id, tags);
    return {};
  }));
  return CreateSubnetCidrReservationOutput{.subnet_cidr_reservation = to_wire(call.scope, record, tags)};
}

Result<GetSubnetCidrReservationsOutput> get_subnet_cidr_reservations(Call& call,
                                                                     const GetSubnetCidrReservationsInput& input) {
  TRY(check_filters<CidrReservationRecord>(input.filters, kCidrReservationFilters));
  const auto txn = call.read();
  const SubnetRecord subnet = TRY(kSubnets.get(*txn, call.scope, input.subnet_id));
  const std::string after = TRY(read_token(input.next_token));
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  GetSubnetCidrReservationsOutput output{.subnet_ipv4_cidr_reservations = std::vector<SubnetCidrReservation>(),
                                         .subnet_ipv6_cidr_reservations = std::vector<SubnetCidrReservation>()};
  auto& shown = *output.subnet_ipv4_cidr_reservations;
  for (const CidrReservationRecord& each : TRY(reservations_of(*txn, call.scope, subnet.id))) {  // in the order of ids
    const TagMap tags = TRY(tags_of(*txn, call.scope, each.id));
    if (each.id <= after ||
        !TRY(matches<CidrReservationRecord>(input.filters, kCidrReservationFilters, lookup, each, tags)))
      continue;
    if (input.max_results && shown.size() == static_cast<size_t>(*input.max_results)) {
      output.next_token = make_token(*shown.back().subnet_cidr_reservation_id);
      break;
    }
    shown.push_back(to_wire(call.scope, each, tags));
  }
  return output;
}

Result<DeleteSubnetCidrReservationOutput> delete_subnet_cidr_reservation(
    Call& call, const DeleteSubnetCidrReservationInput& input) {
  SubnetCidrReservation deleted;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const CidrReservationRecord record = TRY(kCidrReservations.get(txn, call.scope, input.subnet_cidr_reservation_id));
    deleted = to_wire(call.scope, record, TRY(tags_of(txn, call.scope, record.id)));
    kCidrReservations.erase(txn, call.scope, record);
    return {};
  }));
  return DeleteSubnetCidrReservationOutput{.deleted_subnet_cidr_reservation = std::move(deleted)};
}

}  // namespace aerolith::ec2
