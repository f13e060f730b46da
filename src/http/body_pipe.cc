#include "http/body_pipe.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace aerolith::http {

BodyPipe::BodyPipe(BodyPipeSettings settings) : settings_(std::move(settings)) {}

std::span<char> BodyPipe::writable() {
  const std::lock_guard lock(mutex_);
  if (size_ == capacity_ && !is_copying_) grow();
  if (size_ == capacity_) {
    is_paused_ = true;
    return {};
  }
  const size_t tail = (head_ + size_) % capacity_;
  const size_t end = tail >= head_ ? capacity_ : head_;
  return {ring_.get() + tail, end - tail};
}

void BodyPipe::grow() {
  const size_t wanted = std::min(std::max(capacity_ * 4, settings_.first_capacity_bytes), settings_.capacity_bytes);
  if (wanted <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<char[]>(wanted);
  copy_out({larger.get(), size_}, head_, size_);
  ring_ = std::move(larger);
  capacity_ = wanted;
  head_ = 0;
}

void BodyPipe::commit(size_t size_bytes) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    size_ += size_bytes;
    wake = is_reader_waiting_;
  }
  if (wake) arrived_.notify_one();
}

void BodyPipe::finish() {
  const std::lock_guard lock(mutex_);
  is_finished_ = true;
  arrived_.notify_one();
}

void BodyPipe::fail_with(BodyErrorCode code, std::string detail) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = BodyError{code, std::move(detail)};
  arrived_.notify_one();
}

size_t BodyPipe::copy_out(std::span<char> buffer, size_t from, size_t available) const {
  const size_t size = std::min(buffer.size(), available);
  if (size == 0) return 0;
  const size_t first = std::min(size, capacity_ - from);
  std::memcpy(buffer.data(), ring_.get() + from, first);
  std::memcpy(buffer.data() + first, ring_.get(), size - first);
  return size;
}

Result<size_t, BodyError> BodyPipe::read(std::span<char> buffer) {
  std::unique_lock lock(mutex_);
  while (size_ == 0 && !is_finished_ && !failure_) {
    if (!has_wanted_ && settings_.on_want) {
      has_wanted_ = true;
      lock.unlock();
      settings_.on_want();
      lock.lock();
      continue;
    }
    is_reader_waiting_ = true;
    arrived_.wait(lock);
    is_reader_waiting_ = false;
  }
  if (failure_) return std::unexpected(*failure_);
  if (size_ == 0) return size_t{0};

  is_copying_ = true;
  const size_t from = head_;
  const size_t available = size_;
  lock.unlock();
  const size_t copied = copy_out(buffer, from, available);
  lock.lock();
  is_copying_ = false;
  head_ = (head_ + copied) % capacity_;
  size_ -= copied;
  const bool made_room = is_paused_ && size_ <= capacity_ / 2;
  if (made_room) is_paused_ = false;
  lock.unlock();
  if (made_room && settings_.on_want) settings_.on_want();
  return copied;
}

}  // namespace aerolith::http
