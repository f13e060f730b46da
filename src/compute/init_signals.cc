#include "compute/init_signals.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>

namespace aerolith::compute {
namespace {

// How long after its start an init listens to signals, if it ever does.
constexpr auto kListensAfter = std::chrono::seconds(5);
constexpr std::chrono::milliseconds kLookAgain{10};
constexpr std::chrono::milliseconds kAskAgain{500};

// Whether it is in that mask of the process (proc(5)).
bool has_signal(pid_t process, std::string_view mask, int signal) {
  const std::string status = os::read_kernel_file(fmt::format("/proc/{}/status", process));
  const size_t at = status.find(fmt::format("\n{}:\t", mask));
  if (at == std::string::npos) return false;
  return (std::strtoull(status.c_str() + at + mask.size() + 3, nullptr, 16) >> (signal - 1) & 1) != 0;
}

int shutdown_signal(pid_t init, InitKind kind) {
  if (kind == InitKind::systemd) return SIGRTMIN + 4;
  return has_signal(init, "SigCgt", SIGUSR2) ? SIGUSR2 : SIGTERM;
}

// A signal with its default action never reaches the init of a pid namespace (pid_namespaces(7)). One that is blocked
// waits for sigwait or a signalfd; one that is ignored is so while a shutdown goes on (`tiny`).
bool listens(pid_t init, int signal) {
  return has_signal(init, "SigCgt", signal) || has_signal(init, "SigBlk", signal) || has_signal(init, "SigIgn", signal);
}

}  // namespace

// One that has only begun doesn't listen yet. Again and again: it may hear, and not do it yet.
Shutdown ask_to_end(const os::ProcessIdentity& init, InitKind kind, std::chrono::system_clock::time_point started_at,
                    std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  bool is_heard = false;
  do {
    const int signal = shutdown_signal(init.pid, kind);
    is_heard = listens(init.pid, signal);
    if (is_heard) os::send_signal(init, signal);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    os::wait_until_gone(init, std::clamp(left, std::chrono::milliseconds{0}, is_heard ? kAskAgain : kLookAgain));
  } while (os::is_alive(init) && std::chrono::steady_clock::now() < deadline);
  if (!os::is_alive(init)) return Shutdown::ended;
  const bool is_new = std::chrono::system_clock::now() - started_at < kListensAfter;
  return is_heard || is_new ? Shutdown::goes_on : Shutdown::unheard;
}

}  // namespace aerolith::compute
