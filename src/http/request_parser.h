// What the bytes of a request say: finds and checks heads, decodes chunked bodies. No socket, no thread.
//
// Strict where leniency lets two parsers disagree (request smuggling, RFC 9112 section 11.2): every line ends
// with CRLF, no control bytes, no folded lines, no space before a colon, one framing, one Host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace aerolith::http {

// Why bytes are refused. The reason is a literal.
struct Rejection {
  int status = 400;
  std::string_view reason;
};

enum class Framing : uint8_t { none, length, chunked };

struct ParsedHead {
  RequestHead head;  // without peer_address, is_tls and tls_version
  Framing framing = Framing::none;
  uint64_t content_length_bytes = 0;  // for Framing::length
  bool keep_alive = false;
  bool expects_continue = false;  // never for HTTP/1.0, nor where no body is spoken of
  bool is_http10 = false;
};

// Finds the end of a head in bytes that come in pieces; looks at every byte once.
class HeadScanner {
 public:
  // `bytes` are all bytes of this head so far, from its first. Answers the size of the head with its empty
  // line, or 0 while that hasn't come. 400 for bytes that no head has; 431 past limit_bytes.
  Result<size_t, Rejection> scan(std::string_view bytes, size_t limit_bytes);
  void reset() { *this = HeadScanner(); }

 private:
  Result<void, Rejection> end_line(std::string_view line);

  uint32_t scanned_ = 0;
  uint32_t line_start_ = 0;
  uint32_t lines_ = 0;
  uint32_t blank_lines_ = 0;  // before the request line
};

// `bytes` is a whole head as HeadScanner found it.
Result<ParsedHead, Rejection> parse_head(std::string_view bytes);

// Takes the chunked transfer coding off a body. Trailer fields are checked and dropped.
class ChunkDecoder {
 public:
  ChunkDecoder();
  ~ChunkDecoder();
  ChunkDecoder(ChunkDecoder&&) noexcept;
  ChunkDecoder& operator=(ChunkDecoder&&) noexcept;

  struct Progress {
    size_t consumed_bytes = 0;
    size_t produced_bytes = 0;
  };
  // Decodes what it can of `input` into `output`. The caller gives unconsumed bytes again, with more behind
  // them. No progress: it needs more input (or room, if `output` was empty).
  Result<Progress, Rejection> decode(std::string_view input, std::span<char> output);
  bool is_done() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace aerolith::http
