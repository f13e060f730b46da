// The records of the network side and their tables; docs/formats/ec2.md is the page about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// An account has been here: its default VPC was made, once.
struct ArrivalRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp at;
  std::string dhcp_options;  // what a new VPC gets
};
template <class Archive>
void fields(Archive& archive, ArrivalRecord& r) {
  archive(r.at, r.dhcp_options);
}

struct CidrAssociation {
  std::string id;
  std::string cidr;
};
template <class Archive>
void fields(Archive& archive, CidrAssociation& r) {
  archive(r.id, r.cidr);
}

struct VpcRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::vector<CidrAssociation> cidrs;  // the first is the primary one
  std::string dhcp_options;            // empty: "default", none at all
  std::string tenancy;
  bool is_default = false;
  bool dns_support = true;
  bool dns_hostnames = false;
  bool usage_metrics = false;
  std::string main_route_table;
  std::string default_group;
  std::string default_acl;

  // https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html: both attributes are asked for.
  bool names_public_addresses() const { return dns_support && dns_hostnames; }
};
template <class Archive>
void fields(Archive& archive, VpcRecord& r) {
  archive(r.id, r.cidrs, r.dhcp_options, r.tenancy, r.is_default, r.dns_support, r.dns_hostnames, r.usage_metrics,
          r.main_route_table, r.default_group, r.default_acl);
}

struct SubnetRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string vpc;
  std::string cidr;
  std::string zone;
  bool is_default = false;
  bool maps_public_ip = false;
  std::string hostname_type = "ip-name";
  bool a_record = false;
};
template <class Archive>
void fields(Archive& archive, SubnetRecord& r) {
  archive(r.id, r.vpc, r.cidr, r.zone, r.is_default, r.maps_public_ip, r.hostname_type, r.a_record);
}

struct InternetGatewayRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string vpc;  // empty: not attached
};
template <class Archive>
void fields(Archive& archive, InternetGatewayRecord& r) {
  archive(r.id, r.vpc);
}

// Values are stored: they never change.
enum class TargetKind : uint8_t {
  local = 0,
  internet_gateway = 1,
  nat_gateway = 2,
  peering = 3,
  interface = 4,
  endpoint = 5,
};

struct RouteRecord {
  std::string destination;  // a block, or a prefix list's id
  TargetKind kind = TargetKind::local;
  std::string target;  // empty of local ones
};
template <class Archive>
void fields(Archive& archive, RouteRecord& r) {
  archive(r.destination, r.kind, r.target);
}

struct RouteTableAssociationRecord {
  std::string id;
  std::string subnet;  // empty: the VPC's main table
};
template <class Archive>
void fields(Archive& archive, RouteTableAssociationRecord& r) {
  archive(r.id, r.subnet);
}

struct RouteTableRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string vpc;
  std::vector<RouteRecord> routes;  // without the local ones
  std::vector<RouteTableAssociationRecord> associations;
};
template <class Archive>
void fields(Archive& archive, RouteTableRecord& r) {
  archive(r.id, r.vpc, r.routes, r.associations);
}

struct RuleRecord {
  std::string id;
  bool egress = false;
  std::string protocol = "-1";  // tcp, udp, icmp, icmpv6, -1, or a number
  int32_t from_port = -1;
  int32_t to_port = -1;
  // Exactly one of these.
  std::string cidr_v4;
  std::string cidr_v6;
  std::string prefix_list;
  std::string group;
  std::string group_account;  // of `group`
  std::optional<std::string> description;
};
template <class Archive>
void fields(Archive& archive, RuleRecord& r) {
  archive(r.id, r.egress, r.protocol, r.from_port, r.to_port, r.cidr_v4, r.cidr_v6, r.prefix_list, r.group,
          r.group_account, r.description);
}

struct GroupRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string vpc;
  std::string name;
  std::string description;
  std::vector<RuleRecord> rules;
};
template <class Archive>
void fields(Archive& archive, GroupRecord& r) {
  archive(r.id, r.vpc, r.name, r.description, r.rules);
}

struct AclEntryRecord {
  int32_t number = 0;
  bool egress = false;
  bool allows = false;
  int32_t protocol = -1;
  int32_t from_port = -1;  // ICMP: the type
  int32_t to_port = -1;    // ICMP: the code
  std::string cidr_v4;
  std::string cidr_v6;
};
template <class Archive>
void fields(Archive& archive, AclEntryRecord& r) {
  archive(r.number, r.egress, r.allows, r.protocol, r.from_port, r.to_port, r.cidr_v4, r.cidr_v6);
}

struct AclAssociationRecord {
  std::string id;
  std::string subnet;
};
template <class Archive>
void fields(Archive& archive, AclAssociationRecord& r) {
  archive(r.id, r.subnet);
}

