#include "auth/chunked_reader.h"

#include <algorithm>
#include <cstring>

#include "auth/sigv4a.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";

// 1 to 16 hex digits; no sign, no blank, no prefix.
std::optional<uint64_t> parse_hex_size(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    const int digit = hex_value(c);
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<uint64_t>(digit);
  }
  return value;
}

bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

ChunkedReader::ChunkedReader(const PayloadPlan& plan, http::BodyReader& inner, const PayloadLimits& limits)
    : plan_(plan), inner_(inner), limits_(limits) {
  if (plan_.signing) previous_signature_ = plan_.signing->seed_signature;
}

std::unexpected<http::BodyError> ChunkedReader::reject(PayloadErrorCode code, std::string detail) {
  const bool is_verdict =
      code == PayloadErrorCode::chunk_signature_mismatch || code == PayloadErrorCode::trailer_signature_mismatch;
  failure_ = PayloadError{code, detail};
  return fail(is_verdict ? http::BodyErrorCode::rejected : http::BodyErrorCode::malformed, std::move(detail));
}

Result<size_t, http::BodyError> ChunkedReader::read(std::span<char> buffer) {
  if (error_) return std::unexpected(*error_);
  if (buffer.empty()) return size_t{0};
  auto result = advance(buffer);
  if (!result.has_value()) error_ = result.error();
  return result;
}

ChunkedReader::Read<size_t> ChunkedReader::advance(std::span<char> buffer) {
  while (true) {
    switch (state_) {
      case State::chunk_header:
        TRY(read_chunk_header());
        break;
      case State::data:
        return read_data(buffer);
      case State::data_end:
        TRY(read_data_end());
        break;
      case State::trailer:
        TRY(read_trailers());
        break;
      case State::end:
        return size_t{0};
    }
  }
}

ChunkedReader::Read<bool> ChunkedReader::fill() {
  if (begin_ < end_) return true;
  begin_ = 0;
  end_ = 0;  // also when the read fails
  end_ = TRY(inner_.read(buffer_));
  return end_ > 0;
}

ChunkedReader::Read<char> ChunkedReader::next_byte() {
  if (!TRY(fill())) return reject(PayloadErrorCode::truncated, "the body ends in the middle of the chunk framing");
  return buffer_[begin_++];
}

ChunkedReader::Read<std::string> ChunkedReader::header_line() {
  std::string line;
  while (true) {
    const char c = TRY(next_byte());
    if (c == '\r') {
      if (TRY(next_byte()) != '\n') return reject(PayloadErrorCode::malformed_chunk_header, "CR without LF");
      return line;
    }
    if (c == '\n') return reject(PayloadErrorCode::malformed_chunk_header, "LF without CR");
    if (line.size() >= limits_.chunk_header_bytes) {
      return reject(PayloadErrorCode::chunk_header_too_long, "a chunk header is too long");
    }
    line += c;
  }
}

ChunkedReader::Read<bool> ChunkedReader::read_chunk_header() {
  const std::string line = TRY(header_line());
  const std::string_view text = line;
  const size_t semicolon = std::min(text.find(';'), text.size());
  const auto size = parse_hex_size(text.substr(0, semicolon));
  if (!size) return reject(PayloadErrorCode::malformed_chunk_header, "a chunk's size is not a hexadecimal number");
  if (*size > limits_.chunk_bytes) return reject(PayloadErrorCode::chunk_too_large, "a chunk is too large");
  if (*size > plan_.decoded_length_bytes - decoded_bytes_) {
    return reject(PayloadErrorCode::length_mismatch, "more data than x-amz-decoded-content-length");
  }
  if (has_signed_chunks()) {
    constexpr std::string_view kName = ";chunk-signature=";
    const std::string_view extension = text.substr(semicolon);
    if (!extension.starts_with(kName) || extension.size() == kName.size()) {
      return reject(PayloadErrorCode::malformed_chunk_header, "a chunk has no chunk-signature");
    }
    chunk_signature_ = std::string(extension.substr(kName.size()));
    chunk_digest_ = Digest(DigestKind::sha256);
  }
  chunk_left_bytes_ = *size;
  is_last_chunk_ = *size == 0;
  if (!is_last_chunk_) {
    state_ = State::data;
    return true;
  }
  TRY(finish_chunk());
  if (decoded_bytes_ != plan_.decoded_length_bytes) {
    return reject(PayloadErrorCode::length_mismatch, "less data than x-amz-decoded-content-length");
  }
  state_ = plan_.kind == PayloadKind::signed_chunks ? State::data_end : State::trailer;
  return true;
}

ChunkedReader::Read<size_t> ChunkedReader::read_data(std::span<char> buffer) {
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(buffer.size(), chunk_left_bytes_));
  const size_t buffered = std::min(wanted, end_ - begin_);
  std::memcpy(buffer.data(), buffer_.data() + begin_, buffered);
  begin_ += buffered;
  // Straight into the caller's memory: only what came along with a chunk header is copied. All that the chunk has for
  // it, since many streams are digested together (base/block_hash.h).
  const size_t size = buffered + TRY(http::read_full(inner_, buffer.subspan(buffered, wanted - buffered)));
  if (size == 0) return reject(PayloadErrorCode::truncated, "the body ends inside a chunk");
  if (has_signed_chunks()) chunk_digest_.update({buffer.data(), size});
  chunk_left_bytes_ -= size;
  decoded_bytes_ += size;
  if (chunk_left_bytes_ == 0) state_ = State::data_end;
  return size;
}

