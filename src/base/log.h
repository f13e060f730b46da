// Structured log: a sentence and named values, one line each, to standard error or a file.
//
//   log_info("object collected", {{"extent", id}, {"size_bytes", std::to_string(size)}});
//
// Safe from any thread. Never put a secret into a log.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace aerolith {

enum class LogLevel : uint8_t { debug, info, warning, error };
enum class LogFormat : uint8_t { text, json };

using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

struct LogSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  std::string file;  // empty: standard error
};

// Call once, before other threads start. Before it, lines go to standard error as text.
// False when the file can't be opened.
bool start_log(const LogSettings& settings);
void log_line(LogLevel level, std::string_view message, LogFields fields);
// Writes out what is buffered. Lines of level warning and above are written at once.
void flush_log();

inline void log_debug(std::string_view m, LogFields f = {}) { log_line(LogLevel::debug, m, f); }
inline void log_info(std::string_view m, LogFields f = {}) { log_line(LogLevel::info, m, f); }
inline void log_warning(std::string_view m, LogFields f = {}) { log_line(LogLevel::warning, m, f); }
inline void log_error(std::string_view m, LogFields f = {}) { log_line(LogLevel::error, m, f); }

}  // namespace aerolith
