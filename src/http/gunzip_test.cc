#include "http/gunzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace aerolith::http {
namespace {

std::string gzip(std::string bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<unsigned char*>(bytes.data());
  stream.avail_in = static_cast<unsigned>(bytes.size());
  stream.next_out = reinterpret_cast<unsigned char*>(packed.data());
  stream.avail_out = static_cast<unsigned>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

Result<std::string, BodyError> read(const Headers& headers, std::string bytes) {
  StringBody body(std::move(bytes));
  return read_all_decompressed(headers, body, 1 << 20);
}

Result<std::string, BodyError> read(const std::string& coding, std::string bytes, size_t limit_bytes = 1 << 20) {
  Headers headers;
  headers.add("Content-Encoding", coding);
  StringBody body(std::move(bytes));
  return read_all_decompressed(headers, body, limit_bytes);
}

TEST(Gunzip, TheLastCodingCounts) {
  EXPECT_EQ(read("gzip", gzip("hello")).value(), "hello");
  EXPECT_EQ(read("custom, GZIP", gzip("hello")).value(), "hello");
  EXPECT_EQ(read("gzip, custom", "hello").value(), "hello");
  EXPECT_EQ(read("", "hello").value(), "hello");
  Headers two_lines;
  two_lines.add("Content-Encoding", "custom");
  two_lines.add("content-encoding", "gzip");
  EXPECT_EQ(read(two_lines, gzip("hello")).value(), "hello");
  const std::string large(300'000, 'x');
  EXPECT_EQ(read("gzip", gzip(large)).value(), large);
}

TEST(Gunzip, LimitsWhatComesOut) {
  const std::string bomb = gzip(std::string(10 << 20, '\0'));
  ASSERT_LT(bomb.size(), 20'000U);
  EXPECT_EQ(read("gzip", bomb).error().code, BodyErrorCode::too_large);
  EXPECT_EQ(read("gzip", gzip("hello"), 4).error().code, BodyErrorCode::too_large);
}

TEST(Gunzip, RefusesWhatIsNoGzipStream) {
  const std::string packed = gzip("hello");
  EXPECT_EQ(read("gzip", "hello").error().code, BodyErrorCode::malformed);
  EXPECT_EQ(read("gzip", "").error().code, BodyErrorCode::malformed);
  EXPECT_EQ(read("gzip", packed.substr(0, packed.size() - 1)).error().code, BodyErrorCode::malformed);
  EXPECT_EQ(read("gzip", packed + "more").error().code, BodyErrorCode::malformed);
  std::string altered = packed;
  altered[packed.size() - 6] ^= 1;  // in the checksum
  EXPECT_EQ(read("gzip", altered).error().code, BodyErrorCode::malformed);
}

}  // namespace
}  // namespace aerolith::http
