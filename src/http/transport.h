// The bytes of one connection, plain or TLS, without waiting: each call does what it can now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "http/body.h"

struct ssl_st;
struct ssl_ctx_st;

namespace aerolith::http {

enum class IoStatus : uint8_t {
  done,        // some bytes went through
  want_read,   // try again when the socket is readable
  want_write,  // try again when the socket is writable
  closed,      // the peer's end of stream
  failed,
};

struct IoResult {
  IoStatus status = IoStatus::failed;
  size_t bytes = 0;
};

enum class More : uint8_t { no, yes };

// Does not own the descriptor, which must be non-blocking. One thread at a time.
class Transport {
 public:
  explicit Transport(int descriptor) : descriptor_(descriptor) {}

  bool is_tls() const { return tls_ != nullptr; }
  // "1.2", "1.3"; empty without TLS and before the handshake is done.
  std::string_view tls_version() const;
  // The first byte stays unread. `closed` or want_read where there is none.
  IoStatus peek(char& first);
  bool start_tls(ssl_ctx_st* context);
  IoStatus handshake();

  IoResult read(std::span<char> buffer);
  // Bytes of both, in order. `more`: further bytes follow at once, so a short packet can wait for them.
  IoResult write(std::string_view first, std::string_view second, More more);
  // Plain connections only. done with 0 bytes: the file is shorter than told.
  IoResult send_file(int file, uint64_t offset_bytes, size_t size_bytes);
  // Tells the peer that nothing follows.
  void end_output();
  // Reads and drops what the peer still sends, below TLS.
  IoResult discard(std::span<char> scratch);

 private:
  struct FreeTls {
    void operator()(ssl_st* tls) const;
  };
  IoStatus tls_status(int result);
  IoResult write_tls(std::string_view first, std::string_view second);

  int descriptor_;
  bool is_tls_broken_ = false;
  std::unique_ptr<ssl_st, FreeTls> tls_;
};

}  // namespace aerolith::http