struct AclRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string vpc;
  bool is_default = false;
  std::vector<AclEntryRecord> entries;  // sorted by direction and number, without the last resort
  std::vector<AclAssociationRecord> associations;
};
template <class Archive>
void fields(Archive& archive, AclRecord& r) {
  archive(r.id, r.vpc, r.is_default, r.entries, r.associations);
}

struct PublicAddressRecord {
  std::string address;
  std::string allocation;  // empty: the instance's own, which goes when it stops
  std::string association;
};
template <class Archive>
void fields(Archive& archive, PublicAddressRecord& r) {
  archive(r.address, r.allocation, r.association);
}

struct PrivateAddressRecord {
  std::string address;
  std::optional<PublicAddressRecord> public_address;
};
template <class Archive>
void fields(Archive& archive, PrivateAddressRecord& r) {
  archive(r.address, r.public_address);
}

// Values are stored: they never change.
enum class AttachmentState : uint8_t {
  attached = 0,
  attaching = 1,  // to an instance that runs, whose guest doesn't have it yet
  detaching = 2,
  detaching_by_force = 3,
};

struct AttachmentRecord {
  std::string id;
  std::string instance;  // empty: a service's
  int32_t device_index = 0;
  Timestamp at;
  bool delete_on_termination = false;
  AttachmentState state = AttachmentState::attached;  // since version 2 of InterfaceRecord

  bool is_ending() const { return state == AttachmentState::detaching || state == AttachmentState::detaching_by_force; }
};
template <class Archive>
void fields(Archive& archive, AttachmentRecord& r) {
  archive(r.id, r.instance, r.device_index, r.at, r.delete_on_termination, r.state);
}

struct InterfaceRecord {
  static constexpr uint32_t kVersion = 2;
  std::string id;
  std::string vpc;
  std::string subnet;
  std::string zone;
  std::string description;
  std::string type = "interface";  // or nat_gateway
  std::string mac;
  std::vector<PrivateAddressRecord> addresses;  // the first is the primary one
  std::vector<std::string> groups;
  bool source_dest_check = true;
  std::string requester;  // a service's own: by whom it was made
  std::optional<AttachmentRecord> attachment;
};
template <class Archive>
void fields(Archive& archive, InterfaceRecord& r) {
  archive(r.id, r.vpc, r.subnet, r.zone, r.description, r.type, r.mac, r.addresses, r.groups, r.source_dest_check,
          r.requester, r.attachment);
}

struct ElasticIpRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string address;
  std::string association;  // empty: free
  std::string interface;
  std::string private_address;
  std::string nat_gateway;  // that has it
};
template <class Archive>
void fields(Archive& archive, ElasticIpRecord& r) {
  archive(r.id, r.address, r.association, r.interface, r.private_address, r.nat_gateway);
}

struct NatGatewayRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string vpc;
  std::string subnet;
  bool is_private = false;
  std::string interface;
  std::string allocation;
  std::string association;
  std::string private_address;
  std::string public_address;
  Timestamp created_at;
  std::optional<Timestamp> deleted_at;
};
template <class Archive>
void fields(Archive& archive, NatGatewayRecord& r) {
  archive(r.id, r.vpc, r.subnet, r.is_private, r.interface, r.allocation, r.association, r.private_address,
          r.public_address, r.created_at, r.deleted_at);
}

struct PeeringSide {
  std::string account;
  std::string vpc;
  std::vector<std::string> cidrs;
  bool dns_resolution = false;
};
template <class Archive>
void fields(Archive& archive, PeeringSide& r) {
  archive(r.account, r.vpc, r.cidrs, r.dns_resolution);
}

// Stored with both accounts, where they differ; each forgets it at a time of its own.
struct PeeringRecord {
  static constexpr uint32_t kVersion = 2;
  std::string id;
  PeeringSide requester;
  PeeringSide accepter;
  std::string status = "pending-acceptance";
  Timestamp expires_at;
  // Since version 2: when it was deleted, rejected, expired or had failed, and which account did it.
  std::optional<Timestamp> ended_at;
  std::string ended_by;

  bool is_pending(Timestamp now) const { return status == "pending-acceptance" && now < expires_at; }
};
template <class Archive>
void fields(Archive& archive, PeeringRecord& r) {
  archive(r.id, r.requester, r.accepter, r.status, r.expires_at, r.ended_at, r.ended_by);
}

// The policy of an endpoint that was given none.
inline constexpr std::string_view kEndpointFullAccess =
    R"({"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]})";

