#include "http/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

namespace aerolith::http {
namespace {

constexpr size_t kTlsRecordBytes = 16 * 1024;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

IoResult socket_result(ssize_t result, IoStatus on_block) {
  if (result >= 0) return {IoStatus::done, static_cast<size_t>(result)};
  return {would_block(errno) ? on_block : IoStatus::failed, 0};
}

ssize_t receive(int descriptor, std::span<char> buffer, int flags) {
  ssize_t result = 0;
  do {
    result = ::recv(descriptor, buffer.data(), buffer.size(), flags);
  } while (result < 0 && errno == EINTR);
  return result;
}

int clamp_to_int(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

}  // namespace

void Transport::FreeTls::operator()(ssl_st* tls) const { SSL_free(tls); }

IoStatus Transport::peek(char& first) {
  const ssize_t result = receive(descriptor_, {&first, 1}, MSG_PEEK);
  if (result == 0) return IoStatus::closed;
  return socket_result(result, IoStatus::want_read).status;
}

bool Transport::start_tls(ssl_ctx_st* context) {
  tls_.reset(SSL_new(context));
  if (!tls_ || SSL_set_fd(tls_.get(), descriptor_) != 1) return false;
  SSL_set_accept_state(tls_.get());
  return true;
}

std::string_view Transport::tls_version() const {
  if (!tls_ || !SSL_is_init_finished(tls_.get())) return {};
  switch (SSL_version(tls_.get())) {
    case TLS1_2_VERSION:
      return "1.2";
    case TLS1_3_VERSION:
      return "1.3";
    default:  // the context takes no older ones
      return {};
  }
}

IoStatus Transport::tls_status(int result) {
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return IoStatus::want_read;
    case SSL_ERROR_WANT_WRITE:
      return IoStatus::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return IoStatus::closed;
    default:
      is_tls_broken_ = true;
      return IoStatus::failed;
  }
}

IoStatus Transport::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(tls_.get());
  return result == 1 ? IoStatus::done : tls_status(result);
}

IoResult Transport::read(std::span<char> buffer) {
  if (tls_) {
    ERR_clear_error();
    const int result = SSL_read(tls_.get(), buffer.data(), clamp_to_int(buffer.size()));
    if (result > 0) return {IoStatus::done, static_cast<size_t>(result)};
    return {tls_status(result), 0};
  }
  const ssize_t result = receive(descriptor_, buffer, 0);
  if (result == 0) return {IoStatus::closed, 0};
  return socket_result(result, IoStatus::want_read);
}

IoResult Transport::write_tls(std::string_view first, std::string_view second) {
  // One record for a head and a small body; a repeated call after want_write sees the same bytes again.
  thread_local std::array<char, kTlsRecordBytes> joined;
  std::string_view bytes = first.empty() ? second : first;
  if (!first.empty() && !second.empty() && first.size() < joined.size()) {
    std::memcpy(joined.data(), first.data(), first.size());
    const size_t rest = std::min(second.size(), joined.size() - first.size());
    std::memcpy(joined.data() + first.size(), second.data(), rest);
    bytes = {joined.data(), first.size() + rest};
  }
  ERR_clear_error();
  const int result = SSL_write(tls_.get(), bytes.data(), clamp_to_int(bytes.size()));
  if (result > 0) return {IoStatus::done, static_cast<size_t>(result)};
  return {tls_status(result), 0};
}

IoResult Transport::write(std::string_view first, std::string_view second, More more) {
  if (tls_) return write_tls(first, second);
  std::array<iovec, 2> parts{};
  size_t count = 0;
  for (const std::string_view part : {first, second}) {
    if (!part.empty()) parts[count++] = {const_cast<char*>(part.data()), part.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  ssize_t result = 0;
  do {
    result = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL | (more == More::yes ? MSG_MORE : 0));
  } while (result < 0 && errno == EINTR);
  return socket_result(result, IoStatus::want_write);
}

IoResult Transport::send_file(int file, uint64_t offset_bytes, size_t size_bytes) {
  auto offset = static_cast<off_t>(offset_bytes);
  ssize_t result = 0;
  do {
    result = ::sendfile(descriptor_, file, &offset, size_bytes);
  } while (result < 0 && errno == EINTR);
  return socket_result(result, IoStatus::want_write);
}

void Transport::end_output() {
  if (tls_ && !is_tls_broken_ && SSL_is_init_finished(tls_.get())) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());
  }
  ::shutdown(descriptor_, SHUT_WR);
}

IoResult Transport::discard(std::span<char> scratch) {
  const ssize_t result = receive(descriptor_, scratch, 0);
  if (result == 0) return {IoStatus::closed, 0};
  return socket_result(result, IoStatus::want_read);
}

}  // namespace aerolith::http
