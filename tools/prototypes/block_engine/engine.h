// A prototype, not part of the product (ADR 19): a volume as extents in one large file. What an engine of our own could
// do is measured with it. One thread; nothing here may be called from a second one.
#pragma once

#include <liburing.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace prototype {

constexpr uint64_t kBlock = 4096;              // the smallest extent: what is written is a multiple of it
constexpr uint64_t kSlot = uint64_t{1} << 20;  // the largest, and what room is given out in
constexpr size_t kBlocksOfSlot = kSlot / kBlock;

// Answers of the kernel: bytes, or a negative errno.
using Done = std::function<void(int)>;

class Ring {
 public:
  explicit Ring(unsigned entries);
  ~Ring() { io_uring_queue_exit(&ring_); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  void read(int file, const iovec* pieces, unsigned count, uint64_t offset, Done done);
  void write(int file, const iovec* pieces, unsigned count, uint64_t offset, Done done);
  void sync(int file, Done done);
  // Once.
  void readable(int file, Done done);
  // Hands in what waits, sleeps until something is done, and calls what waits for it.
  void turn();

 private:
  io_uring_sqe* next(Done done);
  io_uring ring_{};
};

// What front ends serve.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual uint64_t size_bytes() const = 0;
  // For as long as the disk lives, aligned to pages: where data of requests may lie.
  virtual char* take_memory(size_t bytes) = 0;
  // `data` must live until `done`; offset and length are multiples of kBlock, else -EINVAL. `done` gets 0 or a
  // negative errno.
  virtual void read(uint64_t offset, const std::vector<iovec>& data, Done done) = 0;
  virtual void write(uint64_t offset, const std::vector<iovec>& data, Done done) = 0;
  virtual void flush(Done done) = 0;
};

// Durable are: what was written before a flush began that has ended well. A block is old or new, never a mixture with
// what lay in the file before: the map of a flush is written after the bytes are synced.
class Volume final : public Disk {
 public:
  // `folder`/data and `folder`/journal, made where they aren't there; `base`: a raw file behind it, or empty.
  Volume(Ring& ring, const std::string& folder, const std::string& base, uint64_t size_bytes);

  uint64_t size_bytes() const override { return size_bytes_; }
  char* take_memory(size_t bytes) override;
  void read(uint64_t offset, const std::vector<iovec>& data, Done done) override;
  void write(uint64_t offset, const std::vector<iovec>& data, Done done) override;
  void flush(Done done) override;

 private:
  struct Extents {
    uint64_t slot = 0;  // of the data file
    std::array<uint64_t, kBlocksOfSlot / 64> present{};

    bool has(size_t block) const { return (present[block / 64] >> (block % 64) & 1) != 0; }
    void add(size_t block) { present[block / 64] |= uint64_t{1} << (block % 64); }
  };
  struct Record {  // of the journal: an entry of the map, as it is from then on
    uint64_t magic, region, slot;
    std::array<uint64_t, kBlocksOfSlot / 64> present;
    uint64_t checksum;
  };
  struct Request;

  static uint64_t checksum_of(const Record& record);
  bool fits(uint64_t offset, uint64_t length) const;
  void replay();
  Extents& take_slot(uint64_t region);
  void start(Request* request, bool is_write);
  void begin_flush();
  void write_journal();
  void end_flush(int result);

  Ring& ring_;
  uint64_t size_bytes_;
  int data_ = -1, journal_ = -1, base_ = -1;
  uint64_t slots_ = 0, slots_with_room_ = 0, journal_end_ = 0;
  std::unordered_map<uint64_t, Extents> map_;  // by the MiB of the volume
  std::unordered_set<uint64_t> changed_;       // of the map, not in the journal yet
  std::vector<Record> records_;                // of the flush that is on its way
  iovec records_piece_{};
  std::vector<Done> flushing_, waiting_;
};

}  // namespace prototype
