#include "dns/exchange.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/random.h"

namespace aerolith::dns {
namespace {

constexpr std::chrono::milliseconds kPatience{1500};  // for one resolver; askers themselves wait for about five seconds
constexpr size_t kIdBytes = 2;

}  // namespace

Exchange::Exchange(std::vector<SocketAddress> resolvers, std::string query, Transport transport, Done done)
    : resolvers_(std::move(resolvers)), query_(std::move(query)), transport_(transport), done_(std::move(done)) {}

void Exchange::ask_next() {
  while (asked_ < resolvers_.size()) {
    if (ask(resolvers_[asked_++])) return;
  }
  end(std::nullopt);
}

bool Exchange::ask(const SocketAddress& resolver) {
  const int kind = transport_ == Transport::datagram ? SOCK_DGRAM : SOCK_STREAM;
  own(::socket(resolver.family(), kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (descriptor() < 0) return false;
  id_ = random_bytes(kIdBytes);
  const std::string message = id_ + query_.substr(kIdBytes);
  deadline_ = std::chrono::steady_clock::now() + kPatience;
  // A connected socket takes answers from there only, and hears when nobody listens.
  const bool is_connected = ::connect(descriptor(), resolver.data(), resolver.size()) == 0;
  if (!is_connected && errno != EINPROGRESS) return false;
  if (transport_ == Transport::datagram) {
    return ::send(descriptor(), message.data(), message.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(message.size());
  }
  stream_ = FramedStream();
  stream_.put(message);
  return true;
}

short Exchange::events() const { return transport_ == Transport::stream && stream_.has_output() ? POLLOUT : POLLIN; }

void Exchange::on_ready(short events) {
  if (transport_ == Transport::datagram) return read_datagram();
  go_on_with_stream(events);
}

void Exchange::read_datagram() {
  std::array<char, 65535> buffer;
  const ssize_t got = ::recv(descriptor(), buffer.data(), buffer.size(), 0);
  if (got < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) ask_next();
    return;
  }
  // What isn't the answer is passed over: it may be forged, and the right one may still come.
  static_cast<void>(take_answer(std::string(buffer.data(), static_cast<size_t>(got))));
}

void Exchange::go_on_with_stream(short events) {
  if ((events & (POLLERR | POLLNVAL)) != 0) return ask_next();
  if (stream_.has_output()) {
    if (!stream_.flush(descriptor())) ask_next();
    return;
  }
  const bool is_open = stream_.fill(descriptor());
  if (auto answer = stream_.take()) {
    if (!take_answer(*std::move(answer))) ask_next();
  } else if (!is_open) {
    ask_next();
  }
}

bool Exchange::take_answer(std::string answer) {
  constexpr char kIsAnswer = static_cast<char>(0x80);
  if (answer.size() < kHeaderBytes || !answer.starts_with(id_) || (answer[2] & kIsAnswer) == 0) return false;
  answer.replace(0, kIdBytes, query_, 0, kIdBytes);
  end(std::move(answer));
  return true;
}

void Exchange::end(std::optional<std::string> answer) {
  finish();
  done_(std::move(answer));
}

}  // namespace aerolith::dns
