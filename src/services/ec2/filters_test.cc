#include "services/ec2/filters.h"

#include <gtest/gtest.h>

#include "services/ec2/cidr.h"
#include "services/ec2/kinds.h"
#include "services/ec2/ssh_keys.h"
#include "services/ec2/tags.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

TEST(Filters, Wildcards) {
  EXPECT_TRUE(matches_pattern("web*", "web-1"));
  EXPECT_TRUE(matches_pattern("*b*1", "web-b-1"));
  EXPECT_TRUE(matches_pattern("w?b", "web"));
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("", ""));
  EXPECT_TRUE(matches_pattern("\\*", "*"));
  EXPECT_FALSE(matches_pattern("\\*", "x"));
  EXPECT_FALSE(matches_pattern("w?b", "wb"));
  EXPECT_FALSE(matches_pattern("Web", "web"));
  EXPECT_FALSE(matches_pattern("web", "web-1"));
}

// What would take a naive matcher for ever.
TEST(Filters, ManyStars) { EXPECT_FALSE(matches_pattern("*a*a*a*a*a*a*a*a*a*b", std::string(2000, 'a'))); }

TEST(Kinds, IdsAreOfTheirKind) {
  const std::string id = make_id(Kind::vpc);
  EXPECT_EQ(id.size(), 4U + 17U);
  EXPECT_TRUE(is_well_formed(Kind::vpc, id));
  EXPECT_EQ(kind_of_id(id), Kind::vpc);
  EXPECT_EQ(kind_of_id("sgr-0123456789abcdef0"), Kind::security_group_rule);
  EXPECT_EQ(kind_of_id("eni-attach-0123456789abcdef0"), Kind::network_interface);
  EXPECT_FALSE(is_well_formed(Kind::network_interface, "eni-attach-0123456789abcdef0"));
  EXPECT_TRUE(is_well_formed(Kind::instance, "i-0123abcd"));
  EXPECT_FALSE(is_well_formed(Kind::instance, "i-0123"));
  EXPECT_FALSE(kind_of_id("nonsense"));
}

TEST(Cidr, BlocksAndAddresses) {
  const Cidr cidr = parse_cidr("10.1.2.3/16").value();
  EXPECT_EQ(cidr.text(), "10.1.0.0/16");
  EXPECT_EQ(cidr.size(), 65536U);
  EXPECT_TRUE(cidr.contains(parse_ipv4("10.1.255.255").value()));
  EXPECT_FALSE(cidr.contains(parse_cidr("10.0.0.0/8").value()));
  EXPECT_TRUE(cidr.overlaps(parse_cidr("10.0.0.0/8").value()));
  EXPECT_TRUE(parse_cidr("0.0.0.0/0")->contains(cidr));
  for (const char* bad : {"10.0.0.0", "10.0.0.0/33", "10.0.0/8", "a/8", "10.0.0.0/", "10.0.0.0/8 "}) {
    EXPECT_FALSE(parse_cidr(bad)) << bad;
  }
  EXPECT_EQ(normalize_ipv6_cidr("2001:DB8::1/32"), "2001:db8::/32");
  EXPECT_FALSE(normalize_ipv6_cidr("2001:db8::/129"));
}

TEST(Zones, NamesOfPlacesAndHosts) {
  const RegionName virginia("us-east-1");
  const RegionName sydney("ap-southeast-2");
  EXPECT_EQ(zones_of(virginia)[1].id, "use1-az2");
  EXPECT_EQ(zones_of(sydney)[0].id, "apse2-az1");
  EXPECT_EQ(zones_of(RegionName("us-gov-west-1"))[0].id, "usgw1-az1");
  EXPECT_EQ(private_name(virginia, "10.0.0.5"), "ip-10-0-0-5.ec2.internal");
  EXPECT_EQ(private_name(sydney, "10.0.0.5"), "ip-10-0-0-5.ap-southeast-2.compute.internal");
  EXPECT_EQ(public_name(virginia, "198.18.0.5"), "ec2-198-18-0-5.compute-1.amazonaws.com");
}

TEST(Tags, AreChecked) {
  EXPECT_TRUE(check_tags({{.key = "a", .value = "b"}, {.key = "A"}}).has_value());
  EXPECT_FALSE(check_tags({{.key = "a"}, {.key = "a"}}).has_value());
  EXPECT_FALSE(check_tags({{.key = "aws:a"}}).has_value());
  EXPECT_FALSE(check_tags({{.key = std::string(128, 'k')}}).has_value());
  EXPECT_FALSE(check_tags(std::vector<Tag>(51, {.key = ""})).has_value());
}

TEST(SshKeys, WhatIsMadeIsAlsoRead) {
  for (const auto& made : {make_rsa_key(), make_ed25519_key()}) {
    ASSERT_TRUE(made);
    const auto parsed = parse_public_key(made->public_key.line + " somebody@somewhere\n");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->type, made->public_key.type);
    EXPECT_EQ(parsed->line, made->public_key.line);
  }
  for (const char* bad : {"", "ssh-rsa", "ssh-rsa AAAA", "ssh-dss AAAAB3NzaC1kc3M=", "ssh-rsa !!!!"}) {
    EXPECT_FALSE(parse_public_key(bad)) << bad;
  }
}

}  // namespace
}  // namespace aerolith::ec2
