#include "network/names.h"

#include <algorithm>
#include <cctype>

#include "network/address.h"

namespace aerolith::network {

namespace {
constexpr size_t kIdCharacters = 12;

bool is_letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// "eni" and the last twelve of what follows the id's dash.
std::string short_name(std::string_view kind, std::string_view id) {
  const size_t dash = id.find('-');
  std::string_view rest = dash == std::string_view::npos ? id : id.substr(dash + 1);
  if (rest.size() > kIdCharacters) rest.remove_prefix(rest.size() - kIdCharacters);
  std::string name(kind);
  std::ranges::copy_if(rest, std::back_inserter(name), is_letter_or_digit);
  return name;
}
}  // namespace

std::string device_of(std::string_view interface_id) { return short_name("eni", interface_id); }
std::string nat_device_of(std::string_view nat_gateway_id) { return short_name("nat", nat_gateway_id); }
std::string peering_device_of(std::string_view peering_id) { return short_name("pcx", peering_id); }
std::string edge_internet_device_of(std::string_view vpc_id) { return short_name("vpc", vpc_id); }
std::string edge_s3_device_of(std::string_view vpc_id) { return short_name("s3-", vpc_id); }

std::string namespace_of(const FabricSettings& settings, std::string_view vpc_id) {
  return settings.installation + "-" + std::string(vpc_id);
}

std::string nat_namespace_of(const FabricSettings& settings, std::string_view vpc_id, std::string_view nat_gateway_id) {
  return namespace_of(settings, vpc_id) + "+" + std::string(nat_gateway_id);
}

std::string edge_namespace_of(const FabricSettings& settings) { return settings.installation + "-edge"; }
std::string host_device_of(const FabricSettings& settings) { return "aero-" + settings.installation; }
std::string host_table_of(const FabricSettings& settings) { return "aerolith_" + settings.installation; }

std::string tap_of(const FabricSettings&, std::string_view interface_id) { return device_of(interface_id); }

std::string gateway_of(const FabricSettings& settings) { return address_in(settings.public_cidr, kGatewayIndex); }

std::string path_of_namespace(std::string_view name) { return "/run/netns/" + std::string(name); }

std::string identifier_of(std::string_view id) {
  std::string name(id);
  std::ranges::replace_if(name, [](char c) { return !is_letter_or_digit(c); }, '_');
  return name;
}

}  // namespace aerolith::network
