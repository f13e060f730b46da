#include "base/log.h"

#include <fcntl.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "base/json_string.h"

namespace aerolith {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

struct ActiveLog {
  LogFormat format = LogFormat::text;
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("aerolith", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  ActiveLog() { logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v", spdlog::pattern_time_type::utc); }
};

// The process has one standard error; this is the one place that owns it.
ActiveLog& active() {
  static ActiveLog log;
  return log;
}

bool is_plain_word(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text)
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7F) return false;
  return true;
}

std::string render(LogFormat format, std::string_view message, LogFields fields) {
  std::string line;
  line.reserve(256);
  if (format == LogFormat::json) {
    append_json_string(line, message);
    for (const auto& [name, value] : fields) {
      line.push_back(',');
      append_json_string(line, name);
      line.push_back(':');
      append_json_string(line, value);
    }
    return line;
  }
  // Messages are our own words; a line break could only come in through a value, which is quoted then.
  line += message;
  for (const auto& [name, value] : fields) {
    line.push_back(' ');
    line += name;
    line.push_back('=');
    if (is_plain_word(value)) {
      line += value;
    } else {
      append_json_string(line, value);
    }
  }
  return line;
}

// Standard error, gathered in a buffer: it is unbuffered itself, and spdlog's own sink flushes each line. A stream of
// its own, so that what an abort says there is written at once.
class BufferedStderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // Owns `stream`.
  explicit BufferedStderrSink(FILE* stream) : stream_(stream) { std::setvbuf(stream_, nullptr, _IOFBF, kBufferBytes); }
  BufferedStderrSink(const BufferedStderrSink&) = delete;
  BufferedStderrSink& operator=(const BufferedStderrSink&) = delete;
  ~BufferedStderrSink() override { std::fclose(stream_); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line_.clear();
    formatter_->format(message, line_);
    // A full buffer would go out in the middle of a line.
    if (gathered_bytes_ + line_.size() > kBufferBytes) flush_();
    std::fwrite(line_.data(), 1, line_.size(), stream_);
    gathered_bytes_ += line_.size();
  }
  void flush_() override {
    std::fflush(stream_);
    gathered_bytes_ = 0;
  }

 private:
  static constexpr size_t kBufferBytes = 64 << 10;

  FILE* const stream_;
  size_t gathered_bytes_ = 0;
  spdlog::memory_buf_t line_;
};

// A terminal shows each line at once; elsewhere flush_every below bounds the wait.
spdlog::sink_ptr make_stderr_sink() {
  if (isatty(STDERR_FILENO) == 1) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  FILE* const stream = fdopen(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "w");
  if (stream == nullptr) return std::make_shared<spdlog::sinks::stderr_sink_mt>();  // closed by whoever started us
  return std::make_shared<BufferedStderrSink>(stream);
}

}  // namespace

bool start_log(const LogSettings& settings) {
  ActiveLog& log = active();
  try {
    spdlog::sink_ptr sink;
    if (settings.file.empty()) {
      sink = make_stderr_sink();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(settings.file);
    }
    log.logger = std::make_shared<spdlog::logger>("aerolith", std::move(sink));
  } catch (const spdlog::spdlog_ex&) {
    return false;
  }
  log.format = settings.format;
  log.logger->set_pattern(settings.format == LogFormat::json
                              ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%v})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %-5l %v",
                          spdlog::pattern_time_type::utc);
  log.logger->set_level(to_spdlog(settings.level));
  log.logger->flush_on(spdlog::level::warn);
  spdlog::drop_all();
  spdlog::register_logger(log.logger);
  spdlog::flush_every(std::chrono::seconds(1));
  return true;
}

void log_line(LogLevel level, std::string_view message, LogFields fields) {
  ActiveLog& log = active();
  if (!log.logger->should_log(to_spdlog(level))) return;
  log.logger->log(to_spdlog(level), "{}", render(log.format, message, fields));
}

void flush_log() { active().logger->flush(); }

}  // namespace aerolith
