// Bodies: how bytes of a request reach a handler and how bytes of an answer leave it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace aerolith::http {

enum class BodyErrorCode {
  disconnected,  // the peer closed or reset before the body's end
  timed_out,     // no byte for the stall deadline
  malformed,     // bad chunk framing, or what a wrapping reader found (see detail)
  too_large,     // over the listener's body limit
  rejected,      // a wrapping reader refused the bytes (bad signature, bad checksum)
};
using BodyError = Failure<BodyErrorCode>;

// A request's body, read by the handler's thread; blocks until bytes are there. One thread at a time.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // Fills up to buffer.size() bytes (at least one). 0 is the end of a body that arrived whole.
  // After an error or the end, every later call answers the same.
  virtual Result<size_t, BodyError> read(std::span<char> buffer) = 0;
  // Bytes in all where the head tells it (Content-Length), nullopt for chunked bodies.
  virtual std::optional<uint64_t> size_bytes() const = 0;
};

// Fills the buffer; fewer bytes come only at the end of the body. An error takes with it what was read before.
Result<size_t, BodyError> read_full(BodyReader& body, std::span<char> buffer);

// A body that was read already.
class StringBody final : public BodyReader {
 public:
  explicit StringBody(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<size_t, BodyError> read(std::span<char> buffer) override;
  std::optional<uint64_t> size_bytes() const override { return bytes_.size(); }

 private:
  const std::string bytes_;
  size_t at_ = 0;
};

// The whole body; `too_large` when it is over limit_bytes.
Result<std::string, BodyError> read_all(BodyReader& body, size_t limit_bytes);

// A range of an open file that the edge sends by itself (sendfile on plain connections).
// The descriptor stays open, and the range's bytes what they are, while `owner` lives: the edge keeps it until the
// client asks for something else or the connection is closed, since sendfile hands out the file's own pages.
struct FileRange {
  std::shared_ptr<const void> owner;
  int descriptor = -1;
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
};

// One piece of an answer: bytes in memory, or a file's range. An empty string is the end.
using BodyPiece = std::variant<std::string, FileRange>;

enum class SourceErrorCode { failed };
using SourceError = Failure<SourceErrorCode>;

// The body of a large answer, pulled piece by piece. The edge calls next() on the handler pool only
// when the connection can take more, so a slow reader holds no thread. One call at a time.
// An error closes the connection: the head is already on its way, and a cut body must not look whole.
class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual Result<BodyPiece, SourceError> next() = 0;
};

struct StreamedBody {
  std::unique_ptr<BodySource> source;
  uint64_t size_bytes = 0;  // sent as Content-Length; the source gives exactly as many
};

using ResponseBody = std::variant<std::string, FileRange, StreamedBody>;

}  // namespace aerolith::http
