#include "metadata/commit_queue.h"

#include <utility>

#include "base/log.h"

namespace aerolith::metadata {

namespace {
constexpr size_t kGroupBytes = size_t{4} << 20;

size_t bytes_of(const WriteSet& writes) {
  size_t bytes = 0;
  for (const auto& [key, value] : writes) bytes += key.size() + (value ? value->size() : 0);
  return bytes;
}
}  // namespace

uint64_t CommitQueue::begin() {
  std::lock_guard lock(mutex_);
  ++active_[applied_];
  return applied_;
}

void CommitQueue::end(uint64_t start) {
  std::lock_guard lock(mutex_);
  auto found = active_.find(start);
  if (--found->second == 0) active_.erase(found);
}

Result<> CommitQueue::commit(uint64_t start, const ReadSet& reads, const WriteSet& writes) {
  thread_local const auto signal = std::make_shared<Signal>();
  Waiting self{.writes = &writes, .number = 0, .bytes = bytes_of(writes), .signal = signal, .failed = {}};
  std::unique_lock lock(mutex_);
  if (poison_) return std::unexpected(*poison_);
  if (recent_.changed_since(start, reads)) {
    ++statistics_.conflicts;
    return fail(ErrorCode::conflict, "what the transaction read has changed");
  }
  self.number = ++last_number_;
  recent_.add(self.number, writes);
  line_.push_back(&self);
  bool leads = !std::exchange(writing_, true);
  if (!leads) {
    // Asleep without the mutex: whoever is woken need not queue for it.
    lock.unlock();
    self.signal->wait();
    leads = !self.written && !self.failed;
    if (leads) lock.lock();
  }
  if (leads) write_group(lock, self);
  if (self.failed) return std::unexpected(*std::move(self.failed));
  return {};
}

std::vector<CommitQueue::Waiting*> CommitQueue::take_group() {
  std::vector<Waiting*> group;
  size_t bytes = 0;
  while (!line_.empty() && (group.empty() || bytes + line_.front()->bytes <= kGroupBytes)) {
    bytes += line_.front()->bytes;
    group.push_back(line_.front());
    line_.pop_front();
  }
  return group;
}

void CommitQueue::write_group(std::unique_lock<std::mutex>& lock, const Waiting& leader) {
  std::vector<Waiting*> group = take_group();
  std::optional<Error> failed = poison_;
  if (!failed) {
    std::vector<const WriteSet*> sets;
    sets.reserve(group.size());
    for (const Waiting* waiting : group) sets.push_back(waiting->writes);
    lock.unlock();
    Result<> written = apply_(sets);
    lock.lock();
    if (written) {
      applied_ = group.back()->number;
      ++statistics_.groups;
      statistics_.commits += group.size();
      recent_.forget_up_to(active_.empty() ? applied_ : active_.begin()->first);
    } else if (written.error().code == ErrorCode::no_space) {
      failed = std::move(written.error());
    } else {
      failed = poison_ =
          Error{ErrorCode::io, "the store takes no more writes, since one failed: " + written.error().detail};
      log_error("metadata store failed; it takes no more writes until it is opened again",
                {{"error", written.error().detail}});
    }
  }
  // The next leader first: its sync is what others wait for.
  const std::shared_ptr<Signal> next = line_.empty() ? nullptr : line_.front()->signal;
  writing_ = next != nullptr;
  lock.unlock();
  if (next) next->send();
  for (Waiting* waiting : group) {
    waiting->written = !failed.has_value();
    waiting->failed = failed;
    if (waiting == &leader) continue;
    const std::shared_ptr<Signal> signal = waiting->signal;
    signal->send();  // `waiting` may be gone from here on
  }
}

StoreStatistics CommitQueue::statistics() const {
  std::lock_guard lock(mutex_);
  return statistics_;
}

}  // namespace aerolith::metadata
