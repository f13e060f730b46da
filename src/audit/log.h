// The audit log: events go into a bounded queue; a thread of its own formats them, writes them and turns the files
// over.
//
// What is promised for an event that write() took: it is with the kernel within `gather` and one write, so it outlives
// the process; and on the disk within `sync_every` more, so it outlives a power cut. Where the queue is full (the disk
// stands still), or a write fails (the disk is full), events are lost: counted, logged as an error, and told by a line
// of the log itself where they are missing.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "audit/event.h"
#include "audit/log_file.h"
#include "base/time.h"
#include "os/file_system.h"

namespace aerolith::audit {

struct LogSettings {
  std::string folder;
  // The next file begins when one is as large or as old.
  uint64_t file_bytes = uint64_t{32} << 20;
  std::chrono::milliseconds file_age = std::chrono::hours(24);
  // The oldest files go when all together are larger, or when their youngest event is older.
  uint64_t keep_bytes = uint64_t{1} << 30;
  std::chrono::milliseconds keep_age = std::chrono::hours(24 * 90);
  // Events that wait to be written, at most.
  size_t queue_events = 32768;
  std::chrono::milliseconds sync_every = std::chrono::seconds(1);  // zero: when the kernel thinks it is time
  std::chrono::milliseconds gather{50};                            // from an event to its write
  std::chrono::milliseconds patience = std::chrono::seconds(1);    // of write(), where the queue is full
  // Told of every event that is written, on the writer's thread. May be null.
  std::function<void(const Event&)> on_event = {};
};

struct LogStats {
  uint64_t written_events = 0;
  uint64_t lost_events = 0;
  uint64_t queued_events = 0;
};

// Safe from any thread.
class Log {
 public:
  // Makes the folder and a new file in it, and starts the thread. `files` and `clock` must outlive it.
  static os::Result<std::unique_ptr<Log>> open(os::FileSystem& files, LogSettings settings, const Clock& clock);
  // Writes out what is queued.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Waits for room, up to `patience`.
  void write(std::shared_ptr<const Event> event);
  // For threads that must not wait.
  void write_now(std::shared_ptr<const Event> event);
  LogStats stats() const;

 private:
  struct Kept {
    uint64_t number = 0;
    uint64_t size_bytes = 0;
    Timestamp started;
  };
  using Batch = std::vector<std::shared_ptr<const Event>>;
  enum class Wait : uint8_t { no, yes };

  Log(os::FileSystem& files, LogSettings settings, const Clock& clock);
  void add(std::shared_ptr<const Event> event, Wait wait);

  // All on the writer's thread, but for open()'s use before it starts.
  void run();
  void write_batch(const Batch& batch, uint64_t lost);
  bool write_lines(uint64_t events);
  os::Result<> ensure_file();
  void finish_file();
  void sync_if_due();
  void remove_old();
  void give_up(uint64_t events, const os::Error& error);
  void report_losses(bool is_last);
  os::Result<> find_kept();

  os::FileSystem& files_;
  const LogSettings settings_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;  // the writer
  std::condition_variable room_;  // who waits for room
  Batch queue_;
  bool is_idle_ = false;  // the writer waits for a first event
  bool stopping_ = false;
  uint64_t lost_ = 0;
  uint64_t written_ = 0;

  // The writer's own.
  std::unique_ptr<LogFile> file_;
  uint64_t next_number_ = 1;
  std::vector<Kept> kept_;  // finished files, the oldest first
  std::string lines_;
  uint64_t told_lost_ = 0;      // by lines of the log
  uint64_t reported_lost_ = 0;  // to the server's log
  std::string last_error_;
  std::chrono::steady_clock::time_point last_report_{};
  std::chrono::steady_clock::time_point last_sync_{};
  std::thread thread_;
};

}  // namespace aerolith::audit
