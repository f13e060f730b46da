// DNS over TCP: each message with its size in two bytes before it (RFC 1035, 4.2.2; RFC 7766).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith::dns {

// Buffers of one connection; the descriptor is somebody else's, and non-blocking.
class FramedStream {
 public:
  // Reads what is there. False: the peer is done, or gone.
  bool fill(int descriptor);
  // The next whole message.
  std::optional<std::string> take();
  // `message` is at most 65535 bytes.
  void put(std::string_view message);
  // Writes what goes. False: the peer is gone.
  bool flush(int descriptor);

  bool has_output() const { return !output_.empty(); }
  bool has_whole_message() const;

 private:
  std::string input_;
  std::string output_;
};

}  // namespace aerolith::dns
