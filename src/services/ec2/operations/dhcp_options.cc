#include <fmt/format.h>

#include <array>

#include "ec2/operations/associate_dhcp_options.h"
#include "ec2/operations/create_dhcp_options.h"
#include "ec2/operations/delete_dhcp_options.h"
#include "ec2/operations/describe_dhcp_options.h"
#include "services/ec2/cidr.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kKeys[] = {"domain-name",       "domain-name-servers",
                                      "ntp-servers",       "netbios-name-servers",
                                      "netbios-node-type", "ipv6-address-preferred-lease-time"};
constexpr size_t kMaxServers = 4;

using DhcpOptionsFilter = FilterDefinition<DhcpOptionsRecord>;
constexpr std::array kDhcpOptionsFilters{
    DhcpOptionsFilter{"dhcp-options-id",
                      [](const Lookup&, const DhcpOptionsRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    DhcpOptionsFilter{"key",
                      [](const Lookup&, const DhcpOptionsRecord& r) -> Result<Strings> {
                        Strings result;
                        for (const DhcpOption& each : r.options) result.push_back(each.key);
                        return result;
                      }},
    DhcpOptionsFilter{"value",
                      [](const Lookup&, const DhcpOptionsRecord& r) -> Result<Strings> {
                        Strings result;
                        for (const DhcpOption& each : r.options) {
                          result.insert(result.end(), each.values.begin(), each.values.end());
                        }
                        return result;
                      }},
};

DhcpOptions to_wire(const Scope& scope, const DhcpOptionsRecord& record, const TagMap& tags) {
  DhcpOptions options{.owner_id = scope.account.str(),
                      .tags = wire_tags(tags),
                      .dhcp_options_id = record.id,
                      .dhcp_configurations = std::vector<DhcpConfiguration>()};
  for (const DhcpOption& each : record.options) {
    DhcpConfiguration configuration{.key = each.key, .values = std::vector<AttributeValue>()};
    for (const std::string& value : each.values) configuration.values->push_back({.value = value});
    options.dhcp_configurations->push_back(std::move(configuration));
  }
  return options;
}

Result<> check_option(const DhcpOption& option) {
  if (std::ranges::find(kKeys, option.key) == std::end(kKeys)) {
    return errors::invalid_value("name", option.key, "Unknown DHCP option");
  }
  if (option.values.empty()) return errors::missing_parameter("value");
  constexpr std::string_view kNodeTypes[] = {"1", "2", "4", "8"};
  if (option.key == "netbios-node-type" &&
      std::ranges::find(kNodeTypes, option.values.front()) == std::end(kNodeTypes)) {
    return errors::invalid_value("netbios-node-type", option.values.front(), "Valid values are 1, 2, 4 and 8.");
  }
  if (!option.key.ends_with("servers")) return {};
  if (option.values.size() > kMaxServers) {
    return errors::invalid_parameter(fmt::format("At most {} {} can be specified.", kMaxServers, option.key));
  }
  for (const std::string& server : option.values) {
    if (server == "AmazonProvidedDNS" && option.key == "domain-name-servers") continue;
    if (!parse_ipv4(server)) return errors::invalid_value("value", server, "Invalid IPv4 address");
  }
  return {};
}

// One value may hold several, with commas.
std::vector<std::string> split_values(const std::vector<std::string>& values) {
  std::vector<std::string> result;
  for (std::string_view value : values) {
    while (!value.empty()) {
      const size_t end = std::min(value.find(','), value.size());
      if (end > 0) result.emplace_back(value.substr(0, end));
      value.remove_prefix(std::min(value.size(), end + 1));
    }
  }
  return result;
}

}  // namespace

Result<DescribeDhcpOptionsOutput> describe_dhcp_options(Call& call, const DescribeDhcpOptionsInput& input) {
  const auto txn = call.read();
  const auto page =
      TRY(describe<DhcpOptionsRecord>(*txn, call.scope, kDhcpOptions, kDhcpOptionsFilters,
                                      {input.dhcp_options_ids, input.filters, input.max_results, input.next_token}));
  DescribeDhcpOptionsOutput output{.next_token = page.next_token, .dhcp_options = std::vector<DhcpOptions>()};
  for (const auto& [record, tags] : page.items) output.dhcp_options->push_back(to_wire(call.scope, record, tags));
  return output;
}

Result<CreateDhcpOptionsOutput> create_dhcp_options(Call& call, const CreateDhcpOptionsInput& input) {
  DhcpOptionsRecord record{.id = make_id(Kind::dhcp_options)};
  for (const NewDhcpConfiguration& each : *input.dhcp_configurations) {
    DhcpOption option{.key = each.key.value_or(""), .values = split_values(each.values.value_or(Strings()))};
    TRY(check_option(option));
    record.options.push_back(std::move(option));
  }
  if (record.options.empty()) return errors::missing_parameter("dhcpConfiguration");
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::dhcp_options));
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    kDhcpOptions.put(txn, call.scope, record);
    put_tags(txn, call.scope, record.id, tags);
    return {};
  }));
  return CreateDhcpOptionsOutput{.dhcp_options = to_wire(call.scope, record, tags)};
}

Result<NoOutput> associate_dhcp_options(Call& call, const AssociateDhcpOptionsInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    if (*input.dhcp_options_id == "default") {
      vpc.dhcp_options.clear();
    } else {
      vpc.dhcp_options = TRY(kDhcpOptions.get(txn, call.scope, input.dhcp_options_id)).id;
    }
    kVpcs.put(txn, call.scope, vpc);
    return {};
  }));
  call.settle_vpc(*input.vpc_id);
  return NoOutput{};
}

Result<NoOutput> delete_dhcp_options(Call& call, const DeleteDhcpOptionsInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const auto options = TRY(kDhcpOptions.get(txn, call.scope, input.dhcp_options_id));
    for (const VpcRecord& vpc : TRY(kVpcs.all(txn, call.scope))) {
      if (vpc.dhcp_options != options.id) continue;
      return errors::dependency(
          fmt::format("The dhcpOptions '{}' has dependencies and cannot be deleted.", options.id));
    }
    kDhcpOptions.erase(txn, call.scope, options);
    return {};
  }));
  return NoOutput{};
}

}  // namespace aerolith::ec2
