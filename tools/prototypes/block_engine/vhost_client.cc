// The other side of vhost_user.cc: one queue of a device that another program serves.
#define VIRTIO_RING_NO_LEGACY
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <utility>

#include "front_ends.h"
#include "vhost_user_messages.h"

namespace prototype {

namespace {

constexpr unsigned kQueueSize = 128;
constexpr unsigned kSlots = kQueueSize / 3;  // head, data, status
constexpr size_t kMemory = size_t{256} << 20;
constexpr size_t kAvailableAt = 4096, kUsedAt = 8192, kHeadersAt = 16384, kDataAt = 1 << 20;
constexpr uint32_t kConfigWanted = 24;               // up to the block size: QEMU refuses more than it knows
constexpr size_t kStatusAt = 32, kHeaderBytes = 64;  // of a slot

class RemoteDisk final : public Disk {
 public:
  RemoteDisk(Ring& ring, const std::string& path) : ring_(ring) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connection_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(connection_, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
      throw std::runtime_error("connect to " + path);
    memory_file_ = ::memfd_create("shared", MFD_CLOEXEC);
    if (::ftruncate(memory_file_, kMemory) < 0) throw std::runtime_error("ftruncate");
    memory_ = static_cast<char*>(::mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_SHARED, memory_file_, 0));
    if (memory_ == MAP_FAILED) throw std::runtime_error("mmap");
    for (unsigned slot = 0; slot < kSlots; ++slot) free_.push_back(slot);
    set_up();
    await_call();
  }
  ~RemoteDisk() override { ::close(connection_); }

  uint64_t size_bytes() const override { return size_bytes_; }
  char* take_memory(size_t bytes) override {
    if (taken_ + bytes > kMemory) throw std::runtime_error("no shared memory left");
    return memory_ + std::exchange(taken_, taken_ + bytes);
  }
  void read(uint64_t offset, const std::vector<iovec>& data, Done done) override {
    ask_for({VIRTIO_BLK_T_IN, offset, data.at(0), std::move(done)});
  }
  void write(uint64_t offset, const std::vector<iovec>& data, Done done) override {
    ask_for({VIRTIO_BLK_T_OUT, offset, data.at(0), std::move(done)});
  }
  void flush(Done done) override { ask_for({VIRTIO_BLK_T_FLUSH, 0, {}, std::move(done)}); }

 private:
  struct Wanted {
    uint32_t type;
    uint64_t offset;
    iovec data;
    Done done;
  };

  void set_up();
  Message ask(Message message, const std::vector<int>& files);
  uint64_t ask(uint32_t request, uint64_t number = 0, const std::vector<int>& files = {});
  void ask_for(Wanted wanted) {
    waiting_.push_back(std::move(wanted));
    put_waiting();
  }
  void put_waiting();
  void await_call() {
    ring_.read(call_, &calls_piece_, 1, 0, [this](int) {
      end_requests();
      await_call();
    });
  }
  void end_requests();

