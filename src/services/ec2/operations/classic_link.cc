// ClassicLink, which AWS retired in 2022: no VPC has it. Ansible's ec2_vpc_net and older Terraform providers ask.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcClassicLink.html
#include "ec2/operations/describe_vpc_classic_link.h"
#include "ec2/operations/describe_vpc_classic_link_dns_support.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"
#include "services/ec2/wire.h"

namespace aerolith::ec2 {
namespace {

using VpcFilter = FilterDefinition<VpcRecord>;
constexpr std::array kClassicLinkFilters{
    VpcFilter{"is-classic-link-enabled",
              [](const Lookup&, const VpcRecord&) -> Result<Strings> { return Strings{flag(false)}; }},
};

}  // namespace

Result<DescribeVpcClassicLinkOutput> describe_vpc_classic_link(Call& call, const DescribeVpcClassicLinkInput& input) {
  const auto txn = call.read();
  const auto page = TRY(describe<VpcRecord>(*txn, call.scope, kVpcs, kClassicLinkFilters,
                                            {input.vpc_ids, input.filters, std::nullopt, std::nullopt}));
  DescribeVpcClassicLinkOutput output{.vpcs = std::vector<VpcClassicLink>()};
  for (const auto& [record, tags] : page.items) {
    output.vpcs->push_back({.classic_link_enabled = false, .tags = wire_tags(tags), .vpc_id = record.id});
  }
  return output;
}

Result<DescribeVpcClassicLinkDnsSupportOutput> describe_vpc_classic_link_dns_support(
    Call& call, const DescribeVpcClassicLinkDnsSupportInput& input) {
  const auto txn = call.read();
  const auto page = TRY(describe<VpcRecord>(*txn, call.scope, kVpcs, kClassicLinkFilters,
                                            {input.vpc_ids, std::nullopt, input.max_results, input.next_token}));
  DescribeVpcClassicLinkDnsSupportOutput output{.next_token = page.next_token,
                                                .vpcs = std::vector<ClassicLinkDnsSupport>()};
  for (const auto& [record, tags] : page.items) {
    output.vpcs->push_back({.classic_link_dns_supported = false, .vpc_id = record.id});
  }
  return output;
}

}  // namespace aerolith::ec2
