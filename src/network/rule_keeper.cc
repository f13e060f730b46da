#include "network/rule_keeper.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>

#include "network/host.h"

namespace aerolith::network {

namespace {

struct Question {
  nlmsghdr head;
  nfgenmsg body;
};

// The value of one attribute of a netlink message that begins with `fixed` bytes after its head.
std::optional<uint32_t> find_number(const char* bytes, size_t size, size_t fixed, uint16_t wanted) {
  size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);
  while (at + NLA_HDRLEN <= size) {
    nlattr attribute{};
    std::memcpy(&attribute, bytes + at, sizeof attribute);
    if (attribute.nla_len < NLA_HDRLEN || at + attribute.nla_len > size) return std::nullopt;
    if ((attribute.nla_type & NLA_TYPE_MASK) == wanted && attribute.nla_len >= NLA_HDRLEN + sizeof(uint32_t)) {
      uint32_t value = 0;
      std::memcpy(&value, bytes + at + NLA_HDRLEN, sizeof value);
      return ntohl(value);
    }
    at += NLA_ALIGN(attribute.nla_len);
  }
  return std::nullopt;
}

// Nullopt where the kernel won't say: rules are written anew then.
std::optional<uint32_t> read_generation() {
  const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  if (descriptor < 0) return std::nullopt;
  Question question{};
  question.head.nlmsg_len = sizeof question;
  question.head.nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN;
  question.head.nlmsg_flags = NLM_F_REQUEST;
  std::array<char, 4096> answer{};
  ssize_t n = ::send(descriptor, &question, sizeof question, 0);
  if (n == sizeof question) n = ::recv(descriptor, answer.data(), answer.size(), 0);
  ::close(descriptor);
  if (n < static_cast<ssize_t>(sizeof question)) return std::nullopt;
  nlmsghdr head{};
  std::memcpy(&head, answer.data(), sizeof head);
  if (head.nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWGEN)) return std::nullopt;
  return find_number(answer.data(), static_cast<size_t>(n), sizeof(nfgenmsg), NFTA_GEN_ID);
}

}  // namespace

Result<> RuleKeeper::keep(const std::string& path, const std::string& text) {
  const ino_t identity = TRY(identity_of_namespace(path));
  return inside(path, [&] { return keep_here(identity, text); });
}

Result<> RuleKeeper::keep_here(ino_t identity, const std::string& text) {
  const auto before = read_generation();
  {
    const std::lock_guard lock(mutex_);
    const auto kept = kept_.find(identity);
    if (before && kept != kept_.end() && kept->second.generation == *before && kept->second.text == text) return {};
    kept_.erase(identity);
  }
  TRY(run_nft(text));
  const auto after = read_generation();
  // Somebody else's transaction in between would pass for ours.
  if (before && after && *after == *before + 1) {
    const std::lock_guard lock(mutex_);
    kept_[identity] = {*after, text};
  }
  return {};
}

void RuleKeeper::forget(ino_t identity) {
  const std::lock_guard lock(mutex_);
  kept_.erase(identity);
}

}  // namespace aerolith::network
