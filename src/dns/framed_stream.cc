#include "dns/framed_stream.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace aerolith::dns {
namespace {

constexpr size_t kSizeBytes = 2;
constexpr size_t kPieceBytes = 16 * 1024;
// One whole message more than anybody may have begun.
constexpr size_t kInputLimitBytes = 2 * (kSizeBytes + 65535);

bool is_only_busy(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

bool FramedStream::fill(int descriptor) {
  std::array<char, kPieceBytes> piece{};
  while (input_.size() < kInputLimitBytes) {
    const ssize_t got = ::recv(descriptor, piece.data(), piece.size(), 0);
    if (got == 0) return false;
    if (got < 0) return is_only_busy(errno);
    input_.append(piece.data(), static_cast<size_t>(got));
    if (static_cast<size_t>(got) < piece.size()) break;
  }
  return true;
}

bool FramedStream::has_whole_message() const {
  if (input_.size() < kSizeBytes) return false;
  const size_t size = static_cast<unsigned char>(input_[0]) * size_t{256} + static_cast<unsigned char>(input_[1]);
  return input_.size() >= kSizeBytes + size;
}

std::optional<std::string> FramedStream::take() {
  if (!has_whole_message()) return std::nullopt;
  const size_t size = static_cast<unsigned char>(input_[0]) * size_t{256} + static_cast<unsigned char>(input_[1]);
  std::string message = input_.substr(kSizeBytes, size);
  input_.erase(0, kSizeBytes + size);
  return message;
}

void FramedStream::put(std::string_view message) {
  output_ += static_cast<char>(message.size() / 256);
  output_ += static_cast<char>(message.size() % 256);
  output_ += message;
}

bool FramedStream::flush(int descriptor) {
  while (!output_.empty()) {
    const ssize_t sent = ::send(descriptor, output_.data(), output_.size(), MSG_NOSIGNAL);
    if (sent < 0) return is_only_busy(errno);
    output_.erase(0, static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace aerolith::dns
