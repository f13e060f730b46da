// The packets' world of VPCs: network namespaces, routes, nftables. What a VPC should be is described whole; the fabric
// makes it so, and finds on the host what an earlier process made. Nothing here is stored: the records of EC2 are.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace aerolith::network {

enum class FabricErrorCode {
  unavailable,  // the machine lacks something: root, a program, a kernel feature; `detail` names it and what mends it
  command,      // a step failed that should not have; `detail` has the command and what it said
};
struct FabricError {
  FabricErrorCode code;
  std::string detail;
};
template <typename T = void>
using Result = aerolith::Result<T, FabricError>;

// One end of what a rule matches. Empty `cidr` and `group`: anything.
struct Peer {
  std::string cidr;   // IPv4 or IPv6
  std::string group;  // a security group of this or a peered VPC: the addresses of its interfaces
};

// A security group's rule; what isn't allowed is dropped. Established connections pass.
struct GroupRule {
  int protocol = -1;   // IP protocol number; -1: all
  int from_port = -1;  // ICMP: the type; -1: all
  int to_port = -1;    // ICMP: the code; -1: all
  Peer peer;
};
struct Group {
  std::string id;  // sg-…
  std::vector<GroupRule> ingress;
  std::vector<GroupRule> egress;
};

// A group of a peered VPC that rules here name. Its interfaces aren't in this description, so their addresses are told.
struct PeerGroup {
  std::string id;
  std::vector<std::string> addresses;
};

// Network ACL: stateless, the lowest number that matches decides, the last resort denies.
struct AclRule {
  int number = 0;
  bool allows = false;
  bool egress = false;
  int protocol = -1;
  int from_port = -1;
  int to_port = -1;
  std::string cidr;
};
struct Acl {
  std::string id;  // acl-…
  std::vector<AclRule> rules;
};

struct ToInternetGateway {};
struct ToNatGateway {
  std::string id;
};
struct ToPeering {
  std::string id;
};
struct ToInterface {
  std::string id;
};
struct ToS3Endpoint {};  // the gateway endpoint; the destination is gateway_of() with /32
struct Blackhole {};
using RouteTarget = std::variant<ToInternetGateway, ToNatGateway, ToPeering, ToInterface, ToS3Endpoint, Blackhole>;
// The local routes of the VPC's own CIDRs are there without being told. Longest match wins. A target that isn't there
// is a black hole. IPv6 destinations are left out: no interface has such an address.
struct Route {
  std::string destination;
  RouteTarget target;
};
struct RouteTable {
  std::string id;  // rtb-…
  std::vector<Route> routes;
};

struct Subnet {
  std::string id;  // subnet-…
  std::string cidr;
  std::string acl;          // of `acls`
  std::string route_table;  // of `route_tables`
};

// 1:1: packets from `private_address` leave the VPC as `public_address` and back.
struct PublicAddress {
  std::string private_address;
  std::string public_address;
};

enum class PortKind : uint8_t {
  tap,  // for a virtual machine: the fabric makes the tap device, owned by `owner_uid`
  // For a container: the guest's end is made in the namespace `guest_namespace`, as `guest_device`, up, with the
  // primary address; eth0 gets a default route by way of the subnet's first address, too. Where answers from further
  // ones leave is the driver's business.
  veth,
  none,  // not attached: its addresses are taken, no device is there
};
struct Interface {
  std::string id;  // eni-…
  std::string subnet;
  std::string mac;
  std::vector<std::string> private_addresses;  // the first one is the primary
  std::vector<PublicAddress> public_addresses;
  std::vector<std::string> groups;
  bool source_dest_check = true;
  PortKind port = PortKind::none;
  uint32_t owner_uid = 0;
  std::string guest_namespace;  // path of a network namespace, e.g. /run/netns/…
  std::string guest_device;     // eth0
  // Not empty: its flows are counted, and told under this label. Up to 120 letters, digits and " -.,:".
  std::string flow_label;
};

struct NatGateway {
  std::string id;  // nat-…
  std::string subnet;
  std::string private_address;
  std::string public_address;  // empty: a private NAT gateway
  std::string flow_label;      // as an interface's
};

struct Peering {
  std::string id;  // pcx-…
  std::string other_vpc;
  std::vector<std::string> other_cidrs;
};

struct DhcpOptions {
  std::string domain_name;
  std::vector<std::string> domain_name_servers;  // "AmazonProvidedDNS" or addresses
  std::vector<std::string> ntp_servers;
};

struct Vpc {
  std::string id;  // vpc-…
  std::vector<std::string> cidrs;
  bool has_internet_gateway = false;
  bool dns_support = true;
  DhcpOptions dhcp;
  std::vector<Subnet> subnets;
  std::vector<Interface> interfaces;
  std::vector<Group> groups;
  std::vector<PeerGroup> peer_groups;
  std::vector<Acl> acls;
  std::vector<RouteTable> route_tables;
  std::vector<NatGateway> nat_gateways;
  std::vector<Peering> peerings;
};

