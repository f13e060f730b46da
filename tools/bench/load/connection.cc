#include "connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace aerolith::load {
namespace {

constexpr int kTimeoutSeconds = 60;

bool starts_with_name(std::string_view line, std::string_view name) {
  return line.size() >= name.size() && strncasecmp(line.data(), name.data(), name.size()) == 0;
}

std::string_view value_of(std::string_view line) {
  line.remove_prefix(line.find(':') + 1);
  const size_t first = line.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view() : line.substr(first);
}

template <typename Number>
bool parse(std::string_view text, Number& value, int base = 10) {
  return std::from_chars(text.data(), text.data() + text.size(), value, base).ec == std::errc();
}

}  // namespace

std::expected<Answer, std::string> Connection::exchange(const Request& request) {
  failure_.clear();
  if (socket_ < 0 && !connect()) return std::unexpected("connect: " + std::string(strerror(errno)));
  // A server may refuse before it has read the body and close: its answer then says why.
  const bool sent = send_all(request.head, request.body);
  Answer answer;
  Head head;
  bool good = read_head(answer, head);
  if (good && request.answer_has_body && answer.status != 204 && answer.status != 304) {
    good = head.is_chunked ? read_chunks(answer, request.kept_body_bytes)
                           : read_bytes(head.content_length, answer, request.kept_body_bytes);
  }
  if (!good || !sent || head.closes) close();
  if (!good) return std::unexpected(failure_.empty() ? "the connection broke" : failure_);
  return answer;
}

void Connection::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  begin_ = end_ = 0;
}

bool Connection::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return false;
  const timeval timeout{.tv_sec = kTimeoutSeconds};
  const int on = 1;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port_), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  const int cause = errno;
  close();
  errno = cause;
  return false;
}

bool Connection::send_all(std::string_view head, std::string_view body) {
  while (!head.empty() || !body.empty()) {
    std::array<iovec, 2> parts{iovec{const_cast<char*>(head.data()), head.size()},
                               iovec{const_cast<char*>(body.data()), body.size()}};
    const msghdr message{.msg_iov = parts.data(), .msg_iovlen = parts.size()};
    const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) {
      failure_ = "send: " + std::string(strerror(errno));
      return false;
    }
    const size_t of_head = std::min(head.size(), static_cast<size_t>(sent));
    head.remove_prefix(of_head);
    body.remove_prefix(static_cast<size_t>(sent) - of_head);
  }
  return true;
}

bool Connection::receive_more() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size()) {
    std::copy(buffer_.begin() + static_cast<ptrdiff_t>(begin_), buffer_.end(), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) {
      failure_ = "a line of the answer is too long";
      return false;
    }
  }
  ssize_t got = 0;
  do {
    got = ::recv(socket_, buffer_.data() + end_, buffer_.size() - end_, 0);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) {
    if (failure_.empty()) failure_ = got == 0 ? "the server closed" : "receive: " + std::string(strerror(errno));
    return false;
  }
  end_ += static_cast<size_t>(got);
  return true;
}

bool Connection::read_line(std::string& line) {
  size_t looked_at = begin_;
  while (true) {
    const auto* found = static_cast<const char*>(memchr(buffer_.data() + looked_at, '\n', end_ - looked_at));
    if (found != nullptr) {
      const auto length = static_cast<size_t>(found - (buffer_.data() + begin_));
      line.assign(buffer_.data() + begin_, length);
      if (line.ends_with('\r')) line.pop_back();
      begin_ += length + 1;
      return true;
    }
    const size_t unfinished = end_ - begin_;
    if (!receive_more()) return false;
    looked_at = begin_ + unfinished;
  }
}

bool Connection::read_head(Answer& answer, Head& head) {
  std::string line;
  do {  // past "100 Continue"
    if (!read_line(line)) return false;
    if (line.size() < 12 || !parse(std::string_view(line).substr(9, 3), answer.status)) {
      failure_ = "not an HTTP answer: " + line;
      return false;
    }
    while (true) {
      if (!read_line(line)) return false;
      if (line.empty()) break;
      if (starts_with_name(line, "content-length:") && !parse(value_of(line), head.content_length)) return false;
      if (starts_with_name(line, "transfer-encoding:")) head.is_chunked = value_of(line) == "chunked";
      if (starts_with_name(line, "connection:")) head.closes = starts_with_name(value_of(line), "close");
      if (starts_with_name(line, "etag:")) answer.etag = value_of(line);
    }
  } while (answer.status == 100);
  return true;
}

// Straight into the answer where it is kept: no second copy distorts what large reads cost.
bool Connection::read_bytes(uint64_t count, Answer& answer, size_t kept_body_bytes) {
  const size_t before = answer.body.size();
  const bool keep = before + count <= kept_body_bytes;
  if (keep) answer.body.resize(before + count);
  uint64_t done = 0;
  while (done < count) {
    if (begin_ < end_) {
      const size_t part = std::min<uint64_t>(count - done, end_ - begin_);
      if (keep) memcpy(answer.body.data() + before + done, buffer_.data() + begin_, part);
      begin_ += part;
      done += part;
      continue;
    }
    if (!keep || count - done < 4096) {
      if (!receive_more()) return false;
      continue;
    }
    const ssize_t got = ::recv(socket_, answer.body.data() + before + done, count - done, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      failure_ = "the body ended early";
      return false;
    }
    done += static_cast<uint64_t>(got);
  }
  answer.body_bytes += count;
  return true;
}

bool Connection::read_chunks(Answer& answer, size_t kept_body_bytes) {
  std::string line;
  while (true) {
    uint64_t size = 0;
    if (!read_line(line)) return false;
    if (!parse(line, size, 16)) {
      failure_ = "a bad chunk head: " + line;
      return false;
    }
    if (size == 0) break;
    if (!read_bytes(size, answer, kept_body_bytes) || !read_line(line)) return false;
  }
  do {  // trailers
    if (!read_line(line)) return false;
  } while (!line.empty());
  return true;
}

}  // namespace aerolith::load
