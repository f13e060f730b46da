// The services that endpoints can be made for: S3's, by a gateway.
#include <fmt/format.h>

#include <array>

#include "base/digest.h"
#include "ec2/model/vpc.h"
#include "ec2/operations/describe_vpc_endpoint_services.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/prefix_lists.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

using ServiceDetailFilter = FilterDefinition<ServiceDetail>;
constexpr std::array kServiceDetailFilters{
    ServiceDetailFilter{"owner",
                        [](const Lookup&, const ServiceDetail& s) -> Result<Strings> { return Strings{*s.owner}; }},
    ServiceDetailFilter{
        "service-name",
        [](const Lookup&, const ServiceDetail& s) -> Result<Strings> { return Strings{*s.service_name}; }},
    ServiceDetailFilter{
        "service-region",
        [](const Lookup&, const ServiceDetail& s) -> Result<Strings> { return Strings{*s.service_region}; }},
    ServiceDetailFilter{"service-type",
                        [](const Lookup&, const ServiceDetail& s) -> Result<Strings> {
                          return Strings{*s.service_type->front().service_type};
                        }},
    ServiceDetailFilter{
        "supported-ip-address-types",
        [](const Lookup&, const ServiceDetail& s) -> Result<Strings> { return *s.supported_ip_address_types; }},
};

ServiceDetail s3_gateway(const Scope& scope) {
  const std::string& region = scope.region.str();
  const std::string name = s3_service(scope.region);
  ServiceDetail detail{.service_name = name,
                       .service_id = "vpce-svc-" + sha256_hex(name).substr(0, 17),
                       .service_type = std::vector<ServiceTypeDetail>{{.service_type = "Gateway"}},
                       .service_region = region,
                       .availability_zones = Strings(),
                       .owner = "amazon",
                       .base_endpoint_dns_names = Strings{"s3." + region + ".amazonaws.com"},
                       .vpc_endpoint_policy_supported = true,
                       .acceptance_required = false,
                       .manages_vpc_endpoints = false,
                       .tags = std::vector<Tag>(),
                       .supported_ip_address_types = Strings{"ipv4"}};
  for (const Zone& zone : zones_of(scope.region)) detail.availability_zones->push_back(zone.name);
  return detail;
}

}  // namespace

Result<DescribeVpcEndpointServicesOutput> describe_vpc_endpoint_services(
    Call& call, const DescribeVpcEndpointServicesInput& input) {
  TRY(check_filters<ServiceDetail>(input.filters, kServiceDetailFilters));
  const ServiceDetail only = s3_gateway(call.scope);
  for (const std::string& name : input.service_names.value_or(Strings())) {
    if (name == *only.service_name) continue;
    return errors::of("InvalidServiceName", fmt::format("The Vpc Endpoint Service '{}' does not exist", name));
  }
  DescribeVpcEndpointServicesOutput output{.service_names = Strings(), .service_details = std::vector<ServiceDetail>()};
  const auto txn = call.read();
  const Lookup lookup{.txn = *txn, .scope = call.scope};
  if (TRY(matches<ServiceDetail>(input.filters, kServiceDetailFilters, lookup, only, {}))) {
    output.service_names->push_back(*only.service_name);
    output.service_details->push_back(only);
  }
  return output;
}

}  // namespace aerolith::ec2
