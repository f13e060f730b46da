#include "engine.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace prototype {

namespace {

constexpr uint64_t kMagic = 0x6165726f65787401;
constexpr uint64_t kSlotsAhead = 256;  // room is taken from the file system that many at once
constexpr uint64_t kJournalAhead = uint64_t{16} << 20;

int open_or_throw(const std::string& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file < 0) throw std::runtime_error("open " + path);
  return file;
}

uint64_t bytes_of(const std::vector<iovec>& data) {
  uint64_t bytes = 0;
  for (const iovec& piece : data) bytes += piece.iov_len;
  return bytes;
}

// The part of `data` from `from` on.
std::vector<iovec> part_of(const std::vector<iovec>& data, uint64_t from, uint64_t length) {
  std::vector<iovec> part;
  for (const iovec& piece : data) {
    if (from >= piece.iov_len) {
      from -= piece.iov_len;
      continue;
    }
    const uint64_t bytes = std::min<uint64_t>(piece.iov_len - from, length);
    part.push_back({static_cast<char*>(piece.iov_base) + from, bytes});
    from = 0;
    length -= bytes;
    if (length == 0) break;
  }
  return part;
}

}  // namespace

Ring::Ring(unsigned entries) {
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CQSIZE;
  parameters.cq_entries = entries * 4;
  if (io_uring_queue_init_params(entries, &ring_, &parameters) < 0) throw std::runtime_error("io_uring");
}

io_uring_sqe* Ring::next(Done done) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    io_uring_submit(&ring_);
    entry = io_uring_get_sqe(&ring_);
  }
  if (entry == nullptr) throw std::runtime_error("io_uring is full");
  entry->user_data = reinterpret_cast<uint64_t>(new Done(std::move(done)));
  return entry;
}

// liburing's functions reset user_data.
#define WITH_DONE(prepare, ...)                \
  io_uring_sqe* entry = next(std::move(done)); \
  const uint64_t mark = entry->user_data;      \
  prepare(entry, __VA_ARGS__);                 \
  entry->user_data = mark

void Ring::read(int file, const iovec* pieces, unsigned count, uint64_t offset, Done done) {
  WITH_DONE(io_uring_prep_readv, file, pieces, count, offset);
}
void Ring::write(int file, const iovec* pieces, unsigned count, uint64_t offset, Done done) {
  WITH_DONE(io_uring_prep_writev, file, pieces, count, offset);
}
void Ring::sync(int file, Done done) { WITH_DONE(io_uring_prep_fsync, file, IORING_FSYNC_DATASYNC); }
void Ring::readable(int file, Done done) { WITH_DONE(io_uring_prep_poll_add, file, POLLIN); }

void Ring::turn() {
  const int waited = io_uring_submit_and_wait(&ring_, 1);
  if (waited < 0 && waited != -EINTR) throw std::runtime_error("io_uring_enter");
  io_uring_cqe* completion = nullptr;
  while (io_uring_peek_cqe(&ring_, &completion) == 0) {
    auto* done = reinterpret_cast<Done*>(completion->user_data);
    const int result = completion->res;
    io_uring_cqe_seen(&ring_, completion);
    (*done)(result);
    delete done;
  }
}

struct Volume::Request {
  uint64_t offset, length;
  std::vector<iovec> data;
  Done done;
  int waits_for = 1;  // its own start
  int error = 0;
  std::vector<std::vector<iovec>> parts{};
};

Volume::Volume(Ring& ring, const std::string& folder, const std::string& base, uint64_t size_bytes)
    : ring_(ring), size_bytes_(size_bytes) {
  data_ = open_or_throw(folder + "/data", O_RDWR | O_CREAT | O_DIRECT);
  journal_ = open_or_throw(folder + "/journal", O_RDWR | O_CREAT);
  if (!base.empty()) base_ = open_or_throw(base, O_RDONLY | O_DIRECT);
  replay();
}

uint64_t Volume::checksum_of(const Record& record) {
  uint64_t hash = 14695981039346656037U;
  const auto* words = reinterpret_cast<const uint64_t*>(&record);
  for (size_t word = 0; word < sizeof(Record) / 8 - 1; ++word) hash = (hash ^ words[word]) * 0x9E3779B97F4A7C15U;
  return hash;
}

void Volume::replay() {
  Record record{};
  while (::pread(journal_, &record, sizeof record, static_cast<off_t>(journal_end_)) == sizeof record) {
    if (record.magic != kMagic || record.checksum != checksum_of(record)) break;  // torn: its flush hasn't ended
    map_[record.region] = {record.slot, record.present};
    slots_ = std::max(slots_, record.slot + 1);
    journal_end_ += sizeof record;
  }
  slots_with_room_ = slots_;
}

char* Volume::take_memory(size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("mmap");
  return static_cast<char*>(memory);
}

bool Volume::fits(uint64_t offset, uint64_t length) const {
  return offset % kBlock == 0 && length % kBlock == 0 && length > 0 && offset + length <= size_bytes_;
}

