// QEMU's docs/interop/vhost-user.rst, and virtio 1.2, 5.2 (block device) and 2.7 (split virtqueues): no more of either
// than a client needs that knows what it is told.
#define VIRTIO_RING_NO_LEGACY
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "front_ends.h"
#include "vhost_user_messages.h"

namespace prototype {

namespace {

constexpr size_t kQueues = 1;

struct Region {
  uint64_t guest, size, user;
  char* ours;
};

class Device {
 public:
  Device(Ring& ring, Disk& disk, int connection) : ring_(ring), disk_(disk), connection_(connection) {}
  void run() {
    await_message();
    while (is_open_) ring_.turn();
    while (in_flight_ > 0) ring_.turn();
  }

 private:
  void await_message() {
    ring_.readable(connection_, [this](int) {
      is_open_ = answer_one();
      if (is_open_) await_message();
    });
  }

  bool answer_one();
  uint64_t answer(const Message& asked, const std::vector<int>& files);
  void take_memory(const MemoryTable& table, const std::vector<int>& files);
  char* at_user(uint64_t address) const;
  char* at_guest(uint64_t address, uint64_t length) const;

  void await_kick(int kick) {
    ring_.read(kick, &kicks_piece_, 1, 0, [this, kick](int) {
      if (kick != kick_) return;
      take_requests();
      await_kick(kick);
    });
  }
  void take_requests();
  void take_request(uint16_t head);
  void end_request(uint16_t head, uint8_t* status, int result, uint32_t written);

