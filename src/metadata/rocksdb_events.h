// What RocksDB tells of itself, taken into our hands. For this room only.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <cstdarg>

namespace aerolith::metadata {

// RocksDB's warnings and errors as lines of our log. Its own log file would lie on the store's disk, and Debian's build
// aborts at the first line after one that found that disk full.
class EngineLog final : public rocksdb::Logger {
 public:
  EngineLog() : Logger(rocksdb::WARN_LEVEL) {}
  void Logv(const char*, va_list) override {}  // lines without a level: the options at the start
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override;
  void LogHeader(const char*, va_list) override {}
};

// Tells what of the store's files can't be trusted after an error. Safe from any thread.
class EngineErrors final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override;
  // Whether a write to the log has failed: what is on the disk isn't known any more. While it hasn't, a write that is
  // refused was refused for what the background met, before any of it was written.
  bool has_log_failed() const { return has_log_failed_.load(); }

 private:
  std::atomic<bool> has_log_failed_ = false;
};

}  // namespace aerolith::metadata
