#include "services/ec2/peerings.h"

#include <fmt/format.h>

#include <array>

#include "ec2/operations/accept_vpc_peering_connection.h"
#include "ec2/operations/create_vpc_peering_connection.h"
#include "ec2/operations/delete_vpc_peering_connection.h"
#include "ec2/operations/describe_vpc_peering_connections.h"
#include "ec2/operations/modify_vpc_peering_connection_options.h"
#include "ec2/operations/reject_vpc_peering_connection.h"
#include "ec2/schema.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/shown_values.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

constexpr auto kExpiresAfter = std::chrono::days(7);

std::string text_of(const PeeringRecord& record) {
  if (record.status == "pending-acceptance") return "Pending Acceptance by " + record.accepter.account;
  if (record.status == "active") return "Active";
  if (record.status == "deleted") {
    return "Deleted by " + (record.ended_by.empty() ? record.accepter.account : record.ended_by);
  }
  if (record.status == "rejected") return "Inactive";
  if (record.status == "failed") return "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
  if (record.status == "expired") return "Expired";
  return record.status;
}

VpcPeeringConnectionVpcInfo to_wire(const Scope& scope, const PeeringSide& side) {
  VpcPeeringConnectionVpcInfo result{
      .cidr_block_set = std::vector<CidrBlock>(),
      .owner_id = side.account,
      .peering_options =
          VpcPeeringConnectionOptionsDescription{.allow_dns_resolution_from_remote_vpc = side.dns_resolution,
                                                 .allow_egress_from_local_classic_link_to_remote_vpc = false,
                                                 .allow_egress_from_local_vpc_to_remote_classic_link = false},
      .vpc_id = side.vpc,
      .region = scope.region.str()};
  if (!side.cidrs.empty()) result.cidr_block = side.cidrs.front();
  for (const std::string& cidr : side.cidrs) result.cidr_block_set->push_back({.cidr_block = cidr});
  return result;
}

VpcPeeringConnection to_wire(const Scope& scope, const PeeringRecord& record, const TagMap& tags) {
  VpcPeeringConnection result{
      .accepter_vpc_info = to_wire(scope, record.accepter),
      .requester_vpc_info = to_wire(scope, record.requester),
      .status = VpcPeeringConnectionStateReason{.code = record.status, .message = text_of(record)},
      .tags = wire_tags(tags),
      .vpc_peering_connection_id = record.id};
  if (record.status == "pending-acceptance") {
    result.expiration_time = record.expires_at;
    // What the other VPC is like is nobody's to know before its account agrees.
    result.accepter_vpc_info->cidr_block.reset();
    result.accepter_vpc_info->cidr_block_set.reset();
    result.accepter_vpc_info->peering_options.reset();
  }
  return result;
}

// As the answer shows it.
template <Path path>
Result<Strings> at(const Lookup& where, const PeeringRecord& record) {
  const VpcPeeringConnection all = to_wire(where.scope, record, {});
  return values_at(schema::kVpcPeeringConnection, &all, path.view());
}

