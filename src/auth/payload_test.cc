// Bodies against what their heads promise: chunk framing, chunk signatures, trailers, at every split of the input.
#include "auth/payload.h"

#include <gtest/gtest.h>

#include "auth/error_code.h"
#include "auth/test_fixtures.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

using namespace testing;

struct Outcome {
  std::string data;
  std::optional<PayloadErrorCode> failure;
  std::optional<http::BodyErrorCode> error;
  std::vector<std::pair<std::string, std::string>> trailers;
};

Outcome drain(VerifyingReader& reader, size_t buffer_size = 1000) {
  Outcome out;
  std::string buffer(buffer_size, '\0');
  while (true) {
    const auto size = reader.read(buffer);
    if (!size.has_value()) {
      out.error = size.error().code;
      // The verdict stays.
      EXPECT_EQ(reader.read(buffer).error().code, *out.error);
      break;
    }
    if (*size == 0) {
      EXPECT_EQ(reader.read(buffer).value(), 0u);
      break;
    }
    out.data.append(buffer.data(), *size);
  }
  if (reader.failure()) out.failure = reader.failure()->code;
  out.trailers = reader.trailers();
  return out;
}

Outcome decode(const PayloadPlan& plan, std::string_view body, const PayloadLimits& limits = {}) {
  StringBody inner{std::string(body)};
  return drain(*make_payload_reader(plan, inner, limits));
}

