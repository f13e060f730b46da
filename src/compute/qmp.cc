#include "compute/qmp.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

#include "compute/from_os.h"

namespace aerolith::compute {

namespace json = boost::json;

namespace {

constexpr auto kAnswerPatience = std::chrono::seconds(60);
constexpr size_t kMaximumLineBytes = size_t{16} << 20;

// A socket's address holds 107 characters; the descriptor of its folder makes any path short.
Result<int> with_address(const std::string& path, const std::function<int(int, const sockaddr_un&)>& action) {
  const int folder = ::open(os::parent_directory(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return failed_call(errno, "open the folder of " + path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = fmt::format("/proc/self/fd/{}/{}", folder, path.substr(path.rfind('/') + 1));
  std::memcpy(address.sun_path, name.data(), std::min(name.size(), sizeof(address.sun_path) - 1));
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool done = descriptor >= 0 && action(descriptor, address) == 0;
  const int error = errno;
  ::close(folder);
  if (done) return descriptor;
  if (descriptor >= 0) ::close(descriptor);
  return failed_call(error, "socket " + path);
}

int milliseconds_until(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1'000'000'000));
}

}  // namespace

Result<int> listen_on(const std::string& path) {
  ::unlink(path.c_str());
  return with_address(path, [](int descriptor, const sockaddr_un& address) {
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) return -1;
    return ::listen(descriptor, 8);
  });
}

Result<std::unique_ptr<QmpClient>> QmpClient::connect(const std::string& path, std::chrono::milliseconds patience) {
  const int socket = TRY(with_address(path, [](int descriptor, const sockaddr_un& address) {
    return ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }));
  std::unique_ptr<QmpClient> client(new QmpClient(socket));
  const json::object greeting = TRY(client->read(std::chrono::steady_clock::now() + patience));
  if (!greeting.contains("QMP")) return fail(DriverErrorCode::command, path + " doesn't speak QMP");
  TRY(client->execute("qmp_capabilities"));
  return client;
}

QmpClient::~QmpClient() { ::close(socket_); }

Result<json::value> QmpClient::execute(std::string_view command, json::object arguments, int descriptor) {
  TRY(write(json::serialize(json::object{{"execute", command}, {"arguments", std::move(arguments)}}) + "\n",
            descriptor));
  const Deadline deadline = std::chrono::steady_clock::now() + kAnswerPatience;
  while (true) {
    json::object message = TRY(read(deadline));
    if (message.contains("event")) {
      events_.push_back(std::move(message));
    } else if (const json::value* result = message.if_contains("return")) {
      return *result;
    } else {
      const json::value* error = message.if_contains("error");
      return fail(DriverErrorCode::command,
                  fmt::format("{}: {}", command, error ? json::serialize(*error) : "no answer"));
    }
  }
}

Result<bool> QmpClient::wait_for(std::string_view event, std::string_view key, std::string_view text,
                                 std::chrono::milliseconds patience) {
  const auto is_it = [&](const json::object& message) {
    if (message.at("event").as_string() != event) return false;
    const json::value* data = message.if_contains("data");
    const json::value* value = data && data->is_object() ? data->as_object().if_contains(key) : nullptr;
    return value != nullptr && value->is_string() && value->as_string() == text;
  };
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    const bool seen = std::ranges::any_of(events_, is_it);
    events_.clear();
    if (seen) return true;
    auto message = read(deadline);
    if (!message.has_value() && std::chrono::steady_clock::now() >= deadline) return false;
    json::object read_message = TRY(std::move(message));
    if (read_message.contains("event")) events_.push_back(std::move(read_message));
  }
}

Result<json::object> QmpClient::read(Deadline deadline) {
  size_t end = buffer_.find('\n');
  while (end == std::string::npos) {
    pollfd waited{socket_, POLLIN, 0};
    const int ready = ::poll(&waited, 1, milliseconds_until(deadline));
    if (ready == 0) return fail(DriverErrorCode::command, "no answer from the control socket in time");
    if (ready < 0) continue;
    std::array<char, 16384> piece;
    const ssize_t n = ::recv(socket_, piece.data(), piece.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(DriverErrorCode::command, "the program behind the control socket has ended");
    buffer_.append(piece.data(), static_cast<size_t>(n));
    if (buffer_.size() > kMaximumLineBytes) return fail(DriverErrorCode::command, "an endless answer");
    end = buffer_.find('\n');
  }
  boost::system::error_code error;
  const json::value message = json::parse(std::string_view(buffer_).substr(0, end), error);
  buffer_.erase(0, end + 1);
  if (error || !message.is_object()) return fail(DriverErrorCode::command, "the control socket's answer isn't JSON");
  return message.as_object();
}

Result<> QmpClient::write(const std::string& line, int descriptor) {
  std::string_view left = line;
  while (!left.empty()) {
    iovec piece{const_cast<char*>(left.data()), left.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    if (descriptor >= 0) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    const ssize_t n = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed_call(errno, "write to the control socket");
    left.remove_prefix(static_cast<size_t>(n));
    descriptor = -1;
  }
  return {};
}

}  // namespace aerolith::compute
