#include "services/ec2/peerings.h"

#include "ec2/model/vpc.h"
#include "ec2/operations/accept_vpc_peering_connection.h"
#include "ec2/operations/associate_vpc_cidr_block.h"
#include "ec2/operations/delete_vpc_peering_connection.h"
#include "ec2/operations/describe_vpc_peering_connections.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/network_records.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

// Two peered VPCs of two accounts; a rule of the first one's default group names a group of the second one's.
class PeeringsTest : public HandlerTest {
 protected:
  PeeringsTest() {
    cloud_->vpc_changed = [this](const Scope& scope, const std::string& vpc) {
      told_.push_back(scope.account.str() + "/" + vpc);
    };
    write([&](metadata::Transaction& txn) -> Result<> {
      const VpcRecord one = make_vpc(txn, scope_, {.cidr = "10.0.0.0/16"});
      const VpcRecord two = make_vpc(txn, other_, {.cidr = "10.1.0.0/16"});
      one_ = one.id;
      two_ = two.id;
      subnet_ = {.id = make_id(Kind::subnet), .vpc = two.id, .cidr = "10.1.1.0/24", .zone = "us-east-1a"};
      TRY(put_subnet(txn, other_, two, subnet_));
      members_ = two.default_group;
      GroupRecord group = TRY(kGroups.get(txn, scope_, one.default_group));
      group.rules.push_back({.id = "sgr-1", .group = members_, .group_account = other_.account.str()});
      kGroups.put(txn, scope_, group);
      peering_ = {.id = make_id(Kind::peering), .status = "active"};
      peering_.expires_at = clock_.now() + std::chrono::hours(168);
      peering_.requester = {.account = scope_.account.str(), .vpc = one.id, .cidrs = {"10.0.0.0/16"}};
      peering_.accepter = {.account = other_.account.str(), .vpc = two.id, .cidrs = {"10.1.0.0/16"}};
      put_peering(txn, scope_, peering_);
      return {};
    });
  }

  // Of the second VPC, in its default group.
  InterfaceRecord join() {
    InterfaceRecord made;
    write([&](metadata::Transaction& txn) -> Result<> {
      made = TRY(make_interface(txn, other_, {.subnet = subnet_, .groups = {members_}}));
      kInterfaces.put(txn, other_, made);
      return {};
    });
    return made;
  }
  // What the first VPC's rules know of the group.
  std::vector<std::string> known_members() {
    const auto records = read_network(*store_->begin_read(), *cloud_, scope_, one_);
    if (!records.has_value() || !*records) return {"no VPC"};
    const auto found = (*records)->peer_groups.find(members_);
    return found == (*records)->peer_groups.end() ? std::vector<std::string>{"no group"} : found->second;
  }
  void set_status(const std::string& status) {
    peering_.status = status;
    write([&](metadata::Transaction& txn) -> Result<> {
      put_peering(txn, scope_, peering_);
      return {};
    });
  }

  const Scope other_{.account = AccountId("444455556666"), .region = RegionName("us-east-1")};
  std::string one_;
  std::string two_;
  SubnetRecord subnet_;
  std::string members_;
  PeeringRecord peering_;
  std::vector<std::string> told_;
};

TEST_F(PeeringsTest, WhoNamesAGroupIsToldOfItsMembers) {
  Call there = call_of(other_);
  there.settle_vpc(two_);
  EXPECT_EQ(told_, (std::vector<std::string>{other_.account.str() + "/" + two_, scope_.account.str() + "/" + one_}));
  // Nobody at the other end names a group of the first one.
  told_.clear();
  call().settle_vpc(one_);
  EXPECT_EQ(told_, (std::vector<std::string>{scope_.account.str() + "/" + one_}));
}

TEST_F(PeeringsTest, MembersAreThoseOfNow) {
  EXPECT_EQ(known_members(), std::vector<std::string>());
  const InterfaceRecord member = join();
  EXPECT_EQ(known_members(), (std::vector<std::string>{member.addresses.front().address}));
  write([&](metadata::Transaction& txn) { return remove_interface(txn, other_, member); });
  EXPECT_EQ(known_members(), std::vector<std::string>());
}

TEST_F(PeeringsTest, ARuleIsStaleWithoutAnActivePeering) {
  join();
  set_status("deleted");
  EXPECT_EQ(known_members(), std::vector<std::string>());
  Call there = call_of(other_);
  there.settle_vpc(two_);
  EXPECT_EQ(told_, (std::vector<std::string>{other_.account.str() + "/" + two_}));
}

TEST_F(PeeringsTest, ANewBlockIsKnownAtTheOtherEnd) {
  const auto add = [&](const std::string& block) {
    Call there = call_of(other_);
    return associate_vpc_cidr_block(there, {.cidr_block = block, .vpc_id = two_});
  };
  const auto blocks = [&](const Scope& scope) {
    return kPeerings.find(*store_->begin_read(), scope, peering_.id).value()->accepter.cidrs;
  };
  ASSERT_TRUE(add("10.2.0.0/16").has_value());
  for (const Scope& scope : {scope_, other_}) {
    EXPECT_EQ(blocks(scope), (std::vector<std::string>{"10.1.0.0/16", "10.2.0.0/16"}));
  }
  EXPECT_EQ(told_.back(), scope_.account.str() + "/" + one_);
  const auto refused = add("10.0.128.0/17");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "InvalidVpc.Range");
  // What the accepter does to a request, it may.
  set_status("pending-acceptance");
  ASSERT_TRUE(add("10.0.128.0/17").has_value());
  EXPECT_EQ(kPeerings.find(*store_->begin_read(), scope_, peering_.id).value()->status, "failed");
  set_status("pending-acceptance");
  EXPECT_EQ(code_of(associate_vpc_cidr_block, {.cidr_block = "10.7.0.0/16", .vpc_id = one_}), "OperationNotPermitted");
}

TEST_F(PeeringsTest, WhatEndedIsForgottenByEachAccountInItsTime) {
  using namespace std::chrono_literals;
  const auto shown = [&](const Scope& scope) {
    Call made = call_of(scope);
    const auto listed = describe_vpc_peering_connections(made, {});
    const auto& all = *listed.value().vpc_peering_connections;
    return all.empty() ? std::string("none") : *all.front().status->code;
  };
  EXPECT_EQ(code_of(delete_vpc_peering_connection, {.vpc_peering_connection_id = peering_.id}), "none");
  clock_.pass(2h);
  EXPECT_EQ(shown(scope_), "deleted");
  clock_.pass(1s);
  EXPECT_EQ(shown(scope_), "none");
  EXPECT_EQ(shown(other_), "deleted");
  clock_.pass(46h);
  EXPECT_EQ(shown(other_), "none");
}

TEST_F(PeeringsTest, ARequestExpires) {
  using namespace std::chrono_literals;
  peering_.expires_at = clock_.now() + 168h;
  set_status("pending-acceptance");
  clock_.pass(168h);
  Call there = call_of(other_);
  const auto late = accept_vpc_peering_connection(there, {.vpc_peering_connection_id = peering_.id});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, "InvalidStateTransition");
  const auto listed = ask(describe_vpc_peering_connections, {});
  EXPECT_EQ(listed.value().vpc_peering_connections->front().status->code, "expired");
  // Two days from when it expired.
  clock_.pass(48h + 1s);
  EXPECT_TRUE(ask(describe_vpc_peering_connections, {}).value().vpc_peering_connections->empty());
}

}  // namespace
}  // namespace aerolith::ec2
