#include "compute/container_runtime.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <thread>

#include "base/step.h"
#include "compute/from_os.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr auto kCreatePatience = std::chrono::seconds(60);
constexpr auto kExitWordPatience = std::chrono::seconds(2);

// A line that conmon writes once the runtime has made the container, or has failed.
std::string read_line(int descriptor, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string line;
  while (line.find('\n') == std::string::npos) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd waited{descriptor, POLLIN, 0};
    if (left <= 0 || ::poll(&waited, 1, static_cast<int>(left)) == 0) break;
    std::array<char, 4096> piece;
    const ssize_t n = ::read(descriptor, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    line.append(piece.data(), static_cast<size_t>(n));
  }
  return line;
}

}  // namespace

std::vector<std::string> ContainerRuntime::runc(std::vector<std::string> arguments) const {
  std::vector<std::string> all{"runc", "--root", folder_ / "runc"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

Result<pid_t> ContainerRuntime::create() {
  os::RealFileSystem files;
  std::error_code ignored;
  fs::remove_all(exit_folder(), ignored);
  TRY(from_os(files.make_directories(exit_folder())));
  fs::remove(folder_ / "console.log", ignored);
  std::array<int, 2> word{};
  if (::pipe2(word.data(), O_CLOEXEC) < 0) return failed_call(errno, "pipe");
  const auto started = os::start_program({.arguments = {"conmon",
                                                        "--api-version",
                                                        "1",
                                                        "--cid",
                                                        instance_,
                                                        "--cuuid",
                                                        instance_,
                                                        "--name",
                                                        instance_,
                                                        "--runtime",
                                                        os::find_program("runc"),
                                                        "--bundle",
                                                        folder_ / "bundle",
                                                        "--container-pidfile",
                                                        folder_ / "container.pid",
                                                        "--conmon-pidfile",
                                                        folder_ / "conmon.pid",
                                                        "--log-path",
                                                        "k8s-file:" + folder_ / "console.log",
                                                        "--log-size-max",
                                                        std::to_string(1 << 20),
                                                        "--exit-dir",
                                                        exit_folder(),
                                                        "--persist-dir",
                                                        folder_ / "exit",
                                                        "--full-attach",
                                                        "--terminal",
                                                        "--runtime-arg",
                                                        "--root",
                                                        "--runtime-arg",
                                                        folder_ / "runc"},
                                          .descriptors = {{word[1], 3}},
                                          .environment = {{"_OCI_SYNCPIPE", "3"}}},
                                         folder_ / "conmon.log");
  ::close(word[1]);
  step("container/watcher-started");
  const std::string said = started.has_value() ? read_line(word[0], kCreatePatience) : std::string();
  ::close(word[0]);
  const pid_t conmon = TRY(from_os(started));
  if (const auto launcher = os::identify(conmon)) os::wait_until_gone(*launcher, std::chrono::seconds(5));
  boost::system::error_code error;
  const json::value word_said = json::parse(said, error);
  const json::value* data = !error && word_said.is_object() ? word_said.as_object().if_contains("data") : nullptr;
  if (data != nullptr && data->is_int64() && data->as_int64() > 0) return static_cast<pid_t>(data->as_int64());
  return fail(DriverErrorCode::command,
              fmt::format("the container can't be made: {} {}", said, folder_.read_text("conmon.log")));
}

bool ContainerRuntime::is_waiting() const { return folder_.has("runc/" + instance_ + "/exec.fifo"); }

Result<> ContainerRuntime::start() {
  TRY(from_os(os::run_checked({.arguments = runc({"start", instance_})})));
  return {};
}

std::optional<int> ContainerRuntime::exit_code() const {
  const auto deadline = std::chrono::steady_clock::now() + kExitWordPatience;
  while (true) {
    const std::string text = folder_.read_text("exit/" + instance_);
    int code = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), code).ec == std::errc() && !text.empty()) return code;
    pid_t conmon = 0;
    const std::string number = folder_.read_text("conmon.pid");
    std::from_chars(number.data(), number.data() + number.size(), conmon);
    if (!os::identify(conmon) || std::chrono::steady_clock::now() > deadline) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Result<> ContainerRuntime::destroy() {
  if (fs::exists(folder_ / "runc") || fs::exists(exit_folder())) {
    // Fails where there is none, which is fine; what it couldn't end shows when the mount stays busy.
    const os::Program removal{.arguments = runc({"delete", "--force", instance_})};
    (void)os::run_program(removal);
    step("container/deleted");
    // What makes it still, where we were killed in between, would go on; and what it has made by now goes too.
    const auto makers = os::find_by_argument(folder_ / "bundle");
    for (const auto& maker : makers) os::kill_and_wait(maker);
    if (!makers.empty()) (void)os::run_program(removal);
  }
  std::error_code ignored;
  fs::remove_all(folder_ / "runc", ignored);
  return {};
}

}  // namespace aerolith::compute
