// The kinds of things that EC2 keeps: how their ids begin, what ARNs and tags call them, and what their absence is
// called. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith::ec2 {

enum class Kind : uint8_t {
  vpc,
  subnet,
  internet_gateway,
  route_table,
  security_group,
  security_group_rule,
  network_acl,
  network_interface,
  elastic_ip,
  nat_gateway,
  peering,
  endpoint,
  prefix_list,
  dhcp_options,
  key_pair,
  image,
  launch_template,
  instance,
  volume,
  snapshot,
  flow_log,
  import_image_task,
  import_snapshot_task,
  placement_group,
  root_replacement,
  subnet_cidr_reservation,
};

struct KindInfo {
  Kind kind;
  std::string_view prefix;          // of ids: "vpc-"
  std::string_view type;            // of ARNs and tags: "internet-gateway"
  std::string_view not_found_code;  // "InvalidVpcID.NotFound"
  std::string_view not_found_text;  // with {} for the id
  std::string_view malformed_code;  // empty: what is no id at all is just not found
};

const KindInfo& info(Kind kind);
// By the id's beginning.
std::optional<Kind> kind_of_id(std::string_view id);
std::optional<Kind> kind_of_type(std::string_view type);
// The prefix and 17 hexadecimal digits.
std::string make_id(Kind kind);
// Of what has no kind of its own: "rtbassoc-", "eipassoc-", "r-".
std::string make_part_id(std::string_view prefix);
// The prefix and 8 or 17 hexadecimal digits.
bool is_well_formed(Kind kind, std::string_view id);

}  // namespace aerolith::ec2