using PeeringFilter = FilterDefinition<PeeringRecord>;
constexpr std::array kPeeringFilters{
    PeeringFilter{"vpc-peering-connection-id",
                  [](const Lookup&, const PeeringRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    PeeringFilter{"status-code",
                  [](const Lookup&, const PeeringRecord& r) -> Result<Strings> { return Strings{r.status}; }},
    PeeringFilter{"requester-vpc-info.vpc-id",
                  [](const Lookup&, const PeeringRecord& r) -> Result<Strings> { return Strings{r.requester.vpc}; }},
    PeeringFilter{
        "requester-vpc-info.owner-id",
        [](const Lookup&, const PeeringRecord& r) -> Result<Strings> { return Strings{r.requester.account}; }},
    PeeringFilter{"requester-vpc-info.cidr-block",
                  [](const Lookup&, const PeeringRecord& r) -> Result<Strings> { return r.requester.cidrs; }},
    PeeringFilter{"accepter-vpc-info.vpc-id",
                  [](const Lookup&, const PeeringRecord& r) -> Result<Strings> { return Strings{r.accepter.vpc}; }},
    PeeringFilter{"accepter-vpc-info.owner-id",
                  [](const Lookup&, const PeeringRecord& r) -> Result<Strings> { return Strings{r.accepter.account}; }},
    PeeringFilter{"accepter-vpc-info.cidr-block",
                  [](const Lookup&, const PeeringRecord& r) -> Result<Strings> { return r.accepter.cidrs; }},
    PeeringFilter{"expiration-time", &at<"ExpirationTime">},
    PeeringFilter{"status-message", &at<"Status.Message">},
};

void settle_both(const Call& call, const PeeringRecord& record) {
  for (const PeeringSide* side : {&record.requester, &record.accepter}) {
    call.cloud.vpc_changed({.account = AccountId(side->account), .region = call.scope.region}, side->vpc);
  }
}

// Changes a pending one, which only the other side may.
Result<PeeringRecord> answer(Call& call, const std::string& id, std::string_view status) {
  return call.write([&](metadata::Transaction& txn) -> Result<PeeringRecord> {
    PeeringRecord record = TRY(kPeerings.get(txn, call.scope, id));
    if (record.accepter.account != call.scope.account.view()) {
      return errors::not_permitted(
          fmt::format("User ({}) cannot accept or reject peering {}", call.scope.account.view(), record.id));
    }
    if (record.status == "active" && status == "active") return record;
    if (!record.is_pending(call.context.now)) {
      return errors::of("InvalidStateTransition",
                        fmt::format("The vpcPeeringConnection '{}' is not in a state in which it can be {}.", record.id,
                                    status == "active" ? "accepted" : "rejected"));
    }
    if (status == "active") {
      record.status = status;
    } else {
      end_peering(record, {.status = status, .account = call.scope.account.str(), .at = call.context.now});
    }
    put_peering(txn, call.scope, record);
    return record;
  });
}

}  // namespace

Result<DescribeVpcPeeringConnectionsOutput> describe_vpc_peering_connections(
    Call& call, const DescribeVpcPeeringConnectionsInput& input) {
  TRY(metadata::run_transaction(call.cloud.metadata, [&](metadata::Transaction& txn) {
    return tidy_peerings(txn, call.scope, call.context.now);
  }));
  const auto txn = call.read();
  const auto page = TRY(
      describe<PeeringRecord>(*txn, call.scope, kPeerings, kPeeringFilters,
                              {input.vpc_peering_connection_ids, input.filters, input.max_results, input.next_token}));
  DescribeVpcPeeringConnectionsOutput output{.vpc_peering_connections = std::vector<VpcPeeringConnection>(),
                                             .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) {
    output.vpc_peering_connections->push_back(to_wire(call.scope, record, tags));
  }
  return output;
}

Result<CreateVpcPeeringConnectionOutput> create_vpc_peering_connection(Call& call,
                                                                       const CreateVpcPeeringConnectionInput& input) {
  if (!input.peer_vpc_id) return errors::missing_parameter("peerVpcId");
  if (input.peer_region && *input.peer_region != call.scope.region.view()) {
    return errors::unsupported("This installation is one region.");
  }
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::peering));
  auto record = TRY(call.write([&](metadata::Transaction& txn) -> Result<PeeringRecord> {
    const Scope other{.account = AccountId(input.peer_owner_id.value_or(call.scope.account.str())),
                      .region = call.scope.region};
    const VpcRecord one = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    const VpcRecord two = TRY(kVpcs.get(txn, other, input.peer_vpc_id));
    if (one.id == two.id) return errors::invalid_parameter("A VPC can't be peered with itself.");
    PeeringRecord made{.id = make_id(Kind::peering)};
    made.requester = {.account = call.scope.account.str(), .vpc = one.id, .cidrs = blocks_of(one)};
    made.accepter = {.account = other.account.str(), .vpc = two.id, .cidrs = blocks_of(two)};
    made.expires_at = call.context.now + kExpiresAfter;
    if (overlap(made.requester.cidrs, made.accepter.cidrs)) {
      end_peering(made, {.status = "failed", .account = call.scope.account.str(), .at = call.context.now});
    }
    for (const PeeringRecord& each : TRY(kPeerings.all(txn, call.scope))) {
      const bool is_live = each.status == "active" || each.is_pending(call.context.now);
      if (is_live && each.requester.vpc == one.id && each.accepter.vpc == two.id) {
        return errors::of("VpcPeeringConnectionAlreadyExists",
                          fmt::format("There is already a peering connection {} of these VPCs.", each.id));
      }
    }
    put_peering(txn, call.scope, made);
    put_tags(txn, call.scope, made.id, tags);
    return made;
  }));
  CreateVpcPeeringConnectionOutput output{.vpc_peering_connection = to_wire(call.scope, record, tags)};
  // As on AWS, where the other side has still to hear of it; whoever looks afterwards sees that it has.
  if (record.status == "pending-acceptance") {
    output.vpc_peering_connection->status = VpcPeeringConnectionStateReason{
        .code = "initiating-request", .message = "Initiating Request to " + record.accepter.account};
  }
  return output;
}