PayloadPlan unsigned_plan(uint64_t length, std::vector<std::string> trailers = {}) {
  PayloadPlan plan;
  plan.kind = PayloadKind::unsigned_chunks_trailer;
  plan.decoded_length_bytes = length;
  plan.trailers = std::move(trailers);
  return plan;
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
class S3StreamingExample : public ::testing::Test {
 protected:
  S3StreamingExample() { keys_.add(kDocsKey, kDocsSecret); }

  http::RequestHead head_of(std::string_view payload, std::string_view names, std::string_view signature) const {
    auto head = make_head("PUT", "/examplebucket/chunkObject.txt", "s3.amazonaws.com");
    head.headers.add("x-amz-date", "20130524T000000Z");
    head.headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
    head.headers.add("Content-Encoding", "aws-chunked");
    head.headers.add("x-amz-decoded-content-length", "66560");
    head.headers.add("x-amz-content-sha256", std::string(payload));
    head.headers.add(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
            std::string(names) + ",Signature=" + std::string(signature));
    return head;
  }
  PayloadPlan plan_of(const http::RequestHead& head) const {
    const auto result = authenticator_.authenticate({.head = head, .service = "s3", .body_sha256 = {}});
    EXPECT_TRUE(result.has_value());
    return result.has_value() ? result->payload : PayloadPlan{};
  }

  FixedClock clock_{"20130524T000000Z"};
  MemoryKeys keys_;
  Authenticator authenticator_{{.region = "us-east-1", .accepts_service = {}, .accepts_region = {}}, keys_, clock_};
};

TEST_F(S3StreamingExample, SignedChunks) {
  auto head = head_of("STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                      "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
                      "x-amz-decoded-content-length;x-amz-storage-class",
                      "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  head.headers.add("Content-Length", "66824");
  const PayloadPlan plan = plan_of(head);
  const std::string body =
      "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
      std::string(65536, 'a') +
      "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
      std::string(1024, 'a') +
      "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  ASSERT_EQ(body.size(), 66824u);
  const Outcome good = decode(plan, body);
  EXPECT_FALSE(good.error.has_value());
  EXPECT_EQ(good.data, std::string(66560, 'a'));

  std::string altered = body;
  altered[70] = 'a';  // inside the first signature
  altered[100] = 'b';
  EXPECT_EQ(decode(plan, altered).failure, PayloadErrorCode::chunk_signature_mismatch);
  std::string last = body;
  last[last.size() - 10] ^= 1;
  EXPECT_EQ(decode(plan, last).failure, PayloadErrorCode::chunk_signature_mismatch);
}

TEST_F(S3StreamingExample, SignedTrailer) {
  auto head = make_head("PUT", "/examplebucket/chunkObject.txt", "s3.amazonaws.com");
  PayloadPlan plan;
  plan.kind = PayloadKind::signed_chunks_trailer;
  plan.decoded_length_bytes = 66560;
  plan.trailers = {"x-amz-checksum-crc32c"};
  plan.signing = chunk_signing({.access_key_id = std::string(kDocsKey),
                                .secret = std::string(kDocsSecret),
                                .session_token = {},
                                .region = "us-east-1",
                                .service = "s3",
                                .time = clock_.now(),
                                .payload_hash = {}},
                               "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  const std::string chunks =
      "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" +
      std::string(65536, 'a') +
      "\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" +
      std::string(1024, 'a') +
      "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n";
  const std::string signature =
      "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
  // As SDKs write it; as the published example prints it; without the last blank line.
  for (const std::string& trailer : {"x-amz-checksum-crc32c:sOO8/Q==\r\n" + signature + "\r\n\r\n",
                                     "\r\nx-amz-checksum-crc32c:sOO8/Q==\n\r\n" + signature + "\r\n\r\n",
                                     "x-amz-checksum-crc32c:sOO8/Q==\r\n" + signature + "\r\n"}) {
    const Outcome good = decode(plan, chunks + trailer);
    EXPECT_FALSE(good.error.has_value()) << trailer;
    EXPECT_EQ(good.data.size(), 66560u);
    ASSERT_EQ(good.trailers.size(), 1u);
    EXPECT_EQ(good.trailers[0], std::pair(std::string("x-amz-checksum-crc32c"), std::string("sOO8/Q==")));
  }
  const auto failure_of = [&](const std::string& trailer) { return decode(plan, chunks + trailer).failure; };
  EXPECT_EQ(failure_of("x-amz-checksum-crc32c:sOO8/R==\r\n" + signature + "\r\n\r\n"),
            PayloadErrorCode::trailer_signature_mismatch);
  EXPECT_EQ(failure_of("x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:\r\n\r\n"),
            PayloadErrorCode::trailer_signature_mismatch);
  EXPECT_EQ(failure_of("x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n"), PayloadErrorCode::truncated);
  EXPECT_EQ(failure_of(signature + "\r\n\r\n"), PayloadErrorCode::trailer_missing);
  EXPECT_EQ(failure_of("x-amz-checksum-crc32c:sOO8/Q==\r\n" + signature + "\r\n\r\nmore"),
            PayloadErrorCode::extra_bytes);
}

class SignedRoundTrip : public ::testing::TestWithParam<SignatureAlgorithm> {
 protected:
  std::string encode(const std::vector<std::string>& chunks, bool with_trailer) {
    SigningInput input{.access_key_id = std::string(kDocsKey),
                       .secret = std::string(kDocsSecret),
                       .session_token = {},
                       .region = "us-east-1",
                       .service = "s3",
                       .time = *parse_iso8601_basic("20130524T000000Z"),
                       .algorithm = GetParam(),
                       .payload_hash = {}};
    plan_.kind = with_trailer ? PayloadKind::signed_chunks_trailer : PayloadKind::signed_chunks;
    plan_.signing = chunk_signing(input, std::string(64, 'f'));
    plan_.decoded_length_bytes = 0;
    std::string body;
    std::string previous = plan_.signing->seed_signature;
    const auto add = [&](const std::string& data) {
      const std::string signature =
          sign_chunk_text(*plan_.signing, chunk_string_to_sign(*plan_.signing, previous, sha256_hex(data)));
      body += fmt_hex(data.size()) + ";chunk-signature=" + signature + "\r\n" + data;
      if (!data.empty()) body += "\r\n";
      previous = std::string(strip_signature_padding(signature));
      plan_.decoded_length_bytes += data.size();
    };
    for (const std::string& chunk : chunks) add(chunk);
    add("");
    if (with_trailer) {
      plan_.trailers = {"x-amz-checksum-crc32"};
      const std::string signature = sign_chunk_text(
          *plan_.signing, trailer_string_to_sign(*plan_.signing, previous, "x-amz-checksum-crc32:AAAAAA==\n"));
      body += "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:" + signature + "\r\n";
    }
    return body + "\r\n";
  }
  static std::string fmt_hex(size_t value) {
    std::string out;
    do out.insert(out.begin(), "0123456789abcdef"[value % 16]);
    while (value /= 16);
    return out;
  }
  PayloadPlan plan_;
};

TEST_P(SignedRoundTrip, AnySplitGivesTheSame) {
  for (const bool with_trailer : {false, true}) {
    const std::string body = encode({"hello, ", "chunked \r\n world", "!"}, with_trailer);
    for (size_t split = 1; split < body.size(); ++split) {
      SplitBody inner(body, split);
      const Outcome outcome = drain(*make_payload_reader(plan_, inner), 1 + split % 9);
      EXPECT_FALSE(outcome.error.has_value()) << split;
      EXPECT_EQ(outcome.data, "hello, chunked \r\n world!") << split;
      EXPECT_EQ(outcome.trailers.size(), with_trailer ? 1u : 0u);
    }
  }
}

TEST_P(SignedRoundTrip, EveryTruncationAndAlterationFails) {
  const std::string body = encode({"hello, ", "world"}, true);
  for (size_t size = 0; size < body.size() - 2; ++size) {  // the very last CRLF may be missing
    EXPECT_TRUE(decode(plan_, std::string_view(body).substr(0, size)).error.has_value()) << size;
    StringBody inner(body.substr(0, size), 3, true);
    EXPECT_TRUE(drain(*make_payload_reader(plan_, inner)).error.has_value()) << size;
  }
  for (size_t i = 0; i < body.size(); ++i) {
    std::string altered = body;
    altered[i] ^= 1;
    const Outcome outcome = decode(plan_, altered);
    // '\r' of a trailer line may go, '*' is padding on either side, and the blank after the end is not data.
    const bool is_harmless = !outcome.error && outcome.data == "hello, world" && outcome.trailers.size() == 1 &&
                             outcome.trailers[0].second == "AAAAAA==";
    if (i < body.find("x-amz-checksum") && altered[i] != '+') {
      EXPECT_TRUE(outcome.error.has_value()) << i << " " << altered;
    } else {
      EXPECT_TRUE(outcome.error.has_value() || is_harmless) << i;
    }
  }
  EXPECT_EQ(decode(plan_, body + "x").failure, PayloadErrorCode::extra_bytes);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, SignedRoundTrip,
                         ::testing::Values(SignatureAlgorithm::hmac_sha256, SignatureAlgorithm::ecdsa_p256_sha256));

TEST(UnsignedChunks, TrailersComeOutAtTheEnd) {
  const PayloadPlan plan = unsigned_plan(11, {"x-amz-checksum-crc32"});
  const std::string body = "6\r\nhello \r\n5\r\nworld\r\n0\r\nX-Amz-Checksum-CRC32: DUoRhQ== \r\n\r\n";
  for (size_t split = 1; split < body.size(); ++split) {
    SplitBody inner(body, split);
    const auto reader = make_payload_reader(plan, inner);
    EXPECT_TRUE(reader->trailers().empty());
    EXPECT_EQ(reader->size_bytes(), 11u);
    const Outcome outcome = drain(*reader, 1 + split % 7);
    EXPECT_EQ(outcome.data, "hello world");
    ASSERT_EQ(outcome.trailers.size(), 1u) << split;
    EXPECT_EQ(outcome.trailers[0], std::pair(std::string("x-amz-checksum-crc32"), std::string("DUoRhQ==")));
  }
  EXPECT_EQ(decode(unsigned_plan(0), "0\r\n\r\n").error, std::nullopt);
}

TEST(UnsignedChunks, EachKindOfDamageHasItsName) {
  const auto failure_of = [](std::string_view body, uint64_t length = 5, std::vector<std::string> trailers = {},
                             const PayloadLimits& limits = {}) {
    const Outcome outcome = decode(unsigned_plan(length, std::move(trailers)), body, limits);
    EXPECT_TRUE(outcome.trailers.empty());
    return outcome.failure;
  };
  using enum PayloadErrorCode;
  EXPECT_EQ(failure_of("5\nhello\r\n0\r\n\r\n"), malformed_chunk_header);
  EXPECT_EQ(failure_of("5\rhello\r\n0\r\n\r\n"), malformed_chunk_header);
  EXPECT_EQ(failure_of("-5\r\nhello\r\n0\r\n\r\n"), malformed_chunk_header);
  EXPECT_EQ(failure_of("+5\r\nhello\r\n0\r\n\r\n"), malformed_chunk_header);
  EXPECT_EQ(failure_of("0x5\r\nhello\r\n0\r\n\r\n"), malformed_chunk_header);
  EXPECT_EQ(failure_of(" 5\r\nhello\r\n0\r\n\r\n"), malformed_chunk_header);
  EXPECT_EQ(failure_of("\r\nhello\r\n0\r\n\r\n"), malformed_chunk_header);
  EXPECT_EQ(failure_of("00000000000000005\r\nhello\r\n0\r\n\r\n"), malformed_chunk_header);
  EXPECT_EQ(failure_of("ffffffffffffffff\r\nhello"), chunk_too_large);
  EXPECT_EQ(failure_of("5;" + std::string(600, 'x') + "\r\nhello\r\n0\r\n\r\n"), chunk_header_too_long);
  EXPECT_EQ(failure_of("5\r\nhello0\r\n\r\n"), missing_chunk_end);
  EXPECT_EQ(failure_of("5\r\nhello\n0\r\n\r\n"), missing_chunk_end);
  EXPECT_EQ(failure_of("5\r\nhell"), truncated);
  EXPECT_EQ(failure_of("5\r\nhello\r\n"), truncated);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\n"), truncated);
  EXPECT_EQ(failure_of(""), truncated);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\n\r\nx"), extra_bytes);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\n\r\n", 6), length_mismatch);
  EXPECT_EQ(failure_of("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"), length_mismatch);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\nno colon\r\n\r\n", 5, {"no colon"}), malformed_trailer);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\na:1\r\na:2\r\n\r\n", 5, {"a"}), malformed_trailer);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\na:1\rb\r\n\r\n", 5, {"a"}), malformed_trailer);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\nb:1\r\n\r\n", 5, {"a"}), trailer_not_declared);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\n\r\n", 5, {"a"}), trailer_missing);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\na:" + std::string(20'000, 'x') + "\r\n\r\n", 5, {"a"}), trailer_too_large);
  EXPECT_EQ(failure_of("5\r\nhello\r\n0\r\n\r\n", 5, {}, {.chunk_header_bytes = 512, .chunk_bytes = 4}),
            chunk_too_large);
}

