// All records of one VPC, read at one point in time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/ec2/flow_logs.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

struct NetworkRecords {
  VpcRecord vpc;
  DhcpOptionsRecord dhcp;  // without options where the VPC has none
  std::vector<SubnetRecord> subnets;
  std::vector<InternetGatewayRecord> internet_gateways;
  std::vector<RouteTableRecord> route_tables;
  std::vector<GroupRecord> groups;
  std::vector<AclRecord> acls;
  std::vector<InterfaceRecord> interfaces;
  std::vector<NatGatewayRecord> nat_gateways;  // that aren't deleted
  std::vector<EndpointRecord> endpoints;
  std::vector<PeeringRecord> peerings;  // that are active
  std::vector<FlowLogRecord> flow_logs;
  // Groups that rules name, of VPCs that are peered: id -> the addresses of their interfaces.
  std::map<std::string, std::vector<std::string>> peer_groups;
  std::map<std::string, std::vector<std::string>> prefix_lists;  // id -> blocks, of those that rules and routes name
};

struct Cloud;
// nullopt: there is no such VPC (any more).
Result<std::optional<NetworkRecords>> read_network(metadata::ReadTransaction& txn, const Cloud& cloud,
                                                   const Scope& scope, const std::string& vpc);

}  // namespace aerolith::ec2
