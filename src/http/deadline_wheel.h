// Deadlines of many connections, coarse and cheap: moving one further away is a store.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace aerolith::http {

// One thread. Entries are linked in, not owned: an entry must be removed before it dies.
class DeadlineWheel {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr TimePoint kNever = TimePoint::max();

  class Entry {
   public:
    TimePoint deadline() const { return deadline_; }

   private:
    friend class DeadlineWheel;
    Entry* previous_ = nullptr;
    Entry* next_ = nullptr;
    TimePoint deadline_ = kNever;
    uint64_t filed_tick_ = 0;
  };

  explicit DeadlineWheel(std::chrono::milliseconds tick);

  void add(Entry& entry);  // without a deadline
  void remove(Entry& entry);
  void set(Entry& entry, TimePoint deadline);

  // Calls expired(entry) once for each whose deadline has passed, and clears that deadline.
  // The callback may set and remove any entry.
  void advance(TimePoint now, const std::function<void(Entry&)>& expired);
  // All entries, in no order. The callback may set and remove the entry it got.
  void for_each(const std::function<void(Entry&)>& visit);

  bool is_empty() const { return count_ == 0; }
  std::chrono::milliseconds tick() const { return tick_; }

 private:
  static constexpr size_t kSlots = 256;

  uint64_t tick_of(TimePoint time) const;
  void file(Entry& entry);
  void link(Entry& entry, Entry& list);
  static void unlink(Entry& entry);

  const std::chrono::milliseconds tick_;
  const TimePoint start_;
  uint64_t current_tick_ = 0;
  size_t count_ = 0;
  std::array<Entry, kSlots> slots_;  // heads of circular lists
};

}  // namespace aerolith::http
