// The protocol of linux/fuse.h, without a library: one file, which is the root of its file system, as QEMU's export is.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "front_ends.h"

namespace prototype {

namespace {

constexpr size_t kMostBytes = size_t{1} << 20;
constexpr unsigned kInFlight = 128;
constexpr size_t kHeadBytes =
    sizeof(fuse_in_header) + sizeof(fuse_write_in);  // what stands before the bytes of a write

// Each request has one of its own until it is answered: the next one overwrites nothing.
struct Buffer {
  alignas(8) char head[kHeadBytes];
  char* data;

  template <typename Input>
  const Input& input() const {
    return *reinterpret_cast<const Input*>(head + sizeof(fuse_in_header));
  }
};

class File {
 public:
  File(Ring& ring, Disk& disk, int device) : ring_(ring), disk_(disk), device_(device) {}
  void run() {
    await_request();
    while (is_mounted_ || in_flight_ > 0) ring_.turn();
  }

 private:
  void await_request() {
    ring_.readable(device_, [this](int) {
      while (take_request()) {
      }
      if (is_mounted_) await_request();
    });
  }

  Buffer* take_buffer() {
    if (free_.empty()) return new Buffer{{}, disk_.take_memory(kMostBytes)};
    Buffer* buffer = free_.back();
    free_.pop_back();
    return buffer;
  }

  bool take_request();
  void handle(Buffer* buffer);
  void reply(Buffer* buffer, int error, const void* output = nullptr, size_t size = 0) {
    fuse_out_header head{};
    head.len = static_cast<uint32_t>(sizeof head + size);
    head.error = error;
    head.unique = header(buffer).unique;
    const iovec pieces[] = {{&head, sizeof head}, {const_cast<void*>(output), size}};
    (void)!::writev(device_, pieces, size > 0 ? 2 : 1);
    free_.push_back(buffer);
  }
  static const fuse_in_header& header(const Buffer* buffer) {
    return *reinterpret_cast<const fuse_in_header*>(buffer->head);
  }
  fuse_attr_out attributes() const {
    fuse_attr_out told{};
    told.attr_valid = 1;
    told.attr.ino = FUSE_ROOT_ID;
    told.attr.size = disk_.size_bytes();
    told.attr.blocks = disk_.size_bytes() / 512;
    told.attr.mode = S_IFREG | 0600;
    told.attr.nlink = 1;
    told.attr.blksize = kBlock;
    return told;
  }

  Ring& ring_;
  Disk& disk_;
  const int device_;
  bool is_mounted_ = true;
  size_t in_flight_ = 0;
  std::vector<Buffer*> free_;
};

bool File::take_request() {
  Buffer* buffer = take_buffer();
  const iovec pieces[] = {{buffer->head, kHeadBytes}, {buffer->data, kMostBytes}};
  const ssize_t got = ::readv(device_, pieces, 2);
  if (got <= 0) {
    free_.push_back(buffer);
    if (errno == ENODEV) is_mounted_ = false;
    return errno == EINTR || errno == ENOENT;
  }
  handle(buffer);
  return true;
}

void File::handle(Buffer* buffer) {
  switch (header(buffer).opcode) {
    case FUSE_INIT: {
      fuse_init_out told{};
      told.major = FUSE_KERNEL_VERSION;
      told.minor = FUSE_KERNEL_MINOR_VERSION;
      told.max_readahead = kMostBytes;
      told.flags = FUSE_ASYNC_READ | FUSE_ASYNC_DIO | FUSE_BIG_WRITES | FUSE_MAX_PAGES;
      told.max_background = kInFlight;
      told.congestion_threshold = kInFlight;
      told.max_write = kMostBytes;
      told.max_pages = kMostBytes / 4096;
      return reply(buffer, 0, &told, sizeof told);
    }
    case FUSE_GETATTR:
    case FUSE_SETATTR: {
      const fuse_attr_out told = attributes();
      return reply(buffer, 0, &told, sizeof told);
    }
    case FUSE_OPEN: {
      fuse_open_out told{};
      told.open_flags = FOPEN_KEEP_CACHE;
      return reply(buffer, 0, &told, sizeof told);
    }
    case FUSE_READ: {
      const auto& input = buffer->input<fuse_read_in>();
      ++in_flight_;
      return disk_.read(input.offset, {{buffer->data, input.size}}, [this, buffer, size = input.size](int result) {
        --in_flight_;
        reply(buffer, result, buffer->data, result == 0 ? size : 0);
      });
    }
    case FUSE_WRITE: {
      const auto& input = buffer->input<fuse_write_in>();
      ++in_flight_;
      return disk_.write(input.offset, {{buffer->data, input.size}}, [this, buffer, size = input.size](int result) {
        --in_flight_;
        const fuse_write_out told{.size = size, .padding = 0};
        reply(buffer, result, &told, result == 0 ? sizeof told : 0);
      });
    }
    case FUSE_FSYNC:
      ++in_flight_;
      return disk_.flush([this, buffer](int result) {
        --in_flight_;
        reply(buffer, result);
      });
    case FUSE_STATFS: {
      const fuse_statfs_out told{};
      return reply(buffer, 0, &told, sizeof told);
    }
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_DESTROY:
      return reply(buffer, 0);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      free_.push_back(buffer);
      return;
    default:
      return reply(buffer, -ENOSYS);
  }
}

}  // namespace

void serve_fuse(Ring& ring, Disk& disk, const std::string& file) {
  const int device = ::open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) throw std::runtime_error("open /dev/fuse");
  const std::string options = fmt::format("fd={},rootmode=100600,user_id={},group_id={},max_read={}", device,
                                          ::getuid(), ::getgid(), kMostBytes);
  if (::mount("engine", file.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) < 0)
    throw std::runtime_error("mount over " + file);
  File(ring, disk, device).run();
  ::close(device);
}

}  // namespace prototype