ChunkedReader::Read<bool> ChunkedReader::read_data_end() {
  if (TRY(next_byte()) != '\r' || TRY(next_byte()) != '\n') {
    return reject(PayloadErrorCode::missing_chunk_end, "no CRLF after a chunk's data");
  }
  if (is_last_chunk_) return check_end();
  TRY(finish_chunk());
  state_ = State::chunk_header;
  return true;
}

ChunkedReader::Read<bool> ChunkedReader::finish_chunk() {
  if (!has_signed_chunks()) return true;
  const std::string hash = hex_encode(chunk_digest_.finish());
  const std::string text = chunk_string_to_sign(*plan_.signing, previous_signature_, hash);
  if (!verify_chunk_text(*plan_.signing, text, chunk_signature_)) {
    return reject(PayloadErrorCode::chunk_signature_mismatch, "a chunk's signature is wrong");
  }
  previous_signature_ = std::string(strip_signature_padding(chunk_signature_));
  return true;
}

ChunkedReader::Read<std::optional<std::string>> ChunkedReader::trailer_line() {
  if (!TRY(fill())) return std::optional<std::string>();
  std::string line;
  while (true) {
    const char c = TRY(next_byte());
    if (++trailer_bytes_ > limits_.trailer_bytes) {
      return reject(PayloadErrorCode::trailer_too_large, "the trailer is too large");
    }
    if (c == '\n') break;
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.find('\r') != std::string::npos || line.find('\0') != std::string::npos) {
    return reject(PayloadErrorCode::malformed_trailer, "a control character in the trailer");
  }
  return std::optional(std::move(line));
}

ChunkedReader::Read<bool> ChunkedReader::read_trailers() {
  std::optional<std::string> signature;
  while (true) {
    const auto line = TRY(trailer_line());
    if (!line) {
      // The blank line at the very end may be missing after a signed trailer: the signature has told the end.
      if (signature) break;
      return reject(PayloadErrorCode::truncated, "the body ends inside the trailer");
    }
    if (line->empty()) {
      if (signature || !has_signed_chunks()) break;
      continue;
    }
    if (signature) return reject(PayloadErrorCode::extra_bytes, "bytes after the trailer's signature");
    const size_t colon = line->find(':');
    if (colon != std::string::npos && equals_ignore_case(std::string_view(*line).substr(0, colon), kTrailerSignature)) {
      signature = std::string(trim(std::string_view(*line).substr(colon + 1)));
    } else {
      TRY(add_trailer(*line));
    }
  }
  return check_trailers(signature);
}

ChunkedReader::Read<bool> ChunkedReader::add_trailer(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return reject(PayloadErrorCode::malformed_trailer, "a trailer line is not 'name:value'");
  }
  std::string name = to_lower(line.substr(0, colon));
  const auto is_same = [&](const auto& trailer) { return trailer.first == name; };
  if (std::any_of(pending_trailers_.begin(), pending_trailers_.end(), is_same)) {
    return reject(PayloadErrorCode::malformed_trailer, "trailer '" + name + "' comes twice");
  }
  if (std::find(plan_.trailers.begin(), plan_.trailers.end(), name) == plan_.trailers.end()) {
    return reject(PayloadErrorCode::trailer_not_declared, "trailer '" + name + "' is not in x-amz-trailer");
  }
  pending_trailers_.emplace_back(std::move(name), std::string(trim(line.substr(colon + 1))));
  return true;
}

ChunkedReader::Read<bool> ChunkedReader::check_trailers(const std::optional<std::string>& signature) {
  for (const std::string& name : plan_.trailers) {
    if (std::none_of(pending_trailers_.begin(), pending_trailers_.end(),
                     [&](const auto& trailer) { return trailer.first == name; })) {
      return reject(PayloadErrorCode::trailer_missing, "trailer '" + name + "' did not come");
    }
  }
  if (has_signed_chunks()) {
    auto sorted = pending_trailers_;
    std::sort(sorted.begin(), sorted.end());
    std::string canonical;
    for (const auto& [name, value] : sorted) canonical += name + ':' + value + '\n';
    const std::string text = trailer_string_to_sign(*plan_.signing, previous_signature_, canonical);
    if (!signature || !verify_chunk_text(*plan_.signing, text, *signature)) {
      return reject(PayloadErrorCode::trailer_signature_mismatch, "the trailer's signature is wrong");
    }
  }
  return check_end();
}

ChunkedReader::Read<bool> ChunkedReader::check_end() {
  if (TRY(fill())) return reject(PayloadErrorCode::extra_bytes, "bytes after the end of the chunked body");
  trailers_ = std::move(pending_trailers_);
  state_ = State::end;
  return true;
}

}  // namespace aerolith::auth
