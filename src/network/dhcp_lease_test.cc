// What a virtual machine gets: a real exchange through its tap.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>
#include <optional>

#include "network/fabric_test_fixture.h"
#include "network/names.h"
#include "network/test_tap.h"

namespace aerolith::network {
namespace {

constexpr std::array<uint8_t, 6> kMac = {2, 0, 0, 0, 0, 1};

// RFC 2131.
struct Bootp {
  uint8_t operation, hardware_type, hardware_length, hops;
  uint32_t transaction;
  uint16_t seconds, flags;
  uint32_t client, yours, server, relay;
  std::array<uint8_t, 16> hardware;
  std::array<uint8_t, 192> names;
  uint32_t cookie;
};
struct Frame {
  ethhdr ethernet;
  iphdr ip;
  udphdr udp;
  Bootp bootp;
  std::array<uint8_t, 64> options;
} __attribute__((packed));

uint16_t ip_checksum(const iphdr& header) {
  std::array<uint16_t, sizeof(iphdr) / 2> words;
  std::memcpy(words.data(), &header, sizeof header);
  uint32_t sum = 0;
  for (const uint16_t word : words) sum += word;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

Frame make_discover() {
  Frame frame{};
  std::memset(frame.ethernet.h_dest, 0xff, ETH_ALEN);
  std::memcpy(frame.ethernet.h_source, kMac.data(), kMac.size());
  frame.ethernet.h_proto = htons(ETH_P_IP);
  frame.ip.version = 4;
  frame.ip.ihl = 5;
  frame.ip.ttl = 64;
  frame.ip.protocol = IPPROTO_UDP;
  frame.ip.tot_len = htons(sizeof frame - sizeof frame.ethernet);
  frame.ip.daddr = 0xffffffff;
  iphdr header = frame.ip;
  frame.ip.check = ip_checksum(header);
  frame.udp.source = htons(68);
  frame.udp.dest = htons(67);
  frame.udp.len = htons(sizeof frame - sizeof frame.ethernet - sizeof frame.ip);
  frame.bootp.operation = 1;
  frame.bootp.hardware_type = 1;
  frame.bootp.hardware_length = 6;
  frame.bootp.transaction = 0x12345678;
  std::memcpy(frame.bootp.hardware.data(), kMac.data(), kMac.size());
  frame.bootp.cookie = htonl(0x63825363);
  // DISCOVER; asks for mask, router, name servers, name, domain, MTU, routes.
  frame.options = {53, 1, 1, 55, 7, 1, 3, 6, 12, 15, 26, 121, 255};
  return frame;
}

struct Offer {
  std::string address;
  std::map<int, std::string> options;
};

std::optional<Offer> read_offer(int tap) {
  for (int i = 0; i < 100; ++i) {
    pollfd waited{tap, POLLIN, 0};
    if (::poll(&waited, 1, 100) <= 0) continue;
    std::array<uint8_t, 2048> buffer{};
    const ssize_t n = ::read(tap, buffer.data(), buffer.size());
    constexpr ssize_t kHead = sizeof(Frame) - sizeof(Frame::options);
    Frame frame{};
    if (n < kHead) continue;
    std::memcpy(&frame, buffer.data(), kHead);
    if (frame.ip.protocol != IPPROTO_UDP || frame.udp.dest != htons(68)) continue;
    Offer offer;
    std::array<char, INET_ADDRSTRLEN> text{};
    const uint32_t yours = frame.bootp.yours;
    ::inet_ntop(AF_INET, &yours, text.data(), text.size());
    offer.address = text.data();
    for (ssize_t at = kHead; at + 1 < n && buffer[static_cast<size_t>(at)] != 255;) {
      const auto kind = buffer[static_cast<size_t>(at)];
      const auto size = buffer[static_cast<size_t>(at) + 1];
      offer.options[kind] = std::string(reinterpret_cast<const char*>(&buffer[static_cast<size_t>(at) + 2]), size);
      at += 2 + size;
    }
    return offer;
  }
  return std::nullopt;
}

using DhcpLeaseTest = FabricFixture;

TEST_F(DhcpLeaseTest, AMachineLearnsItsAddressAndItsWays) {
  if (!can_have_taps()) GTEST_SKIP() << "no dnsmasq or tun";
  Interface& interface = add_interface(vpc, "one", "10.0.1.10");
  interface.port = PortKind::tap;
  interface.mac = "02:00:00:00:00:01";
  apply();
  const int tap = open_tap(path_of_namespace(namespace_of(settings, vpc.id)), tap_of(settings, "eni-one"));
  ASSERT_GE(tap, 0);
  const Frame discover = make_discover();
  std::optional<Offer> offer;
  for (int i = 0; i < 3 && !offer; ++i) {
    ASSERT_EQ(::write(tap, &discover, sizeof discover), static_cast<ssize_t>(sizeof discover));
    offer = read_offer(tap);
  }
  ::close(tap);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->address, "10.0.1.10");
  EXPECT_EQ(offer->options[1], std::string("\xff\xff\xff\0", 4));
  EXPECT_EQ(offer->options[3], std::string("\x0a\0\x01\x01", 4));
  EXPECT_EQ(offer->options[6], std::string("\x0a\0\0\x02", 4));
  EXPECT_EQ(offer->options[12], "ip-10-0-1-10");
  EXPECT_EQ(offer->options[15], "ec2.internal");
  EXPECT_EQ(offer->options[26], std::string("\x23\x29", 2));
  // 169.254.169.254/32 and everything else, by way of the router.
  EXPECT_EQ(offer->options[121], std::string("\x20\xa9\xfe\xa9\xfe\x0a\0\x01\x01\0\x0a\0\x01\x01", 14));
}

}  // namespace
}  // namespace aerolith::network
