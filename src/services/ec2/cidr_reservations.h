// Parts of subnets whose addresses are given to those who ask for them, never chosen.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html
#pragma once

#include <string>
#include <vector>

#include "services/ec2/cidr.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

struct CidrReservationRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string subnet;
  std::string cidr;
  std::string type;  // "prefix", "explicit"
  std::string description;
};
template <class Archive>
void fields(Archive& archive, CidrReservationRecord& r) {
  archive(r.id, r.subnet, r.cidr, r.type, r.description);
}
inline const Resources<CidrReservationRecord> kCidrReservations{Kind::subnet_cidr_reservation, "ec2.cidr_reservation"};

Result<std::vector<CidrReservationRecord>> reservations_of(metadata::ReadTransaction& txn, const Scope& scope,
                                                           const std::string& subnet);
bool is_reserved(const std::vector<CidrReservationRecord>& reservations, Ipv4 address);

}  // namespace aerolith::ec2
