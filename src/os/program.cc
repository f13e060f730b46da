#include "os/program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

extern char** environ;

namespace aerolith::os {

namespace {

constexpr int kFirstFreeNumber = 64;  // descriptors from here on are no program's
constexpr size_t kKeptOutputBytes = size_t{16} << 20;
constexpr auto kAskEvery = std::chrono::milliseconds(250);

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};
Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return std::unexpected(error_of(errno, "pipe"));
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// Everything that posix_spawn wants, and what must live until it has returned.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
  }
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  // By way of a number that no program has: one descriptor's target may be another's source.
  Result<> give(int ours, int theirs) {
    const int high = ::fcntl(ours, F_DUPFD_CLOEXEC, kFirstFreeNumber);
    if (high < 0) return std::unexpected(error_of(errno, "duplicate a descriptor"));
    held_.emplace_back(high);
    ::posix_spawn_file_actions_adddup2(&actions_, high, theirs);
    last_ = std::max(last_, theirs);
    given_.push_back(theirs);
    return {};
  }

  Result<pid_t> run(const Program& program, bool own_session) {
    const std::string path = find_program(program.arguments.at(0));
    if (path.empty()) return fail(ErrorCode::not_found, "no program " + program.arguments[0]);
    for (int number = 3; number < last_; ++number) {
      if (std::ranges::find(given_, number) == given_.end()) ::posix_spawn_file_actions_addclose(&actions_, number);
    }
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, last_ + 1);
    ::posix_spawnattr_setflags(&attributes_,
                               static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                  (own_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP)));
    std::vector<char*> arguments;
    for (const auto& argument : program.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    std::vector<std::string> added;
    for (const auto& [name, value] : program.environment) added.push_back(name + "=" + value);
    std::vector<char*> environment;
    for (auto& text : added) environment.push_back(text.data());
    for (char** text = environ; *text != nullptr; ++text) environment.push_back(*text);
    environment.push_back(nullptr);
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, path.c_str(), &actions_, &attributes_, arguments.data(), environment.data());
    if (error != 0) return std::unexpected(error_of(error, "start " + path));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  std::vector<Descriptor> held_;
  std::vector<int> given_;
  int last_ = 2;
};

Result<> give_all(Spawn& spawn, const Program& program) {
  for (const auto& [ours, theirs] : program.descriptors) TRY(spawn.give(ours, theirs));
  return {};
}

using Deadline = std::chrono::steady_clock::time_point;

int milliseconds_until(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1'000'000'000));
}

// False once there is nothing more to read.
bool read_some(Descriptor& from, std::string& to) {
  std::array<char, 65536> buffer;
  const ssize_t n = ::read(from.number(), buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  if (n == 0) return false;
  to.append(buffer.data(), static_cast<size_t>(n));
  if (to.size() > 2 * kKeptOutputBytes) to.erase(0, to.size() - kKeptOutputBytes);
  return true;
}

enum class Talk : uint8_t { ended, took_too_long, stopped };

// Feeds and drains the program until it has closed both of its outputs, or is to be killed.
Talk converse(const Program& program, Descriptor& in, Descriptor& out, Descriptor& err, ProgramEnd& end,
              Deadline deadline) {
  std::string_view input = program.input;
  Deadline next_ask = std::chrono::steady_clock::now();
  ::fcntl(in.number(), F_SETFL, O_NONBLOCK);
  while (out.number() >= 0 || err.number() >= 0) {
    if (program.may_go_on && std::chrono::steady_clock::now() >= next_ask) {
      if (!program.may_go_on(end.output)) return Talk::stopped;
      next_ask = std::chrono::steady_clock::now() + kAskEvery;
    }
    const Deadline wake = program.may_go_on ? std::min(next_ask, deadline) : deadline;
    if (input.empty()) in.close();
    std::array<pollfd, 3> waited{pollfd{in.number(), POLLOUT, 0}, pollfd{out.number(), POLLIN, 0},
                                 pollfd{err.number(), POLLIN, 0}};
    const int ready = ::poll(waited.data(), waited.size(), milliseconds_until(wake));
    if (ready == 0 && std::chrono::steady_clock::now() >= deadline) return Talk::took_too_long;
    if (ready <= 0) continue;
    if (waited[0].revents != 0) {
      const ssize_t n = ::write(in.number(), input.data(), input.size());
      if (n > 0) input.remove_prefix(static_cast<size_t>(n));
      if (n < 0 && errno != EAGAIN && errno != EINTR) input = {};  // it reads no more
    }
    if (waited[1].revents != 0 && !read_some(out, end.output)) out.close();
    if (waited[2].revents != 0 && !read_some(err, end.errors)) err.close();
  }
  return Talk::ended;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : std::string();
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path != nullptr ? path : "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";
  for (size_t begin = 0; begin < folders.size();) {
    const size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string candidate = folders.substr(begin, end - begin) + "/" + name;
    if (end > begin && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return {};
}

Result<ProgramEnd> run_program(const Program& program) {
  const Deadline deadline = std::chrono::steady_clock::now() + program.patience;
  Pipe in = TRY(make_pipe());
  Pipe out = TRY(make_pipe());
  Pipe err = TRY(make_pipe());
  pid_t pid = 0;
  {
    Spawn spawn;
    TRY(spawn.give(in.read.number(), 0));
    TRY(spawn.give(out.write.number(), 1));
    TRY(spawn.give(err.write.number(), 2));
    TRY(give_all(spawn, program));
    pid = TRY(spawn.run(program, false));
  }
  in.read.close();
  out.write.close();
  err.write.close();
  ProgramEnd end;
  // A program that ended without reading its input must not end us.
  sigset_t pipe_signal;
  sigset_t before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const Talk talk = converse(program, in.write, out.read, err.read, end, deadline);
  const timespec at_once{};
  if (!sigismember(&before, SIGPIPE)) ::sigtimedwait(&pipe_signal, nullptr, &at_once);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (talk != Talk::ended) ::kill(-pid, SIGKILL);  // its own group: what it started goes with it
  end.exit_code = wait_for(pid);
  if (talk == Talk::stopped) return fail(ErrorCode::busy, program.arguments[0] + " was stopped");
  if (talk == Talk::took_too_long) {
    return fail(ErrorCode::busy,
                fmt::format("{} took more than {} ms", fmt::join(program.arguments, " "), program.patience.count()));
  }
  return end;
}

Result<std::string> run_checked(const Program& program) {
  ProgramEnd end = TRY(run_program(program));
  if (end.exit_code == 0) return std::move(end.output);
  std::string said = end.errors.empty() ? end.output : end.errors;
  while (!said.empty() && said.back() == '\n') said.pop_back();
  if (said.size() > 2000) said.erase(0, said.size() - 2000);
  return fail(ErrorCode::io,
              fmt::format("{} ended with {}: {}", fmt::join(program.arguments, " "), end.exit_code, said));
}

Result<pid_t> start_program(const Program& program, const std::string& log_path) {
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (nothing.number() < 0) return std::unexpected(error_of(errno, "open /dev/null"));
  const Descriptor log(::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (log.number() < 0) return std::unexpected(error_of(errno, "open " + log_path));
  Spawn spawn;
  TRY(spawn.give(nothing.number(), 0));
  TRY(spawn.give(log.number(), 1));
  TRY(spawn.give(log.number(), 2));
  TRY(give_all(spawn, program));
  return spawn.run(program, true);
}

}  // namespace aerolith::os