Result<AcceptVpcPeeringConnectionOutput> accept_vpc_peering_connection(Call& call,
                                                                       const AcceptVpcPeeringConnectionInput& input) {
  const PeeringRecord record = TRY(answer(call, *input.vpc_peering_connection_id, "active"));
  settle_both(call, record);
  return AcceptVpcPeeringConnectionOutput{.vpc_peering_connection = to_wire(call.scope, record, {})};
}

Result<RejectVpcPeeringConnectionOutput> reject_vpc_peering_connection(Call& call,
                                                                       const RejectVpcPeeringConnectionInput& input) {
  TRY(answer(call, *input.vpc_peering_connection_id, "rejected"));
  return RejectVpcPeeringConnectionOutput{.return_ = true};
}

Result<DeleteVpcPeeringConnectionOutput> delete_vpc_peering_connection(Call& call,
                                                                       const DeleteVpcPeeringConnectionInput& input) {
  const auto record = TRY(call.write([&](metadata::Transaction& txn) -> Result<PeeringRecord> {
    PeeringRecord found = TRY(kPeerings.get(txn, call.scope, input.vpc_peering_connection_id));
    if (found.status != "active" && !found.is_pending(call.context.now) && found.status != "failed") {
      return errors::of(
          "InvalidStateTransition",
          fmt::format("The vpcPeeringConnection '{}' is not in a state in which it can be deleted.", found.id));
    }
    end_peering(found, {.status = "deleted", .account = call.scope.account.str(), .at = call.context.now});
    put_peering(txn, call.scope, found);
    return found;
  }));
  settle_both(call, record);
  return DeleteVpcPeeringConnectionOutput{.return_ = true};
}

Result<ModifyVpcPeeringConnectionOptionsOutput> modify_vpc_peering_connection_options(
    Call& call, const ModifyVpcPeeringConnectionOptionsInput& input) {
  const auto dns_of = [](const std::optional<PeeringConnectionOptionsRequest>& options) {
    return options ? options->allow_dns_resolution_from_remote_vpc : std::nullopt;
  };
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    PeeringRecord record = TRY(kPeerings.get(txn, call.scope, input.vpc_peering_connection_id));
    if (record.status != "active") {
      return errors::of(
          "OperationNotPermitted",
          fmt::format("Peering {} is not active. Peering options can be added only to active peerings.", record.id));
    }
    if (const auto dns = dns_of(input.requester_peering_connection_options)) record.requester.dns_resolution = *dns;
    if (const auto dns = dns_of(input.accepter_peering_connection_options)) record.accepter.dns_resolution = *dns;
    put_peering(txn, call.scope, record);
    return {};
  }));
  return ModifyVpcPeeringConnectionOptionsOutput{};
}

}  // namespace aerolith::ec2
