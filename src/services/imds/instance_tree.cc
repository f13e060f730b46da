#include "services/imds/instance_tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json_string.h"
#include "base/time.h"

namespace aerolith::imds {
namespace {

std::string lines(const std::vector<std::string>& values) { return fmt::format("{}", fmt::join(values, "\n")); }

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// "You can't use spaces or slashes (/), and can't comprise only . (one period), .. (two periods), or _index":
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html
bool is_readable_tag(std::string_view key) {
  return !key.empty() && key.find_first_of("/ ") == std::string_view::npos && key != "." && key != ".." &&
         key != "_index";
}

void add_interface(const ec2::InterfaceFacts& interface, const ec2::InstanceFacts& facts, Tree& tree) {
  const std::string folder = fmt::format("meta-data/network/interfaces/macs/{}/", interface.mac);
  const auto add = [&](std::string_view name, std::string value) {
    tree.add(folder + std::string(name), std::move(value));
  };
  add("device-number", std::to_string(interface.device_index));
  add("interface-id", interface.id);
  add("local-hostname", facts.private_name);
  add("local-ipv4s", lines(interface.private_addresses));
  add("mac", interface.mac);
  add("owner-id", facts.account.str());
  add("security-group-ids", lines(interface.groups));
  add("security-groups", lines(interface.group_names));
  add("subnet-id", interface.subnet);
  add("subnet-ipv4-cidr-block", interface.subnet_cidr);
  add("vpc-id", interface.vpc);
  if (!interface.vpc_cidrs.empty()) add("vpc-ipv4-cidr-block", interface.vpc_cidrs.front());
  add("vpc-ipv4-cidr-blocks", lines(interface.vpc_cidrs));
  std::vector<std::string> publics;
  for (const std::string& address : interface.private_addresses) {
    const auto found = interface.public_addresses.find(address);
    if (found == interface.public_addresses.end()) continue;
    add("ipv4-associations/" + found->second, address);
    publics.push_back(found->second);
  }
  if (publics.empty()) return;
  add("public-ipv4s", lines(publics));
  if (publics.front() == facts.public_address && !facts.public_name.empty()) add("public-hostname", facts.public_name);
}

}  // namespace

Tree make_tree(const ec2::InstanceFacts& facts, const Region& region) {
  Tree tree;
  const auto add = [&](std::string_view name, std::string value) {
    tree.add("meta-data/" + std::string(name), std::move(value));
  };
  add("ami-id", facts.image);
  add("ami-launch-index", std::to_string(facts.launch_index));
  add("ami-manifest-path", "(unknown)");
  add("block-device-mapping/ami", facts.root_device);
  for (size_t i = 0; i < facts.volume_devices.size(); ++i) {
    add(fmt::format("block-device-mapping/ebs{}", i + 1), facts.volume_devices[i]);
  }
  add("block-device-mapping/root", facts.root_device);
  add("events/maintenance/history", "[]");
  add("events/maintenance/scheduled", "[]");
  add("hostname", facts.private_name);
  add("instance-action", "none");
  add("instance-id", facts.id);
  add("instance-life-cycle", "on-demand");
  add("instance-type", facts.type);
  add("local-hostname", facts.private_name);
  add("local-ipv4", facts.private_address);
  if (!facts.interfaces.empty()) {
    add("mac", facts.interfaces.front().mac);
    add("security-groups", lines(facts.interfaces.front().group_names));
  }
  for (const ec2::InterfaceFacts& interface : facts.interfaces) add_interface(interface, facts, tree);
  add("placement/availability-zone", facts.zone);
  add("placement/availability-zone-id", facts.zone_id);
  if (!facts.placement_group.empty()) add("placement/group-name", facts.placement_group);
  if (facts.partition > 0) add("placement/partition-number", std::to_string(facts.partition));
  add("placement/region", region.str());
  add("profile", "default-hvm");
  if (!facts.public_address.empty()) {
    if (!facts.public_name.empty()) add("public-hostname", facts.public_name);
    add("public-ipv4", facts.public_address);
  }
  if (!facts.public_key.empty()) add("public-keys/0/openssh-key", facts.public_key);
  add("reservation-id", facts.reservation);
  add("services/domain", "amazonaws.com");
  add("services/partition", "aws");
  add("system", "nitro");
  for (const auto& [key, value] : facts.tags) {
    if (facts.shows_tags && is_readable_tag(key)) add("tags/instance/" + key, value);
  }
  tree.add("dynamic/fws/instance-monitoring", facts.monitoring ? "enabled" : "disabled");
  tree.add("dynamic/instance-identity/document", identity_document(facts, region));
  return tree;
}

std::string identity_document(const ec2::InstanceFacts& facts, const Region& region) {
  const Timestamp launched = std::chrono::floor<std::chrono::seconds>(facts.launched_at);
  return fmt::format(
      "{{\n"
      "  \"accountId\" : {},\n"
      "  \"architecture\" : {},\n"
      "  \"availabilityZone\" : {},\n"
      "  \"billingProducts\" : null,\n"
      "  \"devpayProductCodes\" : null,\n"
      "  \"marketplaceProductCodes\" : null,\n"
      "  \"imageId\" : {},\n"
      "  \"instanceId\" : {},\n"
      "  \"instanceType\" : {},\n"
      "  \"kernelId\" : null,\n"
      "  \"pendingTime\" : {},\n"
      "  \"privateIp\" : {},\n"
      "  \"ramdiskId\" : null,\n"
      "  \"region\" : {},\n"
      "  \"version\" : \"2017-09-30\"\n"
      "}}",
      quoted(facts.account.view()), quoted(facts.architecture), quoted(facts.zone), quoted(facts.image),
      quoted(facts.id), quoted(facts.type), quoted(format_iso8601(launched)), quoted(facts.private_address),
      quoted(region.view()));
}

}  // namespace aerolith::imds
