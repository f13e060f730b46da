// Messages of vhost-user, as both sides send them (QEMU's docs/interop/vhost-user.rst).
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace prototype {

enum Request : uint32_t {
  kGetFeatures = 1,
  kSetFeatures = 2,
  kSetOwner = 3,
  kSetMemoryTable = 5,
  kSetVringSize = 8,
  kSetVringAddresses = 9,
  kSetVringBase = 10,
  kGetVringBase = 11,
  kSetVringKick = 12,
  kSetVringCall = 13,
  kGetProtocolFeatures = 15,
  kSetProtocolFeatures = 16,
  kGetQueueCount = 17,
  kSetVringEnable = 18,
  kGetConfig = 24,
};
constexpr uint32_t kVersion = 1, kReply = 1 << 2, kNeedsReply = 1 << 3;
constexpr int kProtocolFeatures = 30;                                               // bit of the features
constexpr int kProtocolManyQueues = 0, kProtocolReplyAck = 3, kProtocolConfig = 9;  // bits of the protocol's
constexpr size_t kMostRegions = 8, kMostFiles = 8, kConfigBytes = 256;

struct MemoryRegion {
  uint64_t guest, size, user, file_offset;
};
struct MemoryTable {
  uint32_t count, padding;
  MemoryRegion regions[kMostRegions];
};
struct VringAddresses {
  uint32_t index, flags;
  uint64_t descriptors, used, available, log;
};
struct Vring {
  uint32_t index, value;
};
struct Config {
  uint32_t offset, size, flags;
  char bytes[kConfigBytes];
};

struct Message {
  uint32_t request, flags, size;
  union __attribute__((packed)) {
    uint64_t number;
    Vring vring;
    VringAddresses addresses;
    MemoryTable memory;
    Config config;
  };
} __attribute__((packed));
constexpr size_t kHeadBytes = 12;

inline bool has_answer(uint32_t request) {
  return request == kGetFeatures || request == kGetProtocolFeatures || request == kGetQueueCount ||
         request == kGetVringBase || request == kGetConfig;
}

inline bool send(int connection, const Message& message, const std::vector<int>& files) {
  iovec piece{const_cast<Message*>(&message), kHeadBytes + message.size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMostFiles)]{};
  msghdr head{};
  head.msg_iov = &piece;
  head.msg_iovlen = 1;
  if (!files.empty()) {
    head.msg_control = control;
    head.msg_controllen = CMSG_SPACE(sizeof(int) * files.size());
    cmsghdr* rights = CMSG_FIRSTHDR(&head);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * files.size());
    std::memcpy(CMSG_DATA(rights), files.data(), sizeof(int) * files.size());
  }
  return ::sendmsg(connection, &head, MSG_NOSIGNAL) == static_cast<ssize_t>(piece.iov_len);
}

// False at the end of the connection.
inline bool receive(int connection, Message& message, std::vector<int>& files) {
  iovec piece{&message, kHeadBytes};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMostFiles)]{};
  msghdr head{};
  head.msg_iov = &piece;
  head.msg_iovlen = 1;
  head.msg_control = control;
  head.msg_controllen = sizeof control;
  if (::recvmsg(connection, &head, MSG_WAITALL | MSG_CMSG_CLOEXEC) != static_cast<ssize_t>(kHeadBytes)) return false;
  for (cmsghdr* each = CMSG_FIRSTHDR(&head); each != nullptr; each = CMSG_NXTHDR(&head, each)) {
    if (each->cmsg_type != SCM_RIGHTS) continue;
    files.resize((each->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(files.data(), CMSG_DATA(each), sizeof(int) * files.size());
  }
  if (message.size > sizeof(Message) - kHeadBytes) return false;
  return message.size == 0 || ::recv(connection, reinterpret_cast<char*>(&message) + kHeadBytes, message.size,
                                     MSG_WAITALL) == static_cast<ssize_t>(message.size);
}

}  // namespace prototype
