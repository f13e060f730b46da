#include "main/host_resolvers.h"

#include <gtest/gtest.h>

namespace aerolith::main_program {
namespace {

using Resolvers = std::vector<std::string>;

TEST(HostResolvers, NameserverLinesInTheirOrder) {
  EXPECT_EQ(read_resolvers("# nameserver 192.0.2.9\nsearch example.com\nnameserver 192.0.2.1\n"
                           "  nameserver\t2001:db8::1 # second\nnameserver 192.0.2.2"),
            (Resolvers{"192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"}));
}

TEST(HostResolvers, WhatIsNoAddressIsPassedOver) {
  EXPECT_EQ(read_resolvers(""), Resolvers());
  EXPECT_EQ(read_resolvers("nameserver\nnameserver example.com\nnameserver fe80::1%eth0\nnameservers 192.0.2.1\n"),
            Resolvers());
}

}  // namespace
}  // namespace aerolith::main_program
