#include "network/arp_probe.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "network/check.h"
#include "network/names.h"

namespace aerolith::network {
namespace {

class Socket {
 public:
  Socket() : descriptor_(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ARP))) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int operator*() const { return descriptor_; }

 private:
  int descriptor_;
};

// Who is asked, by what leads there.
using Asked = std::map<std::pair<int, in_addr_t>, size_t>;

// Of the device with this index; zeros where it has gone.
std::array<uint8_t, ETH_ALEN> address_of(int socket, const std::string& device) {
  std::array<uint8_t, ETH_ALEN> mac{};
  ifreq request{};
  device.copy(request.ifr_name, sizeof request.ifr_name - 1);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-union-access,cppcoreguidelines-pro-type-vararg)
  if (::ioctl(socket, SIOCGIFHWADDR, &request) == 0) std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
  return mac;
}

void ask(int socket, const Probe& probe, const std::string& device, int index) {
  ether_arp packet{};
  packet.arp_hrd = htons(ARPHRD_ETHER);
  packet.arp_pro = htons(ETH_P_IP);
  packet.arp_hln = ETH_ALEN;
  packet.arp_pln = 4;
  packet.arp_op = htons(ARPOP_REQUEST);
  const auto own = address_of(socket, device);
  std::ranges::copy(own, packet.arp_sha);
  if (::inet_pton(AF_INET, probe.router.c_str(), packet.arp_spa) != 1) return;
  if (::inet_pton(AF_INET, probe.address.c_str(), packet.arp_tpa) != 1) return;
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_ARP);
  to.sll_ifindex = index;
  to.sll_halen = ETH_ALEN;
  std::fill_n(to.sll_addr, ETH_ALEN, uint8_t{0xFF});
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets interface
  (void)::sendto(socket, &packet, sizeof packet, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

// Takes one packet; false where none waits.
bool take(int socket, const Asked& asked, std::vector<bool>& answers) {
  ether_arp packet{};
  sockaddr_ll from{};
  socklen_t size = sizeof from;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets interface
  const ssize_t got = ::recvfrom(socket, &packet, sizeof packet, 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (got < 0) return false;
  if (got < static_cast<ssize_t>(sizeof packet) || ntohs(packet.arp_op) != ARPOP_REPLY) return true;
  in_addr_t sender = 0;
  std::memcpy(&sender, packet.arp_spa, sizeof sender);
  const auto found = asked.find({from.sll_ifindex, sender});
  if (found != asked.end()) answers[found->second] = true;
  return true;
}

}  // namespace

Result<std::vector<bool>> ask_by_arp(std::span<const Probe> probes, std::chrono::milliseconds patience) {
  const Socket socket;
  if (*socket < 0) return failed(fmt::format("socket for ARP: {}", std::strerror(errno)));
  Asked asked;
  std::vector<bool> answers(probes.size());
  for (size_t i = 0; i < probes.size(); ++i) {
    const std::string device = device_of(probes[i].interface);
    const auto index = static_cast<int>(::if_nametoindex(device.c_str()));
    in_addr address{};
    if (index == 0 || ::inet_pton(AF_INET, probes[i].address.c_str(), &address) != 1) continue;
    asked.emplace(std::pair(index, address.s_addr), i);
    ask(*socket, probes[i], device, index);
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto waits = [&] { return std::ranges::count(answers, true) < static_cast<ptrdiff_t>(asked.size()); };
  while (waits()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    pollfd readable{.fd = *socket, .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) break;
    while (take(*socket, asked, answers)) {
    }
  }
  return answers;
}

}  // namespace aerolith::network
