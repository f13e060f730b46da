#include "load.h"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <random>
#include <stdexcept>

namespace prototype {

namespace {

using Clock = std::chrono::steady_clock;

class Loader {
 public:
  Loader(Ring& ring, Disk& disk, const Load& load) : ring_(ring), disk_(disk), load_(load) {
    // Each block of the region once, and neighbours far apart: an odd step, where blocks are a power of two.
    const uint64_t blocks = load.region_bytes / load.block_bytes;
    step_ = load.mode == "read" || load.mode == "write" ? 1 : (blocks * 618 / 1000) | 1;
    for (unsigned slot = 0; slot < load.depth; ++slot) slots_.push_back(disk.take_memory(load.block_bytes));
  }

  double mean_us() const { return sum_us_ / static_cast<double>(load_.total_bytes / load_.block_bytes); }

  // `look` sees each buffer before it is written, or after it was read.
  void run(bool is_write, const std::function<void(uint64_t*, uint64_t)>& look) {
    next_ = 0;
    sum_us_ = 0;
    for (char* slot : slots_) begin_one(is_write, slot, look);
    while (in_flight_ > 0) ring_.turn();
    if (!is_write) return;
    ++in_flight_;
    disk_.flush([this](int result) { end_one(result); });
    while (in_flight_ > 0) ring_.turn();
  }

 private:
  void begin_one(bool is_write, char* slot, const std::function<void(uint64_t*, uint64_t)>& look) {
    if (next_ == load_.total_bytes / load_.block_bytes) return;
    const uint64_t offset = ++next_ * step_ % (load_.region_bytes / load_.block_bytes) * load_.block_bytes;
    const auto begun = Clock::now();
    const auto ended = [this, is_write, slot, offset, begun, &look](int result) {
      sum_us_ += std::chrono::duration<double, std::micro>(Clock::now() - begun).count();
      end_one(result);
      if (!is_write && look) look(reinterpret_cast<uint64_t*>(slot), offset);
      begin_one(is_write, slot, look);
    };
    ++in_flight_;
    if (!is_write) return disk_.read(offset, {{slot, load_.block_bytes}}, ended);
    if (look) look(reinterpret_cast<uint64_t*>(slot), offset);
    disk_.write(offset, {{slot, load_.block_bytes}}, ended);
  }
  void end_one(int result) {
    --in_flight_;
    if (result != 0) throw std::runtime_error(fmt::format("an I/O error: {}", result));
  }

  Ring& ring_;
  Disk& disk_;
  const Load& load_;
  uint64_t step_ = 1, next_ = 0;
  size_t in_flight_ = 0;
  double sum_us_ = 0;
  std::vector<char*> slots_;
};

bool verify(Loader& loader, const Load& load) {
  const uint64_t words = load.block_bytes / sizeof(uint64_t);
  uint64_t wrong = 0;
  if (load.mode == "verify") {
    loader.run(true, [&](uint64_t* at, uint64_t offset) {
      for (uint64_t word = 0; word < words; ++word) at[word] = offset + word * 8 + 1;
    });
  }
  loader.run(false, [&](uint64_t* at, uint64_t offset) {
    for (uint64_t word = 0; word < words; ++word) wrong += at[word] != offset + word * 8 + 1 ? 1 : 0;
  });
  fmt::print("{{\"wrong_words\": {}}}\n", wrong);
  return wrong == 0;
}

}  // namespace

bool put_load(Ring& ring, Disk& disk, const Load& load) {
  Loader loader(ring, disk, load);
  if (load.mode.ends_with("verify")) return verify(loader, load);
  std::mt19937_64 random(1);
  const auto begin = Clock::now();
  loader.run(load.mode.ends_with("write"), [&](uint64_t* at, uint64_t) { at[0] = random(); });
  const std::chrono::duration<double> spent = Clock::now() - begin;
  fmt::print("{{\"seconds\": {:.6f}, \"operations\": {}, \"mean_us\": {:.2f}}}\n", spent.count(),
             load.total_bytes / load.block_bytes, loader.mean_us());
  return true;
}

}  // namespace prototype
