#include "network/missing.h"

#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "os/program.h"

namespace aerolith::network {

namespace {

struct Need {
  const char* program;
  const char* package;
  const char* what_for;
};
constexpr Need kBasicNeeds[] = {{"ip", "iproute2", "networks need ip(8)"}, {"nft", "nftables", "networks need nft(8)"}};
constexpr Need kDhcpNeed = {"dnsmasq", "dnsmasq-base", "addresses of virtual machines need dnsmasq"};

// In a namespace of its own, which goes with the thread.
std::string try_namespace() {
  std::string sentence;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) {
      sentence = std::string("networks need network namespaces (") + std::strerror(errno) +
                 "): in a container, start it with --privileged or with CAP_SYS_ADMIN and CAP_NET_ADMIN";
      return;
    }
    const auto listed = os::run_checked({.arguments = {"nft", "add", "table", "inet", "aerolith"}});
    if (!listed) sentence = "networks need nf_tables in the kernel (modprobe nf_tables): " + listed.error().detail;
  }).join();
  return sentence;
}

std::string sentence_for(const Need& need) { return std::string(need.what_for) + ": apt-get install " + need.package; }

}  // namespace

std::vector<std::string> find_missing_basics() {
  if (::geteuid() != 0) return {"networks need root: start with sudo"};
  std::vector<std::string> missing;
  for (const Need& need : kBasicNeeds) {
    if (os::find_program(need.program).empty()) missing.push_back(sentence_for(need));
  }
  if (!missing.empty()) return missing;
  if (std::string sentence = try_namespace(); !sentence.empty()) missing.push_back(std::move(sentence));
  return missing;
}

std::vector<std::string> find_missing(const FabricSettings&) {
  std::vector<std::string> missing = find_missing_basics();
  if (os::find_program(kDhcpNeed.program).empty()) missing.push_back(sentence_for(kDhcpNeed));
  if (::access("/dev/net/tun", F_OK) != 0) missing.emplace_back("virtual machines need /dev/net/tun: modprobe tun");
  return missing;
}

}  // namespace aerolith::network
