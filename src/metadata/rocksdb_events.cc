#include "metadata/rocksdb_events.h"

#include <array>
#include <cstdio>
#include <string_view>

#include "base/log.h"

namespace aerolith::metadata {

void EngineLog::Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) {
  if (level != rocksdb::WARN_LEVEL && level != rocksdb::ERROR_LEVEL && level != rocksdb::FATAL_LEVEL) return;
  std::array<char, 1024> text{};
  if (std::vsnprintf(text.data(), text.size(), format, arguments) < 0) return;
  std::string_view line = text.data();
  while (line.ends_with('\n')) line.remove_suffix(1);
  // Of its warnings most say nothing to whoever runs a server; what failed comes back as a status, too.
  log_line(level == rocksdb::WARN_LEVEL ? LogLevel::info : LogLevel::error, "metadata store", {{"engine", line}});
}

void EngineErrors::OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) {
  using enum rocksdb::BackgroundErrorReason;
  // A memory table that meets a full disk found no room for the next log, to which nothing was written yet.
  if (reason == kWriteCallback || (reason == kMemTable && !status->IsNoSpace())) has_log_failed_ = true;
}

}  // namespace aerolith::metadata
