// Network interfaces: made by their own call, by instances and by NAT gateways; shown to all three.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ec2/model/network_interface.h"
#include "services/ec2/cloud.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {

struct NewInterface {
  SubnetRecord subnet;
  std::string description;
  std::string type = "interface";
  std::string requester;
  std::vector<std::string> addresses;  // the first is to be the primary one
  int32_t more_addresses = 0;          // secondary ones, whichever
  std::vector<std::string> groups;     // none: the VPC's default one
};
// Takes its addresses; writes it.
Result<InterfaceRecord> make_interface(metadata::Transaction& txn, const Scope& scope, const NewInterface& wanted);
// Gives back its addresses, also public ones; Elastic IPs become free.
Result<> remove_interface(metadata::Transaction& txn, const Scope& scope, const InterfaceRecord& interface);

// Gives the interface's address (empty: the primary one) the Elastic IP; writes both.
Result<std::string> associate(metadata::Transaction& txn, const Scope& scope, ElasticIpRecord& elastic,
                              InterfaceRecord& interface, const std::string& address);
Result<> disassociate(metadata::Transaction& txn, const Scope& scope, ElasticIpRecord& elastic);

// SecurityGroupsPerInterfaceLimitExceeded.
Result<> check_group_count(size_t count);

PrivateAddressRecord* find_address(InterfaceRecord& interface, const std::string& address);
// Groups as others show them; each is read once.
class GroupNames {
 public:
  // The transaction and the scope outlive it.
  GroupNames(metadata::ReadTransaction& txn, const Scope& scope) : txn_(txn), scope_(scope) {}
  Result<std::vector<GroupIdentifier>> shown(const std::vector<std::string>& groups);

 private:
  metadata::ReadTransaction& txn_;
  const Scope& scope_;
  std::unordered_map<std::string, std::string> names_;  // by id; empty: the group is gone
};
Result<std::vector<GroupIdentifier>> shown_groups(metadata::ReadTransaction& txn, const Scope& scope,
                                                  const std::vector<std::string>& groups);
Result<NetworkInterface> shown(metadata::ReadTransaction& txn, const Scope& scope, const InterfaceRecord& record,
                               const TagMap& tags);

}  // namespace aerolith::ec2
