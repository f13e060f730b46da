#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

namespace aerolith::os {

namespace {

std::string boot_of_machine() {
  std::string text = read_kernel_file("/proc/sys/kernel/random/boot_id");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// Fields of /proc/<pid>/stat from the third on: the name before them is the process's own choice, brackets and all.
std::vector<std::string> stat_fields(pid_t pid) {
  const std::string text = read_kernel_file("/proc/" + std::to_string(pid) + "/stat");
  const size_t bracket = text.rfind(')');
  if (bracket == std::string::npos) return {};
  std::istringstream rest(text.substr(bracket + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

uint64_t number_of(const std::string& text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

constexpr size_t kState = 0;
constexpr size_t kUserTicks = 11;
constexpr size_t kSystemTicks = 12;
constexpr size_t kThreads = 17;
constexpr size_t kStart = 19;
constexpr size_t kResidentPages = 21;

// The first thread may have ended before the others, which hold the process's files until they have, too.
bool has_ended(const std::vector<std::string>& fields) {
  return (fields[kState] == "Z" || fields[kState] == "X") && number_of(fields[kThreads]) <= 1;
}

// A descriptor of this very process; -1 where it doesn't run.
int open_process(const ProcessIdentity& identity) {
  if (identity.pid <= 0) return -1;
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, identity.pid, 0));
  if (descriptor < 0) return -1;
  // Asked after opening: from here on the number can't come to mean another one unnoticed.
  if (is_alive(identity)) return descriptor;
  ::close(descriptor);
  return -1;
}

}  // namespace

std::string read_kernel_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::optional<ProcessIdentity> identify(pid_t pid) {
  const std::vector<std::string> fields = stat_fields(pid);
  if (fields.size() <= kResidentPages) return std::nullopt;
  if (has_ended(fields)) {
    ::waitpid(pid, nullptr, WNOHANG);
    return std::nullopt;
  }
  return ProcessIdentity{pid, number_of(fields[kStart]), boot_of_machine()};
}

std::vector<ProcessIdentity> find_by_argument(std::string_view argument) {
  std::vector<ProcessIdentity> found;
  const std::string word = std::string(argument) + '\0';
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
    const std::string line = '\0' + read_kernel_file(entry->path().string() + "/cmdline");
    if (line.find('\0' + word) == std::string::npos) continue;
    if (auto identity = identify(pid)) found.push_back(std::move(*identity));
  }
  return found;
}

bool is_alive(const ProcessIdentity& identity) {
  if (identity.pid <= 0) return false;
  const std::vector<std::string> fields = stat_fields(identity.pid);
  if (fields.size() <= kStart || number_of(fields[kStart]) != identity.start_ticks) return false;
  if (has_ended(fields)) {
    ::waitpid(identity.pid, nullptr, WNOHANG);
    return false;
  }
  return identity.boot == boot_of_machine();
}

bool send_signal(const ProcessIdentity& identity, int signal) {
  const int descriptor = open_process(identity);
  if (descriptor < 0) return false;
  const bool sent = ::syscall(SYS_pidfd_send_signal, descriptor, signal, nullptr, 0) == 0;
  ::close(descriptor);
  return sent;
}

bool wait_until_gone(const ProcessIdentity& identity, std::chrono::milliseconds patience) {
  const int descriptor = open_process(identity);
  if (descriptor < 0) return true;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int ready = 0;
  do {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd waited{descriptor, POLLIN, 0};
    ready = ::poll(&waited, 1, static_cast<int>(left > 0 ? left : 0));
  } while (ready < 0 && errno == EINTR);
  ::close(descriptor);
  if (ready <= 0) return false;
  (void)is_alive(identity);  // collects it where it is ours
  return true;
}

bool kill_and_wait(const ProcessIdentity& identity) {
  send_signal(identity, SIGKILL);
  return wait_until_gone(identity, std::chrono::seconds(10));
}

std::optional<ProcessUse> use_of(const ProcessIdentity& identity) {
  if (!is_alive(identity)) return std::nullopt;
  const std::vector<std::string> fields = stat_fields(identity.pid);
  if (fields.size() <= kResidentPages) return std::nullopt;
  const auto ticks_a_second = static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
  const uint64_t ticks = number_of(fields[kUserTicks]) + number_of(fields[kSystemTicks]);
  return ProcessUse{number_of(fields[kResidentPages]) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)),
                    std::chrono::nanoseconds(ticks * (1'000'000'000 / ticks_a_second))};
}

}  // namespace aerolith::os