// What asks an interface's guest whether it is there.
struct Probe {
  std::string interface;  // eni-…
  std::string address;    // its primary private address
  std::string router;     // who asks: the first address of its subnet but one
};

// Where packets that leave an interface go next.
enum class FlowPath : uint8_t { none = 0, inside_vpc = 1, peering = 4, s3_endpoint = 7, internet_gateway = 8 };
// Packets of one kind that went through an interface in one direction.
struct Flow {
  std::string label;               // the interface's
  bool is_inbound = false;         // to the interface
  bool is_accepted = true;         // by its groups and its subnet's network ACL
  FlowPath path = FlowPath::none;  // of those that leave the interface
  std::string source;
  std::string destination;
  int protocol = 0;
  int source_port = 0;  // of TCP and UDP
  int destination_port = 0;
  int tcp_flags = 0;  // FIN 1, SYN 2, RST 4 of any packet; 18 of a SYN-ACK
  uint64_t packets = 0;
  uint64_t bytes = 0;
};
// What was counted from one turn to the next.
struct FlowWindow {
  Timestamp begin;
  Timestamp end;
  std::vector<std::string> labels;  // of the interfaces that were counted, with flows or without
  std::vector<Flow> flows;
  bool is_overrun = false;  // there were more flows than are kept
};

struct FabricSettings {
  std::string installation;  // keeps namespaces and devices of two installations on one host apart; up to 6 characters
  std::string run_folder;    // files of ours: rule sets, leases, pids; made if missing
  // Where all installations of the host have their run folders, as <installation>/network; each looks at what the
  // others need of the host. Empty: there are no others.
  std::string host_folder = {};
  // Where public addresses are taken from; routed from the host. The first four are the fabric's own.
  std::string public_cidr = "198.18.0.0/16";
  bool allows_internet = true;  // whether internet gateways reach beyond the host
};

// A device of the VPC as the host names it.
std::string namespace_of(const FabricSettings& settings, std::string_view vpc_id);
std::string tap_of(const FabricSettings& settings, std::string_view interface_id);  // up to 15 characters
// Where guests find this program: an address of the public CIDR that is reached through internet gateways, NAT gateways
// and S3 endpoints, and from the host. Sockets for it come from listen_inside with an empty VPC.
std::string gateway_of(const FabricSettings& settings);
// Whether the edge has given, or may give, this address to a VPC's link for S3 endpoints.
bool is_s3_link_address(std::string_view address);

// What lacks on this machine, one sentence each with the command that mends it; empty: all is there.
std::vector<std::string> find_missing(const FabricSettings& settings);

// Safe from any thread; calls for one VPC come one after another.
class Fabric {
 public:
  static Result<std::unique_ptr<Fabric>> open(FabricSettings settings);
  virtual ~Fabric() = default;

  // Makes the VPC what is described, whatever is there now. Idempotent; connections that stay allowed aren't disturbed.
  // Rules are swapped in one nftables transaction.
  virtual Result<> apply(const Vpc& vpc) = 0;
  // Namespace, devices, rules and helper processes are gone on return. Fine where nothing is.
  virtual Result<> remove(std::string_view vpc_id) = 0;
  // The ids of VPCs that are on the host now.
  virtual Result<std::vector<std::string>> list() = 0;
  // A listening TCP (or bound UDP) socket inside the VPC's namespace, for the metadata service and DNS; the caller's
  // to close. With an empty vpc_id: at the edge, where the ways out of all VPCs end; address is gateway_of() then. The
  // edge goes with the last VPC, and such sockets hear nothing from then on. -> file descriptor
  virtual Result<int> listen_inside(std::string_view vpc_id, std::string_view address, uint16_t port, bool tcp) = 0;
  // The VPC whose link for S3 endpoints has this address: its guests come from there to the sockets at the edge, and
  // nobody else does. Empty: none, or none that this process has applied yet.
  virtual std::string vpc_of_s3_link(std::string_view address) const = 0;
  // Which of these guests answer ARP within `patience`, one for each probe; returns as soon as all have.
  virtual Result<std::vector<bool>> answering(std::string_view vpc_id, std::span<const Probe> probes,
                                              std::chrono::milliseconds patience) = 0;

  // Ends the window in which the VPC's flows are counted and begins the next one; -> all that have ended, oldest first.
  // They stay in the kernel, also when this process dies, until they are dropped. Nothing where nothing is counted.
  virtual Result<std::vector<FlowWindow>> turn_flows(std::string_view vpc_id, Timestamp now) = 0;
  // Those that began by then, of the ones that have ended. Fine where nothing is.
  virtual Result<> drop_flows(std::string_view vpc_id, Timestamp last_begin) = 0;
};

}  // namespace aerolith::network
