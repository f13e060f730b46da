// How many gateways an account may have.
#include <gtest/gtest.h>

#include "ec2/operations/create_internet_gateway.h"
#include "ec2/operations/create_nat_gateway.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

class GatewayLimitsTest : public HandlerTest {
 protected:
  GatewayLimitsTest() { EXPECT_TRUE(arrive(*cloud_, scope_, clock_.now()).has_value()); }
};

TEST_F(GatewayLimitsTest, InternetGateways) {
  write([&](metadata::Transaction& txn) -> Result<> {
    for (int i = 1; i < 499; ++i) {  // the default VPC has one
      kInternetGateways.put(txn, scope_, InternetGatewayRecord{.id = make_id(Kind::internet_gateway)});
    }
    return {};
  });
  EXPECT_EQ(code_of(create_internet_gateway, CreateInternetGatewayInput{}), "none");
  EXPECT_EQ(code_of(create_internet_gateway, CreateInternetGatewayInput{}), "InternetGatewayLimitExceeded");
}

TEST_F(GatewayLimitsTest, NatGatewaysAreCountedByZone) {
  const auto subnets = kSubnets.all(*store_->begin_read(), scope_).value();
  ASSERT_GE(subnets.size(), 2U);
  write([&](metadata::Transaction& txn) -> Result<> {
    for (int i = 0; i < 100; ++i) {
      NatGatewayRecord record{.id = make_id(Kind::nat_gateway), .vpc = subnets[0].vpc, .subnet = subnets[0].id};
      // One that is gone, and still shown, is none.
      if (i == 0) record.deleted_at = clock_.now();
      kNatGateways.put(txn, scope_, record);
    }
    return {};
  });
  const auto create_in = [&](const SubnetRecord& subnet) {
    return code_of(create_nat_gateway,
                   CreateNatGatewayInput{.subnet_id = subnet.id, .connectivity_type = std::string("private")});
  };
  EXPECT_EQ(create_in(subnets[0]), "none");
  EXPECT_EQ(create_in(subnets[0]), "NatGatewayLimitExceeded");
  EXPECT_EQ(create_in(subnets[1]), "none");
}

}  // namespace
}  // namespace aerolith::ec2
