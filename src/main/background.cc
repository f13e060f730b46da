#include "main/background.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace aerolith::main_program {
namespace {

// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(char* const* arguments, int log) {
  setsid();
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir("/") != 0) _exit(127);
  execv("/proc/self/exe", arguments);
  _exit(127);
}

}  // namespace

Result<pid_t, BackgroundError> start_in_background(const std::vector<std::string>& arguments,
                                                   const std::filesystem::path& log_file) {
  const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) {
    return fail(BackgroundErrorCode::failed, fmt::format("{}: {}", log_file.string(), std::strerror(errno)));
  }
  std::vector<std::string> owned = arguments;
  std::vector<char*> pointers;
  for (std::string& argument : owned) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) become(pointers.data(), log);
  const int error = errno;
  close(log);
  if (child < 0) return fail(BackgroundErrorCode::failed, fmt::format("fork: {}", std::strerror(error)));
  return child;
}

bool has_ended(pid_t child, int& status) { return waitpid(child, &status, WNOHANG) == child; }

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  }
  return fmt::format("exited with {}", WEXITSTATUS(status));
}

StopOutcome stop_process(const RunState& state, std::chrono::milliseconds patience) {
  const int process = static_cast<int>(syscall(SYS_pidfd_open, state.pid, 0));
  if (process < 0) return errno == ESRCH ? StopOutcome::stopped : StopOutcome::not_permitted;
  StopOutcome outcome = StopOutcome::stopped;
  // The descriptor now names one process for good: if that one is ours, the signal can't go astray.
  if (is_alive(state)) {
    if (syscall(SYS_pidfd_send_signal, process, SIGTERM, nullptr, 0) != 0 && errno != ESRCH) {
      outcome = StopOutcome::not_permitted;
    } else {
      const auto end = std::chrono::steady_clock::now() + patience;
      int ready = 0;
      do {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        pollfd entry{process, POLLIN, 0};
        ready = poll(&entry, 1, left > 0 ? static_cast<int>(std::min<int64_t>(left, INT32_MAX)) : 0);
      } while (ready < 0 && errno == EINTR);
      if (ready == 0) outcome = StopOutcome::still_running;
    }
  }
  close(process);
  return outcome;
}

}  // namespace aerolith::main_program