  Ring& ring_;
  Disk& disk_;
  const int connection_;
  bool is_open_ = true, answers_all_ = false;
  size_t in_flight_ = 0;
  std::vector<Region> memory_;
  unsigned size_ = 0;
  vring_desc* descriptors_ = nullptr;
  vring_avail* available_ = nullptr;
  vring_used* used_ = nullptr;
  uint16_t next_ = 0, used_next_ = 0;
  int kick_ = -1, call_ = -1;
  uint64_t kicks_ = 0;
  iovec kicks_piece_{&kicks_, sizeof kicks_};
};

char* Device::at_user(uint64_t address) const {
  for (const Region& region : memory_) {
    if (address >= region.user && address < region.user + region.size) return region.ours + (address - region.user);
  }
  throw std::runtime_error("an address outside of the client's memory");
}

char* Device::at_guest(uint64_t address, uint64_t length) const {
  for (const Region& region : memory_) {
    if (address >= region.guest && address + length <= region.guest + region.size)
      return region.ours + (address - region.guest);
  }
  throw std::runtime_error("an address outside of the client's memory");
}

void Device::take_memory(const MemoryTable& table, const std::vector<int>& files) {
  for (size_t index = 0; index < table.count && index < files.size(); ++index) {
    const MemoryRegion& told = table.regions[index];
    const size_t bytes = told.size + told.file_offset;
    void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, files[index], 0);
    ::close(files[index]);
    if (mapped == MAP_FAILED) throw std::runtime_error("mmap");
    memory_.push_back({told.guest, told.size, told.user, static_cast<char*>(mapped) + told.file_offset});
  }
}

bool Device::answer_one() {
  Message message{};
  std::vector<int> files;
  if (!receive(connection_, message, files)) return false;
  const bool wants_answer = answers_all_ && (message.flags & kNeedsReply) != 0;
  const uint64_t value = answer(message, files);
  if (has_answer(message.request)) {
    if (message.request != kGetConfig && message.request != kGetVringBase) message.number = value, message.size = 8;
  } else if (wants_answer) {
    message.number = 0, message.size = 8;
  } else {
    return true;
  }
  message.flags = kVersion | kReply;
  return send(connection_, message, {});
}

uint64_t Device::answer(const Message& asked, const std::vector<int>& files) {
  auto& message = const_cast<Message&>(asked);
  switch (asked.request) {
    case kGetFeatures:
      return 1ULL << VIRTIO_F_VERSION_1 | 1ULL << kProtocolFeatures | 1ULL << VIRTIO_BLK_F_FLUSH |
             1ULL << VIRTIO_BLK_F_SEG_MAX | 1ULL << VIRTIO_BLK_F_BLK_SIZE;
    case kGetProtocolFeatures:
      return 1ULL << kProtocolConfig | 1ULL << kProtocolReplyAck | 1ULL << kProtocolManyQueues;
    case kSetProtocolFeatures:
      answers_all_ = (asked.number >> kProtocolReplyAck & 1) != 0;
      return 0;
    case kGetQueueCount:
      return kQueues;
    case kSetMemoryTable:
      take_memory(asked.memory, files);
      return 0;
    case kSetVringSize:
      size_ = asked.vring.value;
      return 0;
    case kSetVringAddresses:
      descriptors_ = reinterpret_cast<vring_desc*>(at_user(asked.addresses.descriptors));
      available_ = reinterpret_cast<vring_avail*>(at_user(asked.addresses.available));
      used_ = reinterpret_cast<vring_used*>(at_user(asked.addresses.used));
      used_next_ = used_->idx;
      return 0;
    case kSetVringBase:
      next_ = static_cast<uint16_t>(asked.vring.value);
      return 0;
    case kGetVringBase:
      kick_ = -1;
      message.vring.value = next_, message.size = 8;
      return 0;
    case kSetVringKick:
      kick_ = files.empty() ? -1 : files[0];
      if (kick_ >= 0) await_kick(kick_);
      return 0;
    case kSetVringCall:
      call_ = files.empty() ? -1 : files[0];
      return 0;
    case kGetConfig: {
      virtio_blk_config config{};
      config.capacity = disk_.size_bytes() / 512;
      config.seg_max = 126;
      config.blk_size = kBlock;
      std::memcpy(message.config.bytes, &config, std::min<size_t>(sizeof config, sizeof message.config.bytes));
      return 0;
    }
    default:
      return 0;
  }
}

void Device::take_requests() {
  while (next_ != std::atomic_ref(available_->idx).load(std::memory_order_acquire)) {
    take_request(available_->ring[next_ % size_]);
    ++next_;
  }
}

void Device::take_request(uint16_t head) {
  virtio_blk_outhdr header{};
  std::vector<iovec> data;
  uint8_t* status = nullptr;
  uint32_t bytes = 0;
  bool is_first = true;
  for (uint16_t index = head;; index = descriptors_[index].next) {
    const vring_desc descriptor = descriptors_[index % size_];
    char* place = at_guest(descriptor.addr, descriptor.len);
    const bool is_last = (descriptor.flags & VRING_DESC_F_NEXT) == 0;
    if (is_first) {
      std::memcpy(&header, place, sizeof header);
    } else if (is_last) {
      status = reinterpret_cast<uint8_t*>(place);
    } else {
      data.push_back({place, descriptor.len});
      bytes += descriptor.len;
    }
    is_first = false;
    if (is_last) break;
  }
  ++in_flight_;
  const uint32_t written = header.type == VIRTIO_BLK_T_IN ? bytes : 0;
  const auto ended = [this, head, status, written](int result) { end_request(head, status, result, written); };
  switch (header.type) {
    case VIRTIO_BLK_T_IN:
      return disk_.read(header.sector * 512, data, ended);
    case VIRTIO_BLK_T_OUT:
      return disk_.write(header.sector * 512, data, ended);
    case VIRTIO_BLK_T_FLUSH:
      return disk_.flush(ended);
    default:
      return ended(-ENOTSUP);
  }
}

void Device::end_request(uint16_t head, uint8_t* status, int result, uint32_t written) {
  *status = result == 0 ? VIRTIO_BLK_S_OK : result == -ENOTSUP ? VIRTIO_BLK_S_UNSUPP : VIRTIO_BLK_S_IOERR;
  used_->ring[used_next_ % size_] = {head, written + 1};
  std::atomic_ref(used_->idx).store(++used_next_, std::memory_order_release);
  --in_flight_;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (call_ >= 0 && (std::atomic_ref(available_->flags).load() & VRING_AVAIL_F_NO_INTERRUPT) == 0) {
    const uint64_t one = 1;
    (void)!::write(call_, &one, sizeof one);
  }
}

}  // namespace

void serve_vhost_user(Ring& ring, Disk& disk, const std::string& socket_path) {
  const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  ::unlink(socket_path.c_str());
  if (::bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 || ::listen(listening, 1) < 0)
    throw std::runtime_error("listen on " + socket_path);
  const int connection = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
  ::close(listening);
  Device(ring, disk, connection).run();
  ::close(connection);
}

}  // namespace prototype
