// The decoder of aws-chunked bodies. Use it through make_payload_reader (payload.h), whose contract it keeps.
//
//   body    = chunk* last [trailer] CRLF
//   chunk   = hex-size [";chunk-signature=" signature] CRLF data CRLF
//   last    = "0" [";chunk-signature=" signature] CRLF
//   trailer = (name ":" value CRLF)* ["x-amz-trailer-signature:" signature CRLF]
//
// Chunk headers and data end in CRLF exactly. A trailer line may also end in a bare LF, and a signed trailer may hold
// blank lines before its signature: published examples and clients in use write it so.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/payload.h"
#include "base/digest.h"

namespace aerolith::auth {

class ChunkedReader final : public VerifyingReader {
 public:
  ChunkedReader(const PayloadPlan& plan, http::BodyReader& inner, const PayloadLimits& limits);

  Result<size_t, http::BodyError> read(std::span<char> buffer) override;
  std::optional<uint64_t> size_bytes() const override { return plan_.decoded_length_bytes; }
  const std::vector<std::pair<std::string, std::string>>& trailers() const override { return trailers_; }
  const std::optional<PayloadError>& failure() const override { return failure_; }

 private:
  enum class State { chunk_header, data, data_end, trailer, end };
  template <typename T>
  using Read = Result<T, http::BodyError>;

  Read<size_t> advance(std::span<char> buffer);
  Read<bool> fill();  // false: the inner body is at its end
  Read<char> next_byte();
  Read<std::string> header_line();
  Read<bool> read_chunk_header();
  Read<size_t> read_data(std::span<char> buffer);
  Read<bool> read_data_end();
  Read<bool> finish_chunk();
  // nullopt: the inner body ended before the line began.
  Read<std::optional<std::string>> trailer_line();
  Read<bool> read_trailers();
  Read<bool> add_trailer(std::string_view line);
  Read<bool> check_trailers(const std::optional<std::string>& signature);
  Read<bool> check_end();
  std::unexpected<http::BodyError> reject(PayloadErrorCode code, std::string detail);
  bool has_signed_chunks() const { return plan_.kind != PayloadKind::unsigned_chunks_trailer; }

  const PayloadPlan plan_;
  http::BodyReader& inner_;
  const PayloadLimits limits_;

  State state_ = State::chunk_header;
  std::array<char, 4096> buffer_{};
  size_t begin_ = 0, end_ = 0;  // the unread part of buffer_
  uint64_t chunk_left_bytes_ = 0;
  bool is_last_chunk_ = false;
  uint64_t decoded_bytes_ = 0;
  size_t trailer_bytes_ = 0;
  Digest chunk_digest_{DigestKind::sha256};
  std::string chunk_signature_;
  std::string previous_signature_;
  std::vector<std::pair<std::string, std::string>> pending_trailers_;
  std::vector<std::pair<std::string, std::string>> trailers_;
  std::optional<PayloadError> failure_;
  std::optional<http::BodyError> error_;
};

}  // namespace aerolith::auth
