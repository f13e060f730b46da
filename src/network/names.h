// What things are called on the host. Names of devices have up to 15 characters; namespaces have the installation in
// front, devices inside them need none.
#pragma once

#include <string>
#include <string_view>

#include "network/fabric.h"

namespace aerolith::network {

// Devices of a VPC's namespace.
inline constexpr std::string_view kInternetDevice = "internet";  // to the edge: internet gateway
inline constexpr std::string_view kS3Device = "s3";              // to the edge: S3 endpoint
std::string device_of(std::string_view interface_id);            // eni…
std::string nat_device_of(std::string_view nat_gateway_id);      // nat…
std::string peering_device_of(std::string_view peering_id);      // pcx…

// A NAT gateway has a namespace of its own; the VPC's is in its name, so that nothing of a VPC is lost sight of.
std::string nat_namespace_of(const FabricSettings& settings, std::string_view vpc_id, std::string_view nat_gateway_id);

// The edge connects VPCs with the host.
std::string edge_namespace_of(const FabricSettings& settings);
inline constexpr std::string_view kEdgeHostDevice = "host";    // the edge's end of the link to the host
std::string host_device_of(const FabricSettings& settings);    // the host's end
std::string edge_internet_device_of(std::string_view vpc_id);  // vpc…
std::string edge_s3_device_of(std::string_view vpc_id);        // s3-…
std::string host_table_of(const FabricSettings& settings);     // nftables, in the host's namespace

std::string path_of_namespace(std::string_view name);

// The part of a rule set's name that comes from an id.
std::string identifier_of(std::string_view id);

// All links that the fabric makes for itself have this address at both ends, and every guest's gateway has it: a link
// that is made anew looks the same to its neighbours.
inline constexpr std::string_view kOwnMac = "ee:ee:ee:ee:ee:ee";
// The next hop on links of the fabric itself; its neighbour entry is permanent, nobody owns the address.
inline constexpr std::string_view kNextHop = "169.254.254.1";

inline constexpr std::string_view kMetadataAddress = "169.254.169.254";
inline constexpr std::string_view kDnsAddress = "169.254.169.253";

// Of the public CIDR's own four addresses.
inline constexpr uint32_t kHostIndex = 1;     // the host's end of its link to the edge
inline constexpr uint32_t kEdgeIndex = 2;     // the edge's end
inline constexpr uint32_t kGatewayIndex = 3;  // gateway_of()

}  // namespace aerolith::network