TEST(SignedChunks, ASignatureMustBeThere) {
  PayloadPlan plan;
  plan.kind = PayloadKind::signed_chunks;
  plan.decoded_length_bytes = 5;
  plan.signing = chunk_signing({.access_key_id = "A",
                                .secret = "B",
                                .session_token = {},
                                .region = "us-east-1",
                                .service = "s3",
                                .time = {},
                                .payload_hash = {}},
                               "seed");
  for (const std::string_view body :
       {"5\r\nhello\r\n0\r\n\r\n", "5;chunk-signature=\r\nhello\r\n", "5;signature=ab\r\nhello\r\n"}) {
    EXPECT_EQ(decode(plan, body).failure, PayloadErrorCode::malformed_chunk_header) << body;
  }
}

TEST(PayloadReader, AConnectionErrorIsNoVerdict) {
  PayloadPlan plan;
  plan.kind = PayloadKind::hashed;
  plan.sha256_hex = sha256_hex("abc");
  StringBody inner("ab", 1, true);
  const Outcome outcome = drain(*make_payload_reader(plan, inner));
  EXPECT_EQ(outcome.error, http::BodyErrorCode::disconnected);
  EXPECT_FALSE(outcome.failure.has_value());
  StringBody chunked("5\r\nhel", 2, true);
  const Outcome cut = drain(*make_payload_reader(unsigned_plan(5), chunked));
  EXPECT_EQ(cut.error, http::BodyErrorCode::disconnected);
  EXPECT_FALSE(cut.failure.has_value());
}

}  // namespace
}  // namespace aerolith::auth