Volume::Extents& Volume::take_slot(uint64_t region) {
  const auto [found, is_new] = map_.try_emplace(region);
  if (!is_new) return found->second;
  if (slots_ == slots_with_room_) {
    const auto at = static_cast<off_t>(slots_ * kSlot);
    if (::fallocate(data_, 0, at, kSlotsAhead * kSlot) < 0) throw std::runtime_error("fallocate");
    slots_with_room_ += kSlotsAhead;
  }
  found->second.slot = slots_++;
  return found->second;
}

void Volume::read(uint64_t offset, const std::vector<iovec>& data, Done done) {
  const uint64_t length = bytes_of(data);
  if (!fits(offset, length)) return done(-EINVAL);
  start(new Request{.offset = offset, .length = length, .data = data, .done = std::move(done)}, false);
}

void Volume::write(uint64_t offset, const std::vector<iovec>& data, Done done) {
  const uint64_t length = bytes_of(data);
  if (!fits(offset, length)) return done(-EINVAL);
  start(new Request{.offset = offset, .length = length, .data = data, .done = std::move(done)}, true);
}

// In runs of blocks that lie in one file side by side.
void Volume::start(Request* request, bool is_write) {
  const auto end_part = [this, request, is_write](int wanted, int result) {
    if (result != wanted) request->error = result < 0 ? result : -EIO;
    if (--request->waits_for > 0) return;
    for (uint64_t at = request->offset; is_write && request->error == 0 && at < request->offset + request->length;
         at += kBlock) {
      const size_t block = at % kSlot / kBlock;
      Extents& extents = map_.at(at / kSlot);
      if (extents.has(block)) continue;
      extents.add(block);  // from now on it is read from here, and not from what is behind
      changed_.insert(at / kSlot);
    }
    request->done(request->error);
    delete request;
  };
  request->parts.reserve(request->length / kBlock);
  for (uint64_t at = 0; at < request->length;) {
    const uint64_t region = (request->offset + at) / kSlot, within = (request->offset + at) % kSlot;
    const uint64_t most = std::min(request->length - at, kSlot - within);
    const auto found = is_write ? map_.end() : map_.find(region);
    const Extents* extents = is_write ? &take_slot(region) : found == map_.end() ? nullptr : &found->second;
    const bool is_own = is_write || (extents != nullptr && extents->has(within / kBlock));
    uint64_t run = kBlock;
    if (is_write || extents == nullptr) run = most;
    while (run < most && extents->has((within + run) / kBlock) == is_own) run += kBlock;
    request->parts.push_back(part_of(request->data, at, run));
    const std::vector<iovec>& part = request->parts.back();
    const auto count = static_cast<unsigned>(part.size());
    const auto ended = [end_part, run](int result) { end_part(static_cast<int>(run), result); };
    ++request->waits_for;
    if (is_write) {
      ring_.write(data_, part.data(), count, extents->slot * kSlot + within, ended);
    } else if (is_own) {
      ring_.read(data_, part.data(), count, extents->slot * kSlot + within, ended);
    } else if (base_ >= 0) {
      ring_.read(base_, part.data(), count, request->offset + at, ended);
    } else {
      for (const iovec& piece : part) std::fill_n(static_cast<char*>(piece.iov_base), piece.iov_len, '\0');
      --request->waits_for;
    }
    at += run;
  }
  end_part(0, 0);
}

void Volume::flush(Done done) {
  waiting_.push_back(std::move(done));
  if (flushing_.empty()) begin_flush();
}

// One at a time: who comes meanwhile shares the next one.
void Volume::begin_flush() {
  flushing_.swap(waiting_);
  records_.clear();
  for (const uint64_t region : changed_) {
    const Extents& extents = map_.at(region);
    records_.push_back({kMagic, region, extents.slot, extents.present, 0});
    records_.back().checksum = checksum_of(records_.back());
  }
  changed_.clear();
  ring_.sync(data_, [this](int result) {
    if (result < 0 || records_.empty()) return end_flush(result);
    write_journal();
  });
}

void Volume::write_journal() {
  const uint64_t bytes = records_.size() * sizeof(Record);
  if ((journal_end_ + bytes) / kJournalAhead != journal_end_ / kJournalAhead || journal_end_ == 0)
    (void)::fallocate(journal_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(journal_end_), bytes + kJournalAhead);
  records_piece_ = {records_.data(), bytes};
  ring_.write(journal_, &records_piece_, 1, journal_end_, [this, bytes](int result) {
    if (result != static_cast<int>(bytes)) return end_flush(result < 0 ? result : -EIO);
    journal_end_ += bytes;
    ring_.sync(journal_, [this](int synced) { end_flush(synced); });
  });
}

void Volume::end_flush(int result) {
  // What isn't in the journal comes with the next one.
  if (result < 0) {
    for (const Record& record : records_) changed_.insert(record.region);
  }
  std::vector<Done> ended;
  ended.swap(flushing_);
  for (const Done& done : ended) done(result < 0 ? result : 0);
  if (!waiting_.empty() && flushing_.empty()) begin_flush();
}

}  // namespace prototype
