#include "network/dhcp.h"

#include <gtest/gtest.h>

namespace aerolith::network {
namespace {

Vpc make_vpc() {
  Vpc vpc{.id = "vpc-1", .cidrs = {"10.0.0.0/16"}};
  vpc.dhcp = {.domain_name = "ec2.internal", .domain_name_servers = {"AmazonProvidedDNS", "192.0.2.53"}};
  vpc.subnets = {{.id = "subnet-a", .cidr = "10.0.16.0/20"}};
  vpc.interfaces = {{.id = "eni-1",
                     .subnet = "subnet-a",
                     .mac = "02:00:00:00:00:01",
                     .private_addresses = {"10.0.16.5", "10.0.16.6"},
                     .port = PortKind::tap}};
  return vpc;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Dhcp, SettingsOfAVpc) {
  const FabricSettings settings{.installation = "test", .run_folder = "/run/test"};
  const std::string text = make_dhcp_settings(settings, make_vpc());
  EXPECT_TRUE(has_line(text, "port=0"));
  EXPECT_TRUE(has_line(text, "dhcp-range=set:subnet_a,10.0.16.0,static,255.255.240.0,1h"));
  EXPECT_TRUE(has_line(text, "dhcp-option=tag:subnet_a,option:router,10.0.16.1"));
  EXPECT_TRUE(has_line(text, "dhcp-option=tag:subnet_a,121,169.254.169.254/32,10.0.16.1,0.0.0.0/0,10.0.16.1"));
  EXPECT_TRUE(has_line(text, "dhcp-host=02:00:00:00:00:01,10.0.16.5,ip-10-0-16-5"));
  EXPECT_TRUE(has_line(text, "dhcp-option=option:dns-server,10.0.0.2,192.0.2.53"));
  EXPECT_TRUE(has_line(text, "dhcp-option=option:domain-name,ec2.internal"));
  EXPECT_TRUE(has_line(text, "pid-file=/run/test/vpc-1.dhcp.pid"));
}

TEST(Dhcp, NobodyToServeNoSettings) {
  Vpc vpc = make_vpc();
  vpc.interfaces[0].port = PortKind::veth;
  EXPECT_EQ(make_dhcp_settings({}, vpc), "");
}

// These come from an API's caller: a line of theirs would be a setting of ours.
TEST(Dhcp, OptionsAreSingleWords) {
  Vpc vpc = make_vpc();
  vpc.dhcp.domain_name = "a\ndhcp-script=/bin/sh";
  vpc.dhcp.domain_name_servers = {"1.2.3.4\nuser=root"};
  vpc.dhcp.ntp_servers = {"192.0.2.1", "x\ny"};
  const std::string text = make_dhcp_settings({}, vpc);
  EXPECT_EQ(text.find("dhcp-script"), std::string::npos);
  EXPECT_EQ(text.find("user=root"), std::string::npos);
  EXPECT_TRUE(has_line(text, "dhcp-option=option:dns-server"));
  EXPECT_TRUE(has_line(text, "dhcp-option=option:ntp-server,192.0.2.1"));
}

}  // namespace
}  // namespace aerolith::network
