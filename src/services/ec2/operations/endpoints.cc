// Gateway endpoints of S3: a route to its prefix list in each route table.
#include <fmt/format.h>

#include <array>

#include "ec2/model/route.h"
#include "ec2/model/vpc.h"
#include "ec2/operations/create_vpc_endpoint.h"
#include "ec2/operations/delete_vpc_endpoints.h"
#include "ec2/operations/describe_vpc_endpoints.h"
#include "ec2/operations/modify_vpc_endpoint.h"
#include "policy/document.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/prefix_lists.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"

namespace aerolith::ec2 {
namespace {

using EndpointFilter = FilterDefinition<EndpointRecord>;
constexpr std::array kEndpointFilters{
    EndpointFilter{"vpc-endpoint-id",
                   [](const Lookup&, const EndpointRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    EndpointFilter{"vpc-id", [](const Lookup&, const EndpointRecord& r) -> Result<Strings> { return Strings{r.vpc}; }},
    EndpointFilter{"service-name",
                   [](const Lookup&, const EndpointRecord& r) -> Result<Strings> { return Strings{r.service}; }},
    EndpointFilter{"vpc-endpoint-state",
                   [](const Lookup&, const EndpointRecord&) -> Result<Strings> { return Strings{"available"}; }},
    EndpointFilter{"ip-address-type",
                   [](const Lookup&, const EndpointRecord&) -> Result<Strings> { return Strings{"ipv4"}; }},
    EndpointFilter{
        "service-region",
        [](const Lookup& at, const EndpointRecord&) -> Result<Strings> { return Strings{at.scope.region.str()}; }},
    EndpointFilter{"vpc-endpoint-type",
                   [](const Lookup&, const EndpointRecord&) -> Result<Strings> { return Strings{"Gateway"}; }},
};

VpcEndpoint to_wire(const Scope& scope, const EndpointRecord& record, const TagMap& tags) {
  return {.vpc_endpoint_id = record.id,
          .vpc_endpoint_type = "Gateway",
          .vpc_id = record.vpc,
          .service_name = record.service,
          .state = "available",
          .policy_document = record.policy,
          .route_table_ids = record.route_tables,
          .subnet_ids = Strings(),
          .groups = std::vector<SecurityGroupIdentifier>(),
          .private_dns_enabled = false,
          .requester_managed = false,
          .network_interface_ids = Strings(),
          .dns_entries = std::vector<DnsEntry>(),
          .creation_timestamp = record.created_at,
          .tags = wire_tags(tags),
          .owner_id = scope.account.str()};
}

Result<> add_route(metadata::Transaction& txn, const Call& call, EndpointRecord& endpoint, const std::string& id) {
  RouteTableRecord table = TRY(kRouteTables.get(txn, call.scope, id));
  if (table.vpc != endpoint.vpc) {
    return errors::invalid_parameter(
        fmt::format("Route table {} and VPC {} belong to different networks", id, endpoint.vpc));
  }
  const std::string list = aws_prefix_lists(call.cloud, call.scope).front().id;
  if (std::ranges::find(table.routes, list, &RouteRecord::destination) != table.routes.end()) {
    return errors::of("RouteAlreadyExists",
                      fmt::format("route table {} already has a route with destination-prefix-list-id {}", id, list));
  }
  table.routes.push_back({.destination = list, .kind = TargetKind::endpoint, .target = endpoint.id});
  kRouteTables.put(txn, call.scope, table);
  endpoint.route_tables.push_back(id);
  return {};
}

// Fine where the table is gone, as long as the endpoint was in it.
Result<> remove_route(metadata::Transaction& txn, const Call& call, EndpointRecord& endpoint, const std::string& id) {
  const bool was_in = std::erase(endpoint.route_tables, id) > 0;
  auto table = TRY(kRouteTables.find(txn, call.scope, id));
  if (!table && was_in) return {};
  if (!table) return errors::not_found(Kind::route_table, id);
  std::erase_if(table->routes, [&](const RouteRecord& each) { return each.target == endpoint.id; });
  kRouteTables.put(txn, call.scope, *table);
  return {};
}

Result<std::string> read_policy(const std::optional<std::string>& text) {
  if (!text || text->empty()) return std::string(kEndpointFullAccess);
  if (!policy::parse_policy(*text, policy::PolicyKind::resource).has_value()) {
    return errors::of("InvalidPolicyDocument", "Policy document is invalid");
  }
  return *text;
}

// What gateways don't have, in requests that make and change them.
template <typename Input>
Result<> refuse_unbuilt(const Input& input) {
  bool is_interface = input.private_dns_enabled.value_or(false) || input.subnet_configurations;
  if constexpr (requires { input.add_subnet_ids; }) {
    is_interface |= input.add_subnet_ids || input.remove_subnet_ids || input.add_security_group_ids ||
                    input.remove_security_group_ids;
  } else {
    is_interface |= input.subnet_ids || input.security_group_ids;
  }
  if (is_interface) return errors::invalid_parameter("The endpoint is a gateway: it has no subnets and no groups.");
  const std::string names = input.dns_options ? input.dns_options->dns_record_ip_type.value_or("ipv4") : "ipv4";
  if (input.ip_address_type.value_or("ipv4") != "ipv4" || (names != "ipv4" && names != "service-defined")) {
    return errors::unsupported("Endpoints have IPv4 addresses only.");
  }
  return {};
}

}  // namespace

Result<CreateVpcEndpointOutput> create_vpc_endpoint(Call& call, const CreateVpcEndpointInput& input) {
  if (!input.service_name) return errors::missing_parameter("ServiceName");
  if (input.vpc_endpoint_type.value_or("Gateway") != "Gateway") {
    return errors::unsupported("There are gateway endpoints only.");
  }
  TRY(refuse_unbuilt(input));
  if (input.service_region.value_or(call.scope.region.str()) != call.scope.region.view()) {
    return errors::unsupported(fmt::format("There is one region here, {}.", call.scope.region.view()));
  }
  if (*input.service_name != s3_service(call.scope.region)) {
    return errors::of("InvalidServiceName",
                      fmt::format("The Vpc Endpoint Service '{}' does not exist", *input.service_name));
  }
  const std::string policy = TRY(read_policy(input.policy_document));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::endpoint));
  auto endpoint = TRY(call.write([&](metadata::Transaction& txn) -> Result<EndpointRecord> {
    if (const auto made = TRY(find_made(txn, call, input.client_token))) {
      return kEndpoints.get(txn, call.scope, *made);
    }
    const VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    // All that leaves a VPC for S3 comes by one link: two policies couldn't be told apart.
    if (!TRY(members_of(txn, call.scope, vpc.id, Kind::endpoint)).empty()) {
      return errors::unsupported("A VPC has one endpoint for S3 here; it may be in all of its route tables.");
    }
    EndpointRecord made{.id = make_id(Kind::endpoint), .vpc = vpc.id, .service = *input.service_name, .policy = policy};
    made.created_at = call.context.now;
    for (const std::string& id : input.route_table_ids.value_or(Strings())) TRY(add_route(txn, call, made, id));
    kEndpoints.put(txn, call.scope, made);
    put_tags(txn, call.scope, made.id, tags);
    remember_made(txn, call, input.client_token, made.id);
    return made;
  }));
  call.settle_vpc(endpoint.vpc);
  return CreateVpcEndpointOutput{.vpc_endpoint = to_wire(call.scope, endpoint, tags),
                                 .client_token = input.client_token};
}

Result<ModifyVpcEndpointOutput> modify_vpc_endpoint(Call& call, const ModifyVpcEndpointInput& input) {
  TRY(refuse_unbuilt(input));
  const std::string policy = TRY(read_policy(input.policy_document));
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    EndpointRecord endpoint = TRY(kEndpoints.get(txn, call.scope, input.vpc_endpoint_id));
    if (input.policy_document || input.reset_policy.value_or(false)) endpoint.policy = policy;
    for (const std::string& id : input.remove_route_table_ids.value_or(Strings())) {
      TRY(remove_route(txn, call, endpoint, id));
    }
    for (const std::string& id : input.add_route_table_ids.value_or(Strings())) TRY(add_route(txn, call, endpoint, id));
    kEndpoints.put(txn, call.scope, endpoint);
    return endpoint.vpc;
  }));
  call.settle_vpc(vpc);
  return ModifyVpcEndpointOutput{.return_ = true};
}

