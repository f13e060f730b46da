#include "http/deadline_wheel.h"

#include <algorithm>

namespace aerolith::http {

DeadlineWheel::DeadlineWheel(std::chrono::milliseconds tick)
    : tick_(std::max(tick, std::chrono::milliseconds(1))), start_(std::chrono::steady_clock::now()) {
  for (Entry& slot : slots_) slot.previous_ = slot.next_ = &slot;
}

uint64_t DeadlineWheel::tick_of(TimePoint time) const {
  if (time <= start_) return 0;
  return static_cast<uint64_t>((time - start_) / tick_);
}

void DeadlineWheel::link(Entry& entry, Entry& list) {
  entry.previous_ = list.previous_;
  entry.next_ = &list;
  list.previous_->next_ = &entry;
  list.previous_ = &entry;
}

void DeadlineWheel::unlink(Entry& entry) {
  entry.previous_->next_ = entry.next_;
  entry.next_->previous_ = entry.previous_;
  entry.previous_ = entry.next_ = nullptr;
}

// An entry further away than one turn is filed at the end of the turn, and again from there.
void DeadlineWheel::file(Entry& entry) {
  const uint64_t last = current_tick_ + kSlots - 1;
  const uint64_t wanted = entry.deadline_ == kNever ? last : tick_of(entry.deadline_) + 1;
  entry.filed_tick_ = std::clamp(wanted, current_tick_ + 1, last);
  link(entry, slots_[entry.filed_tick_ % kSlots]);
}

void DeadlineWheel::add(Entry& entry) {
  if (count_ == 0) current_tick_ = tick_of(std::chrono::steady_clock::now());
  ++count_;
  entry.deadline_ = kNever;
  file(entry);
}

void DeadlineWheel::remove(Entry& entry) {
  if (entry.next_ == nullptr) return;
  unlink(entry);
  --count_;
}

void DeadlineWheel::set(Entry& entry, TimePoint deadline) {
  entry.deadline_ = deadline;
  if (deadline == kNever || entry.next_ == nullptr || tick_of(deadline) + 1 >= entry.filed_tick_) return;
  unlink(entry);
  file(entry);
}

void DeadlineWheel::advance(TimePoint now, const std::function<void(Entry&)>& expired) {
  const uint64_t until = tick_of(now);
  // After a long sleep every slot is due once.
  if (until > current_tick_ + kSlots) current_tick_ = until - kSlots;
  while (current_tick_ < until) {
    ++current_tick_;
    Entry& slot = slots_[current_tick_ % kSlots];
    Entry due;
    due.previous_ = due.next_ = &due;
    while (slot.next_ != &slot) {
      Entry& entry = *slot.next_;
      unlink(entry);
      link(entry, due);
    }
    while (due.next_ != &due) {
      Entry& entry = *due.next_;
      unlink(entry);
      const bool is_expired = entry.deadline_ <= now;
      if (is_expired) entry.deadline_ = kNever;
      file(entry);
      if (is_expired) expired(entry);
    }
  }
}

void DeadlineWheel::for_each(const std::function<void(Entry&)>& visit) {
  for (Entry& slot : slots_) {
    Entry seen;
    seen.previous_ = seen.next_ = &seen;
    while (slot.next_ != &slot) {
      Entry& entry = *slot.next_;
      unlink(entry);
      link(entry, seen);
      visit(entry);
    }
    while (seen.next_ != &seen) {
      Entry& entry = *seen.next_;
      unlink(entry);
      link(entry, slot);
    }
  }
}

}  // namespace aerolith::http
