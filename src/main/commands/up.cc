#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "main/aws_profile.h"
#include "main/background.h"
#include "main/commands.h"
#include "main/run_state.h"
#include "main/text_file.h"
#include "os/lock_file.h"

namespace aerolith::main_program {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr uint64_t kRotateAtBytes = uint64_t{64} << 20;
constexpr size_t kLinesOnFailure = 20;
constexpr std::chrono::milliseconds kUpPoll{3};

std::filesystem::path log_file_of(const Invocation& invocation) {
  return invocation.config().log.file.empty() ? invocation.folder().log_file() : invocation.config().log.file;
}

// The same settings again, with every path absolute: the server's folder is /.
std::vector<std::string> serve_arguments(const Invocation& invocation) {
  std::vector<std::string> arguments = {"aerolith", "serve"};
  if (invocation.loaded.file) {
    arguments.push_back("--config=" + std::filesystem::absolute(*invocation.loaded.file).string());
  }
  for (const auto& [setting, text] : invocation.sources.flags) {
    if (setting->kind != SettingKind::path) arguments.push_back(fmt::format("{}={}", setting->flag(), text));
  }
  arguments.push_back("--data-folder=" + invocation.config().data_folder.string());
  if (!invocation.config().log.file.empty()) arguments.push_back("--log-file=" + invocation.config().log.file.string());
  return arguments;
}

int print_running(const Invocation& invocation, const RunState& state, bool already) {
  const std::string endpoint = local_endpoint(state.addresses);
  if (invocation.output == Output::json) {
    fmt::print("{{\"pid\":{},\"endpoint\":\"{}\",\"started\":{}}}\n", state.pid, endpoint, !already);
    return kSuccess;
  }
  fmt::print("Aerolith {} (pid {}).\n", already ? "is running already" : "is ready", state.pid);
  fmt::print("  endpoint   {}{}\n", endpoint, state.tls ? " (https too)" : "");
  if (invocation.config().aws_profile) {
    fmt::print("  profile    {}\n  try        aws --profile {} s3 ls\n", kAwsProfileName, kAwsProfileName);
  } else {
    fmt::print("  try        eval \"$(aerolith env)\"; aws s3 ls\n");
  }
  fmt::print("  log        {}\n", log_file_of(invocation).string());
  return kSuccess;
}

// What the server said before it ended: on standard error, and in the log file of its own where it has one.
struct LogMark {
  std::filesystem::path file;
  uint64_t begin = 0;
};
std::vector<LogMark> mark_logs(const Invocation& invocation) {
  std::vector<LogMark> marks;
  for (const auto& file : {invocation.folder().log_file(), invocation.config().log.file}) {
    if (!file.empty()) marks.push_back({file, file_size_or_zero(file)});
  }
  return marks;
}

int print_failure(const Invocation& invocation, const std::string& what, const std::vector<LogMark>& logs) {
  report_problem(fmt::format("the server {}; see {}", what, log_file_of(invocation).string()));
  for (const LogMark& log : logs) {
    const std::string lines = last_lines(log.file, kLinesOnFailure, log.begin);
    fmt::print(stderr, "{}{}", lines, lines.empty() || lines.ends_with('\n') ? "" : "\n");
  }
  return kFailed;
}

void rotate(const std::filesystem::path& log_file) {
  if (file_size_or_zero(log_file) < kRotateAtBytes) return;
  std::error_code ignored;
  std::filesystem::rename(log_file, log_file.string() + ".1", ignored);
}

// A server that somebody else is starting in the foreground right now.
int wait_for_other(const Invocation& invocation, Deadline deadline) {
  while (std::chrono::steady_clock::now() < deadline) {
    const auto state = find_running(invocation.folder());
    if (!state) return report_problem("another start of the server failed; try again");
    if (state->ready) return print_running(invocation, *state, true);
    std::this_thread::sleep_for(kUpPoll);
  }
  return report_problem("a server is starting, and isn't ready in time");
}

int start_and_wait(const Invocation& invocation, Deadline deadline) {
  const std::filesystem::path log_file = invocation.folder().log_file();
  rotate(log_file);
  const std::vector<LogMark> logs = mark_logs(invocation);
  const auto child = start_in_background(serve_arguments(invocation), log_file);
  if (!child.has_value()) return report_problem(child.error().detail);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto state = find_running(invocation.folder());
    if (state && state->ready && state->pid == *child) return print_running(invocation, *state, false);
    if (int status = 0; has_ended(*child, status)) return print_failure(invocation, describe_end(status), logs);
    std::this_thread::sleep_for(kUpPoll);
  }
  // A child that isn't waited for keeps its id, so this can hit nobody else.
  kill(*child, SIGTERM);
  return print_failure(invocation, "wasn't ready in time and was stopped", logs);
}

}  // namespace

int run_up(const Invocation& invocation, std::chrono::milliseconds patience) {
  const DataFolder folder = invocation.folder();
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  for (const std::string& warning : invocation.loaded.warnings) report_problem(warning);
  os::RealFileSystem files;
  for (const auto& path : {folder.run(), folder.log()}) {
    if (const auto made = files.make_directories(path.string()); !made.has_value()) {
      return report_problem(made.error().detail);
    }
  }
  // Of several `up` at once one starts the server; the others wait for it and then find it.
  while (true) {
    const auto lock = os::LockFile::acquire(folder.start_lock().string());
    if (lock.has_value()) {
      const auto state = find_running(folder);
      if (!state) return start_and_wait(invocation, deadline);
      return wait_for_other(invocation, deadline);
    }
    if (lock.error().code != os::ErrorCode::busy) return report_problem(lock.error().detail);
    if (std::chrono::steady_clock::now() > deadline) {
      return report_problem("another `aerolith up` is at work, and isn't done in time");
    }
    std::this_thread::sleep_for(kUpPoll);
  }
}

}  // namespace aerolith::main_program