Result<DescribeVpcEndpointsOutput> describe_vpc_endpoints(Call& call, const DescribeVpcEndpointsInput& input) {
  TRY(check_max_results(input.max_results, 5, 1000));
  const auto txn = call.read();
  const auto page =
      TRY(describe<EndpointRecord>(*txn, call.scope, kEndpoints, kEndpointFilters,
                                   {input.vpc_endpoint_ids, input.filters, input.max_results, input.next_token}));
  DescribeVpcEndpointsOutput output{.vpc_endpoints = std::vector<VpcEndpoint>(), .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) output.vpc_endpoints->push_back(to_wire(call.scope, record, tags));
  return output;
}

// What isn't there is told, not refused.
Result<DeleteVpcEndpointsOutput> delete_vpc_endpoints(Call& call, const DeleteVpcEndpointsInput& input) {
  DeleteVpcEndpointsOutput output;
  Strings vpcs;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    output.unsuccessful = std::vector<UnsuccessfulItem>();
    vpcs.clear();
    for (const std::string& id : *input.vpc_endpoint_ids) {
      auto endpoint = TRY(kEndpoints.find(txn, call.scope, id));
      if (!endpoint) {
        output.unsuccessful->push_back(
            {.error = UnsuccessfulItemError{.code = "InvalidVpcEndpoint.NotFound",
                                            .message = fmt::format("The Vpc Endpoint Id '{}' does not exist", id)},
             .resource_id = id});
        continue;
      }
      for (const std::string& table : Strings(endpoint->route_tables)) TRY(remove_route(txn, call, *endpoint, table));
      kEndpoints.erase(txn, call.scope, *endpoint);
      vpcs.push_back(endpoint->vpc);
    }
    return {};
  }));
  for (const std::string& vpc : vpcs) call.settle_vpc(vpc);
  return output;
}

}  // namespace aerolith::ec2