struct EndpointRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string vpc;
  std::string service;  // com.amazonaws.us-east-1.s3
  std::string policy;
  std::vector<std::string> route_tables;
  Timestamp created_at;
};
template <class Archive>
void fields(Archive& archive, EndpointRecord& r) {
  archive(r.id, r.vpc, r.service, r.policy, r.route_tables, r.created_at);
}

struct PrefixListEntryRecord {
  std::string cidr;
  std::optional<std::string> description;
};
template <class Archive>
void fields(Archive& archive, PrefixListEntryRecord& r) {
  archive(r.cidr, r.description);
}

struct PrefixListRecord {
  static constexpr uint32_t kVersion = 2;
  std::string id;
  std::string name;
  bool is_v6 = false;
  int32_t max_entries = 0;
  int64_t version = 1;
  std::vector<PrefixListEntryRecord> entries;
  bool is_aws = false;      // never stored so
  bool is_changed = false;  // since version 2; in whatever way
};
template <class Archive>
void fields(Archive& archive, PrefixListRecord& r) {
  archive(r.id, r.name, r.is_v6, r.max_entries, r.version, r.entries, r.is_aws, r.is_changed);
}

struct DhcpOption {
  std::string key;
  std::vector<std::string> values;
};
template <class Archive>
void fields(Archive& archive, DhcpOption& r) {
  archive(r.key, r.values);
}

struct DhcpOptionsRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::vector<DhcpOption> options;
};
template <class Archive>
void fields(Archive& archive, DhcpOptionsRecord& r) {
  archive(r.id, r.options);
}

struct KeyPairRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string name;
  std::string type;  // rsa, ed25519
  std::string fingerprint;
  std::string public_key;  // a line of authorized_keys
  Timestamp created_at;
};
template <class Archive>
void fields(Archive& archive, KeyPairRecord& r) {
  archive(r.id, r.name, r.type, r.fingerprint, r.public_key, r.created_at);
}

// An answer that was given to a client token.
struct TokenRecord {
  static constexpr uint32_t kVersion = 1;
  std::string parameters;  // their SHA-256
  std::string id;          // of what was made
  Timestamp at;
};
template <class Archive>
void fields(Archive& archive, TokenRecord& r) {
  archive(r.parameters, r.id, r.at);
}

// Of the whole installation: public addresses are one pool.
struct TakenAddressRecord {
  static constexpr uint32_t kVersion = 1;
  std::string account;
  std::string owner;  // eipalloc-… or eni-…
};
template <class Archive>
void fields(Archive& archive, TakenAddressRecord& r) {
  archive(r.account, r.owner);
}

inline const metadata::Table<ArrivalRecord, AccountId, RegionName> kArrivals{"ec2.arrival"};
inline const Resources<VpcRecord> kVpcs{Kind::vpc, "ec2.vpc"};
inline const Resources<SubnetRecord> kSubnets{Kind::subnet, "ec2.subnet"};
inline const Resources<InternetGatewayRecord> kInternetGateways{Kind::internet_gateway, "ec2.internet_gateway"};
inline const Resources<RouteTableRecord> kRouteTables{Kind::route_table, "ec2.route_table"};
inline const Resources<GroupRecord> kGroups{Kind::security_group, "ec2.security_group"};
inline const Resources<AclRecord> kAcls{Kind::network_acl, "ec2.network_acl"};
inline const Resources<InterfaceRecord> kInterfaces{Kind::network_interface, "ec2.network_interface"};
inline const Resources<ElasticIpRecord> kElasticIps{Kind::elastic_ip, "ec2.elastic_ip"};
inline const Resources<NatGatewayRecord> kNatGateways{Kind::nat_gateway, "ec2.nat_gateway"};
inline const Resources<PeeringRecord> kPeerings{Kind::peering, "ec2.peering"};
inline const Resources<EndpointRecord> kEndpoints{Kind::endpoint, "ec2.endpoint"};
inline const Resources<PrefixListRecord> kPrefixLists{Kind::prefix_list, "ec2.prefix_list"};
inline const Resources<DhcpOptionsRecord> kDhcpOptions{Kind::dhcp_options, "ec2.dhcp_options"};
inline const Resources<KeyPairRecord> kKeyPairs{Kind::key_pair, "ec2.key_pair"};
// Operation, token.
inline const metadata::Table<TokenRecord, AccountId, RegionName, std::string, std::string> kTokens{"ec2.client_token"};
inline const metadata::Table<TakenAddressRecord, uint32_t> kPublicAddresses{"ec2.public_address"};
// Subnet, address -> the interface that has it.
inline const metadata::Table<PartRecord, AccountId, RegionName, std::string, uint32_t> kPrivateAddresses{
    "ec2.private_address"};

}  // namespace aerolith::ec2
