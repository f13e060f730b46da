#include "http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <optional>
#include <string>

#include "base/encoding.h"

namespace aerolith::http {
namespace {

namespace beast = boost::beast;

constexpr uint32_t kMaxFields = 512;
constexpr uint32_t kMaxLeadingBlankLines = 4;
// A chunk's line, or the last chunk with its trailer fields.
constexpr size_t kChunkLineLimitBytes = 16 * 1024;
// "0" CRLF CRLF: nothing shorter ends a chunked body.
constexpr size_t kShortestChunkEnd = 5;

std::unexpected<Rejection> reject(int status, std::string_view reason) {
  return std::unexpected(Rejection{status, reason});
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Beast's parser with what it finds put into a RequestHead. Its functions carry no `override` so that a
// Boost which adds one (on_trailer_field_impl) and one which lacks it both compile.
class HeadParser : public beast::http::basic_parser<true> {
 public:
  RequestHead head;
  int version = 11;

 protected:
  using Error = beast::error_code;
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target, int http_version,
                       Error&) {
    head.method = view(method);
    head.target = view(target);
    version = http_version;
  }
  void on_response_impl(int, beast::string_view, int, Error&) {}
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value, Error&) {
    if (is_head_complete_) return;  // a trailer field
    head.headers.add(std::string(view(name)), std::string(view(value)));
  }
  void on_trailer_field_impl(beast::http::field, beast::string_view, beast::string_view, Error&) {}
  void on_header_impl(Error&) { is_head_complete_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) {}
  std::size_t on_body_impl(beast::string_view body, Error&) { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, Error&) {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, Error&) { return body.size(); }
  void on_finish_impl(Error&) {}

 private:
  bool is_head_complete_ = false;
};

std::string_view strip_blank_lines(std::string_view bytes) {
  while (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  return bytes;
}

// 505 only for a well-formed version that isn't ours; the parser refuses the rest.
bool has_foreign_version(std::string_view request_line) {
  const size_t space = request_line.rfind(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view version = request_line.substr(space + 1);
  const bool well_formed = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                           version[6] == '.' && is_digit(version[7]);
  return well_formed && version != "HTTP/1.1" && version != "HTTP/1.0";
}

bool is_host_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7f && c != '/' && c != '@' && c != ',' && c != '?' && c != '#' && c != '\\';
  });
}

struct FramingFields {
  int hosts = 0;
  std::string_view host;
  int content_lengths = 0;
  std::string_view content_length;
  int transfer_encodings = 0;
  std::string_view transfer_encoding;
  std::string_view expect;
};

FramingFields find_framing_fields(const Headers& headers) {
  FramingFields found;
  for (const auto& [name, value] : headers.fields()) {
    switch (name.size()) {
      case 4:
        if (equals_ignore_case(name, "host")) ++found.hosts, found.host = value;
        break;
      case 6:
        if (equals_ignore_case(name, "expect")) found.expect = value;
        break;
      case 14:
        if (equals_ignore_case(name, "content-length")) ++found.content_lengths, found.content_length = value;
        break;
      case 17:
        if (equals_ignore_case(name, "transfer-encoding")) ++found.transfer_encodings, found.transfer_encoding = value;
        break;
      default:
        break;
    }
  }
  return found;
}

// RFC 9112 section 6.3.
Result<void, Rejection> decide_framing(const FramingFields& fields, ParsedHead& parsed) {
  if (fields.transfer_encodings > 0) {
    if (fields.content_lengths > 0) return reject(400, "both Content-Length and Transfer-Encoding");
    if (parsed.is_http10) return reject(400, "Transfer-Encoding in an HTTP/1.0 request");
    if (fields.transfer_encodings > 1) return reject(400, "more than one Transfer-Encoding");
    if (!equals_ignore_case(fields.transfer_encoding, "chunked")) return reject(501, "unknown Transfer-Encoding");
    parsed.framing = Framing::chunked;
    return {};
  }
  if (fields.content_lengths == 0) return {};
  if (fields.content_lengths > 1) return reject(400, "more than one Content-Length");
  if (!std::ranges::all_of(fields.content_length, is_digit)) return reject(400, "bad Content-Length");
  parsed.framing = parsed.content_length_bytes > 0 ? Framing::length : Framing::none;
  return {};
}

// RFC 9112 section 3.2: origin-form, absolute-form, and "*" for OPTIONS.
Result<void, Rejection> normalize_target(RequestHead& head) {
  std::string& target = head.target;
  if (target.starts_with('/')) return {};
  if (target == "*" && head.method == "OPTIONS") return {};
  const size_t colon = target.find("://");
  if (colon == std::string::npos) return reject(400, "bad request target");
  const std::string scheme = to_lower(std::string_view(target).substr(0, colon));
  if (scheme != "http" && scheme != "https") return reject(400, "bad request target");
  const size_t authority_start = colon + 3;
  const size_t authority_end = std::min(target.find_first_of("/?", authority_start), target.size());
  std::string authority = target.substr(authority_start, authority_end - authority_start);
  if (authority.empty() || !is_host_value(authority)) return reject(400, "bad request target");
  // The target's authority wins over the field (RFC 9112 section 3.2.2).
  head.headers.set("Host", std::move(authority));
  std::string rest = target.substr(authority_end);
  target = rest.starts_with('/') ? std::move(rest) : "/" + rest;
  return {};
}