  Ring& ring_;
  int connection_ = -1, memory_file_ = -1, kick_ = -1, call_ = -1;
  uint64_t calls_ = 0, size_bytes_ = 0;
  iovec calls_piece_{&calls_, sizeof calls_};
  char* memory_ = nullptr;
  size_t taken_ = kDataAt;
  vring_desc* descriptors_ = nullptr;
  vring_avail* available_ = nullptr;
  vring_used* used_ = nullptr;
  uint16_t available_next_ = 0, used_next_ = 0;
  std::vector<unsigned> free_;
  Done ends_[kSlots];
  std::deque<Wanted> waiting_;
};

Message RemoteDisk::ask(Message message, const std::vector<int>& files) {
  message.flags = kVersion;
  if (!send(connection_, message, files)) throw std::runtime_error("the device is gone");
  if (!has_answer(message.request)) return message;
  std::vector<int> none;
  Message answer{};
  if (!receive(connection_, answer, none)) throw std::runtime_error("the device is gone");
  return answer;
}

uint64_t RemoteDisk::ask(uint32_t request, uint64_t number, const std::vector<int>& files) {
  Message message{};
  message.request = request;
  message.size = has_answer(request) || request == kSetOwner ? 0 : 8;
  message.number = number;
  return ask(message, files).number;
}

void RemoteDisk::set_up() {
  const uint64_t offered = ask(kGetFeatures);
  const uint64_t wanted = 1ULL << VIRTIO_F_VERSION_1 | 1ULL << kProtocolFeatures | 1ULL << VIRTIO_BLK_F_FLUSH;
  if ((offered & wanted) != wanted) throw std::runtime_error("the device lacks a feature");
  ask(kSetProtocolFeatures, ask(kGetProtocolFeatures) & (1ULL << kProtocolConfig));
  ask(kSetOwner);
  ask(kSetFeatures, wanted);
  virtio_blk_config config{};
  Message question{};
  question.request = kGetConfig;
  question.config.size = kConfigWanted;
  question.size = 12 + kConfigWanted;
  const Message answer = ask(question, {});
  std::memcpy(&config, answer.config.bytes, kConfigWanted);
  size_bytes_ = config.capacity * 512;
  Message table{};
  table.request = kSetMemoryTable;
  table.memory.count = 1;
  table.memory.regions[0] = {0, kMemory, reinterpret_cast<uint64_t>(memory_), 0};
  table.size = 8 + sizeof(MemoryRegion);
  ask(table, {memory_file_});
  ask(kSetVringSize, uint64_t{kQueueSize} << 32);
  ask(kSetVringBase);
  const auto base = reinterpret_cast<uint64_t>(memory_);
  Message addresses{};
  addresses.request = kSetVringAddresses;
  addresses.size = sizeof(VringAddresses);
  addresses.addresses = {0, 0, base, base + kUsedAt, base + kAvailableAt, 0};
  ask(addresses, {});
  kick_ = ::eventfd(0, EFD_CLOEXEC);
  call_ = ::eventfd(0, EFD_CLOEXEC);
  ask(kSetVringCall, 0, {call_});
  ask(kSetVringKick, 0, {kick_});
  ask(kSetVringEnable, uint64_t{1} << 32);
  descriptors_ = reinterpret_cast<vring_desc*>(memory_);
  available_ = reinterpret_cast<vring_avail*>(memory_ + kAvailableAt);
  used_ = reinterpret_cast<vring_used*>(memory_ + kUsedAt);
}

void RemoteDisk::put_waiting() {
  bool is_new = false;
  for (; !waiting_.empty() && !free_.empty(); waiting_.pop_front(), is_new = true) {
    Wanted& wanted = waiting_.front();
    const unsigned slot = free_.back();
    free_.pop_back();
    ends_[slot] = std::move(wanted.done);
    const size_t header_at = kHeadersAt + slot * kHeaderBytes;
    const virtio_blk_outhdr header{wanted.type, 0, wanted.offset / 512};
    std::memcpy(memory_ + header_at, &header, sizeof header);
    const auto first = static_cast<uint16_t>(slot * 3), data = static_cast<uint16_t>(first + 1);
    const auto last = static_cast<uint16_t>(first + 2);
    const bool has_data = wanted.type != VIRTIO_BLK_T_FLUSH;
    const auto flags =
        static_cast<uint16_t>(VRING_DESC_F_NEXT | (wanted.type == VIRTIO_BLK_T_IN ? VRING_DESC_F_WRITE : 0));
    descriptors_[first] = {header_at, sizeof header, VRING_DESC_F_NEXT, has_data ? data : last};
    descriptors_[last] = {header_at + kStatusAt, 1, VRING_DESC_F_WRITE, 0};
    if (has_data) {
      const auto at = static_cast<uint64_t>(static_cast<char*>(wanted.data.iov_base) - memory_);
      descriptors_[data] = {at, static_cast<uint32_t>(wanted.data.iov_len), flags, last};
    }
    available_->ring[available_next_ % kQueueSize] = first;
    std::atomic_ref(available_->idx).store(++available_next_, std::memory_order_release);
  }
  if (!is_new) return;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if ((std::atomic_ref(used_->flags).load() & VRING_USED_F_NO_NOTIFY) != 0) return;
  const uint64_t one = 1;
  (void)!::write(kick_, &one, sizeof one);
}

void RemoteDisk::end_requests() {
  for (; used_next_ != std::atomic_ref(used_->idx).load(std::memory_order_acquire); ++used_next_) {
    const unsigned slot = used_->ring[used_next_ % kQueueSize].id / 3;
    const bool is_well = memory_[kHeadersAt + slot * kHeaderBytes + kStatusAt] == VIRTIO_BLK_S_OK;
    const Done done = std::move(ends_[slot]);
    free_.push_back(slot);
    done(is_well ? 0 : -EIO);
  }
  put_waiting();
}

}  // namespace

std::unique_ptr<Disk> connect_vhost_user(Ring& ring, const std::string& socket_path) {
  return std::make_unique<RemoteDisk>(ring, socket_path);
}

}  // namespace prototype
