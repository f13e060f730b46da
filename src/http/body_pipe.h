// The bounded pipe between a connection's I/O thread and the handler that reads the request's body.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "http/body.h"

namespace aerolith::http {

// A body of no bytes.
class EmptyBody final : public BodyReader {
 public:
  Result<size_t, BodyError> read(std::span<char>) override { return size_t{0}; }
  std::optional<uint64_t> size_bytes() const override { return 0; }
};

struct BodyPipeSettings {
  size_t first_capacity_bytes = 0;
  size_t capacity_bytes = 0;  // grows up to here while nobody reads
  std::optional<uint64_t> body_size_bytes;
  // Called by the reading thread, with no lock held: the handler wants bytes and none ever came, or there is
  // room again after writable() answered empty. Tells the I/O thread.
  std::function<void()> on_want;
};

// One thread writes (writable, commit, finish, fail), one reads.
class BodyPipe final : public BodyReader {
 public:
  explicit BodyPipe(BodyPipeSettings settings);

  // Free room to write into, in one piece. Empty: full; on_want is called when the reader made room.
  std::span<char> writable();
  // The first bytes of the last writable() are filled now.
  void commit(size_t size_bytes);
  void finish();
  // Wins over bytes not read yet. Only the first failure counts.
  void fail_with(BodyErrorCode code, std::string detail);

  Result<size_t, BodyError> read(std::span<char> buffer) override;
  std::optional<uint64_t> size_bytes() const override { return settings_.body_size_bytes; }

 private:
  size_t copy_out(std::span<char> buffer, size_t from, size_t available) const;
  void grow();

  const BodyPipeSettings settings_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::unique_ptr<char[]> ring_;  // bytes outside [head_, head_ + size_) belong to the writer
  size_t capacity_ = 0;
  size_t head_ = 0;
  size_t size_ = 0;
  bool is_finished_ = false;
  bool is_copying_ = false;  // the reader copies outside the lock
  bool is_paused_ = false;   // the writer found no room
  bool has_wanted_ = false;
  bool is_reader_waiting_ = false;
  std::optional<BodyError> failure_;
};

}  // namespace aerolith::http