std::string_view reason_of(const beast::error_code& error) {
  if (error == beast::http::error::bad_method) return "bad method";
  if (error == beast::http::error::bad_target) return "bad request target";
  if (error == beast::http::error::bad_version) return "bad HTTP version";
  if (error == beast::http::error::bad_field) return "bad field name";
  if (error == beast::http::error::bad_value) return "bad field value";
  if (error == beast::http::error::bad_content_length) return "bad Content-Length";
  if (error == beast::http::error::multiple_content_length) return "conflicting Content-Length";
  if (error == beast::http::error::bad_transfer_encoding) return "bad Transfer-Encoding";
  return "malformed request head";
}

}  // namespace

Result<void, Rejection> HeadScanner::end_line(std::string_view line) {
  if (line.empty()) {
    if (++blank_lines_ > kMaxLeadingBlankLines) return reject(400, "empty lines before the request line");
    return {};
  }
  // RFC 9112 section 5.2: a folded line; and white space before the first field is a smuggling vector.
  if (line.front() == ' ' || line.front() == '\t') return reject(400, "line starts with white space");
  if (++lines_ > kMaxFields + 1) return reject(431, "too many fields");
  return {};
}

Result<size_t, Rejection> HeadScanner::scan(std::string_view bytes, size_t limit_bytes) {
  size_t at = scanned_;
  const size_t end = std::min(bytes.size(), limit_bytes);
  while (at < end) {
    const char c = bytes[at];
    if (!is_control(c)) {
      ++at;
      continue;
    }
    if (c != '\r') return reject(400, c == '\n' ? "line ends without a carriage return" : "control byte in the head");
    if (at + 1 >= bytes.size()) break;
    if (bytes[at + 1] != '\n') return reject(400, "carriage return inside a line");
    const std::string_view line = bytes.substr(line_start_, at - line_start_);
    at += 2;
    if (line.empty() && lines_ > 0)
      return at <= limit_bytes ? Result<size_t, Rejection>(at) : reject(431, "head too large");
    TRY(end_line(line));
    line_start_ = static_cast<uint32_t>(at);
  }
  scanned_ = static_cast<uint32_t>(at);
  if (bytes.size() >= limit_bytes) return reject(431, "head too large");
  return size_t{0};
}

Result<ParsedHead, Rejection> parse_head(std::string_view bytes) {
  bytes = strip_blank_lines(bytes);
  if (has_foreign_version(bytes.substr(0, bytes.find("\r\n")))) return reject(505, "HTTP version not supported");
  HeadParser parser;
  parser.header_limit(static_cast<uint32_t>(bytes.size()) + 1);
  parser.body_limit(boost::none);
  parser.head.headers.reserve(16);
  beast::error_code error;
  const size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error) return reject(400, reason_of(error));
  if (used != bytes.size() || !parser.is_header_done()) return reject(400, "malformed request head");

  ParsedHead parsed;
  parsed.head = std::move(parser.head);
  parsed.is_http10 = parser.version == 10;
  parsed.keep_alive = parser.keep_alive();
  parsed.content_length_bytes = parser.content_length().value_or(0);
  const FramingFields fields = find_framing_fields(parsed.head.headers);
  if (fields.hosts > 1) return reject(400, "more than one Host");
  if (fields.hosts == 0 && !parsed.is_http10) return reject(400, "missing Host");
  if (!is_host_value(fields.host)) return reject(400, "bad Host");
  TRY(decide_framing(fields, parsed));
  parsed.expects_continue = !parsed.is_http10 && fields.content_lengths + fields.transfer_encodings > 0 &&
                            equals_ignore_case(fields.expect, "100-continue");
  TRY(normalize_target(parsed.head));
  return parsed;
}

struct ChunkDecoder::Parser : HeadParser {
  std::span<char> output;
  size_t produced_bytes = 0;
  uint64_t chunk_left_bytes = 0;

  void on_chunk_header_impl(std::uint64_t size_bytes, beast::string_view extension, Error& error) {
    chunk_left_bytes = size_bytes;
    if (std::ranges::any_of(view(extension), is_control)) error = beast::http::error::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, Error&) {
    std::memcpy(output.data(), body.data(), body.size());
    output = output.subspan(body.size());
    produced_bytes += body.size();
    chunk_left_bytes -= body.size();
    return body.size();
  }
};

ChunkDecoder::ChunkDecoder() : parser_(std::make_unique<Parser>()) {
  // The real head was checked by parse_head; this one only brings the parser to a chunked body.
  constexpr std::string_view kHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  parser_->body_limit(boost::none);
  beast::error_code error;
  parser_->put(boost::asio::const_buffer(kHead.data(), kHead.size()), error);
}
ChunkDecoder::~ChunkDecoder() = default;
ChunkDecoder::ChunkDecoder(ChunkDecoder&&) noexcept = default;
ChunkDecoder& ChunkDecoder::operator=(ChunkDecoder&&) noexcept = default;

bool ChunkDecoder::is_done() const { return parser_->is_done(); }

Result<ChunkDecoder::Progress, Rejection> ChunkDecoder::decode(std::string_view input, std::span<char> output) {
  parser_->output = output;
  parser_->produced_bytes = 0;
  Progress progress;
  while (!parser_->is_done()) {
    std::string_view rest = input.substr(progress.consumed_bytes);
    const bool in_data = parser_->chunk_left_bytes > 0;
    if (in_data) rest = rest.substr(0, parser_->output.size());
    // Beast's parser expects to see the end of the last chunk in one piece.
    if (rest.empty() || (!in_data && rest.size() < kShortestChunkEnd)) break;
    beast::error_code error;
    progress.consumed_bytes += parser_->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    if (error == beast::http::error::need_more) {
      if (rest.size() > kChunkLineLimitBytes) return reject(400, "chunk line or trailer too large");
      break;
    }
    if (error) return reject(400, "bad chunk framing");
  }
  progress.produced_bytes = parser_->produced_bytes;
  return progress;
}

}  // namespace aerolith::http
