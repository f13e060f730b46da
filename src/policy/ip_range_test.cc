#include "policy/ip_range.h"

#include <gtest/gtest.h>

namespace aerolith::policy {
namespace {

bool contains(std::string_view range, std::string_view address) {
  const auto parsed = parse_ip_range(range);
  const auto one = parse_ip_address(address);
  return parsed && one && parsed->contains(*one);
}

TEST(IpRange, EveryAddress) {
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.7"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(contains("::/0", "203.0.113.7"));
}

TEST(IpRange, Ipv4WithinIpv6IsIpv4) {
  EXPECT_TRUE(contains("203.0.113.0/24", "::ffff:203.0.113.7"));
  EXPECT_FALSE(contains("203.0.113.0/24", "::ffff:203.0.114.7"));
}

TEST(IpRange, HostBitsOfTheRangeDoNotCount) {
  EXPECT_TRUE(contains("203.0.113.77/24", "203.0.113.1"));
  EXPECT_TRUE(contains("2001:db8::ff/126", "2001:db8::fc"));
  EXPECT_FALSE(contains("2001:db8::ff/126", "2001:db8::fb"));
}

TEST(IpRange, WhatIsNoRange) {
  for (const char* text : {"", "203.0.113", "203.0.113.0/33", "203.0.113.0/", "203.0.113.0/-1", "203.0.113.0/2x",
                           "::/129", "a", "203.0.113.0/24/1", "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19"}) {
    EXPECT_FALSE(parse_ip_range(text)) << text;
  }
}

}  // namespace
}  // namespace aerolith::policy
