#include <gtest/gtest.h>

#include "ec2/model/region.h"
#include "services/ec2/api.h"

namespace aerolith::ec2 {
namespace {

const NetworkFacts kVirginia{.account = AccountId("123456789012"),
                             .region = aerolith::Region("us-east-1"),
                             .cidrs = {"10.0.0.0/16", "10.9.0.0/24"}};
const NetworkFacts kIreland{
    .account = AccountId("123456789012"), .region = aerolith::Region("eu-west-1"), .cidrs = {"172.31.0.0/16"}};

std::string address(const NetworkFacts& network, std::string_view name) {
  const auto found = find_guest_name(network, name);
  return !found ? "others" : !found->is_there ? "none" : found->address;
}

TEST(GuestNames, PrivateNamesOfTheVpcsAddresses) {
  EXPECT_EQ(address(kVirginia, "ip-10-0-0-5.ec2.internal"), "10.0.0.5");
  EXPECT_EQ(address(kVirginia, "ip-10-9-0-255.ec2.internal"), "10.9.0.255");
  EXPECT_EQ(address(kVirginia, "ip-10-1-0-5.ec2.internal"), "none");
  EXPECT_EQ(address(kIreland, "ip-172-31-4-5.eu-west-1.compute.internal"), "172.31.4.5");
  EXPECT_EQ(address(kIreland, "ip-172-31-4-5.ec2.internal"), "none");
  EXPECT_EQ(address(kVirginia, "ip-10-0-0-5.eu-west-1.compute.internal"), "none");
  EXPECT_EQ(address(kVirginia, "instance-data.ec2.internal"), "169.254.169.254");
}

TEST(GuestNames, WhatLooksAlikeIsNone) {
  for (const char* const name : {"ip-10-0-0.ec2.internal", "ip-10-0-0-5-6.ec2.internal", "ip-10-0-0-256.ec2.internal",
                                 "ip-.ec2.internal", "x.ip-10-0-0-5.ec2.internal", "ip-10-0.0-5.ec2.internal"}) {
    EXPECT_EQ(address(kVirginia, name), "none") << name;
  }
  for (const char* const name : {"", "internal", "ec2.internal", "xec2.internal", "example.com", "in-addr.arpa",
                                 "0.0.10.in-addr.arpa", "x.5.0.0.10.in-addr.arpa", "ec2-198-18-0-9.example.com"}) {
    EXPECT_EQ(address(kVirginia, name), "others") << name;
  }
}

TEST(GuestNames, TheWayBack) {
  EXPECT_EQ(find_guest_name(kVirginia, "5.2.0.10.in-addr.arpa")->pointer, "ip-10-0-2-5.ec2.internal");
  EXPECT_EQ(find_guest_name(kIreland, "5.4.31.172.in-addr.arpa")->pointer, "ip-172-31-4-5.eu-west-1.compute.internal");
  EXPECT_FALSE(find_guest_name(kVirginia, "8.8.8.8.in-addr.arpa").has_value());
}

TEST(GuestNames, PublicNamesOfThisRegion) {
  EXPECT_EQ(find_guest_name(kVirginia, "ec2-198-18-0-9.compute-1.amazonaws.com")->public_address, "198.18.0.9");
  EXPECT_EQ(find_guest_name(kIreland, "ec2-198-18-0-9.eu-west-1.compute.amazonaws.com")->public_address, "198.18.0.9");
  EXPECT_FALSE(find_guest_name(kIreland, "ec2-198-18-0-9.compute-1.amazonaws.com").has_value());
}

}  // namespace
}  // namespace aerolith::ec2
