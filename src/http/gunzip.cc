#include "http/gunzip.h"

#include <zlib.h>

#include <limits>
#include <memory>

#include "base/encoding.h"

namespace aerolith::http {
namespace {

// The codings stand in the order in which they were applied: RFC 9110 section 8.4.
bool is_gzip(const Headers& headers) {
  std::string_view last;
  for (const auto& [name, value] : headers.fields())
    if (equals_ignore_case(name, "content-encoding")) last = value;
  return equals_ignore_case(trim(last.substr(last.rfind(',') + 1)), "gzip");
}

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

Result<std::string, BodyError> gunzip(std::string_view packed, size_t limit_bytes) {
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  constexpr size_t kStep = 64 * 1024;
  if (packed.size() > std::numeric_limits<unsigned>::max()) {
    return fail(BodyErrorCode::too_large, "the compressed body is over 4 GiB");
  }
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return fail(BodyErrorCode::malformed, "zlib does not start");
  const std::unique_ptr<z_stream, EndInflate> end(&stream);
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<unsigned>(packed.size());
  std::string whole;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    const size_t before = whole.size();
    if (before > limit_bytes) return fail(BodyErrorCode::too_large, "the decompressed body is over the limit");
    whole.resize(before + kStep);
    stream.next_out = reinterpret_cast<unsigned char*>(whole.data() + before);
    stream.avail_out = kStep;
    status = inflate(&stream, Z_NO_FLUSH);
    whole.resize(before + kStep - stream.avail_out);
    if (status != Z_OK && status != Z_STREAM_END) {
      return fail(BodyErrorCode::malformed, status == Z_BUF_ERROR ? "the gzip stream is cut short" : "not gzip");
    }
  }
  if (whole.size() > limit_bytes) return fail(BodyErrorCode::too_large, "the decompressed body is over the limit");
  if (stream.avail_in > 0) return fail(BodyErrorCode::malformed, "bytes after the gzip stream");
  return whole;
}

}  // namespace

Result<std::string, BodyError> read_all_decompressed(const Headers& headers, BodyReader& body, size_t limit_bytes) {
  std::string bytes = TRY(read_all(body, limit_bytes));
  if (!is_gzip(headers)) return bytes;
  return gunzip(bytes, limit_bytes);
}

}  // namespace aerolith::http
