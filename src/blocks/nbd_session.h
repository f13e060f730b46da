// The server's side of NBD, fixed newstyle (https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md): one
// read-only export, whatever its name is said to be. Bytes in, bytes out; the connection is somebody else's.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "blocks/volumes.h"

namespace aerolith::blocks {

// Used by one thread.
class NbdSession {
 public:
  // Whole or an error, which the client is told of as one of the disk's.
  using Read = std::function<Result<>(uint64_t offset, std::span<char> buffer)>;
  NbdSession(uint64_t size_bytes, Read read);

  // What is to be sent first, and after that what answers `bytes`. The client's bytes aren't believed: what they ask
  // for is bounded.
  std::string greet() const;
  std::string take(std::string_view bytes);
  // Nothing more is to be said: the client has left, or doesn't speak the protocol.
  bool is_over() const { return is_over_; }

 private:
  enum class Stage : uint8_t { flags, options, requests };
  // How many bytes it needs, or takes; 0: it has to wait for more.
  size_t step(std::string_view bytes, std::string& out);
  size_t take_flags(std::string_view bytes);
  size_t take_option(std::string_view bytes, std::string& out);
  void answer_option(uint32_t option, std::string_view data, std::string& out);
  void go(uint32_t option, std::string_view data, std::string& out);
  size_t take_request(std::string_view bytes, std::string& out);
  void answer_read(std::string_view handle, uint64_t offset, uint32_t length, std::string& out);
  size_t end();

  const uint64_t size_bytes_;
  const Read read_;
  Stage stage_ = Stage::flags;
  bool sends_padding_ = true;
  bool is_over_ = false;
  std::string waiting_;
};

}  // namespace aerolith::blocks
