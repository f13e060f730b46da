// Signature Version 4 against the public test suite and the examples of S3's documentation, from the server's side.
#include "auth/sigv4.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "auth/test_fixtures.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

using namespace testing;
namespace fs = std::filesystem;

fs::path vectors_folder() {
  const char* shared = std::getenv("AEROLITH_SHARED");
  return fs::path(shared != nullptr ? shared : AEROLITH_SOURCE_DIR "/../shared") / "vectors/sigv4";
}

struct Vector {
  std::string name;
  ParsedRequest request;  // as sent, with the Authorization of the .authz file
  std::string canonical_request, string_to_sign, authorization;
};

std::vector<Vector> read_vectors() {
  std::vector<Vector> out;
  if (!fs::exists(vectors_folder())) return out;
  for (const auto& entry : fs::recursive_directory_iterator(vectors_folder())) {
    if (entry.path().extension() != ".sreq") continue;
    fs::path base = entry.path();
    const auto text = [&](const char* extension) { return read_file(base.replace_extension(extension)); };
    Vector vector;
    vector.name = base.stem().string();
    vector.request = parse_request(text(".sreq"));
    vector.canonical_request = text(".creq");
    vector.string_to_sign = text(".sts");
    vector.authorization = text(".authz");
    vector.request.head.headers.set("Authorization", vector.authorization);
    out.push_back(std::move(vector));
  }
  return out;
}

std::string between(std::string_view text, std::string_view after, std::string_view before) {
  const size_t begin = text.find(after) + after.size();
  return std::string(text.substr(begin, text.find(before, begin) - begin));
}

std::string canonical_of(const http::RequestHead& head, std::string_view signed_headers, std::string_view body) {
  return canonical_request({.method = head.method,
                            .path = head.path(),
                            .query = head.query(),
                            .headers = head.headers,
                            .signed_headers = signed_headers,
                            .payload_hash = sha256_hex(body),
                            .path_rule = PathRule::normalised,
                            .except_parameter = {}});
}

class Suite : public ::testing::Test {
 protected:
  void SetUp() override {
    vectors_ = read_vectors();
    if (vectors_.empty()) GTEST_SKIP() << "no vectors in " << vectors_folder() << " (set AEROLITH_SHARED)";
    ASSERT_GE(vectors_.size(), 30u);
  }

  // The suite's requests carry a token where the key is temporary.
  Result<Authenticated, AuthError> authenticate(const http::RequestHead& head, std::string_view body) {
    MemoryKeys keys;
    AccessKey& key = keys.add(kSuiteKey, kSuiteSecret);
    if (const auto token = head.headers.find("x-amz-security-token")) {
      key.session = Session{std::string(*token), clock_.now() + std::chrono::hours(1)};
    }
    const Authenticator authenticator({.region = "us-east-1", .accepts_service = {}, .accepts_region = {}}, keys,
                                      clock_);
    const std::string hash = sha256_hex(body);
    return authenticator.authenticate({.head = head, .service = "service", .body_sha256 = hash});
  }

  std::vector<Vector> vectors_;
  FixedClock clock_{"20150830T123600Z"};
};

TEST_F(Suite, CanonicalRequestAndStringToSignAreEqual) {
  for (const Vector& vector : vectors_) {
    const std::string names = between(vector.authorization, "SignedHeaders=", ",");
    const std::string canonical = canonical_of(vector.request.head, names, vector.request.body);
    EXPECT_EQ(canonical, vector.canonical_request) << vector.name;
    EXPECT_EQ(string_to_sign(kHmacAlgorithm, "20150830T123600Z", "20150830/us-east-1/service/aws4_request", canonical),
              vector.string_to_sign)
        << vector.name;
  }
}

TEST_F(Suite, SignaturesVerify) {
  for (const Vector& vector : vectors_) {
    const auto result = authenticate(vector.request.head, vector.request.body);
    ASSERT_TRUE(result.has_value()) << vector.name << " " << static_cast<int>(result.error().code);
    EXPECT_EQ(result->principal()->account.str(), "123456789012");
  }
}

TEST_F(Suite, EveryAlteredByteFails) {
  for (const Vector& vector : vectors_) {
    const http::RequestHead& head = vector.request.head;
    const std::string names = between(vector.authorization, "SignedHeaders=", ",");
    const auto expect_refused = [&](const http::RequestHead& altered, const std::string& what) {
      // Some spellings are the same request (a dot segment, a folded blank): those must verify, all others must not.
      const bool is_same = canonical_of(altered, names, vector.request.body) == vector.canonical_request &&
                           altered.headers.find("authorization") == head.headers.find("authorization");
      EXPECT_EQ(authenticate(altered, vector.request.body).has_value(), is_same) << vector.name << " " << what;
    };
    for (size_t i = 0; i < head.method.size(); ++i) {
      http::RequestHead altered = head;
      altered.method[i] ^= 1;
      expect_refused(altered, "method");
    }
    for (size_t i = 0; i < head.target.size(); ++i) {
      http::RequestHead altered = head;
      altered.target[i] ^= 1;
      expect_refused(altered, "target " + altered.target);
    }
    for (size_t field = 0; field < head.headers.fields().size(); ++field) {
      const auto& [name, value] = head.headers.fields()[field];
      if (!lists_header(names, name) && !equals_ignore_case(name, "authorization")) continue;
      for (size_t i = 0; i < value.size(); ++i) {
        http::RequestHead altered = head;
        altered.headers = {};
        for (size_t j = 0; j < head.headers.fields().size(); ++j) {
          auto [other, text] = head.headers.fields()[j];
          if (j == field) text[i] ^= 1;
          altered.headers.add(other, text);
        }
        expect_refused(altered, name);
      }
    }
    EXPECT_FALSE(authenticate(head, vector.request.body + "x").has_value()) << vector.name;
  }
}

TEST_F(Suite, OurSignerMakesTheSameSignature) {
  for (const Vector& vector : vectors_) {
    if (vector.request.head.headers.contains("x-amz-security-token")) continue;  // one of them is added after signing
    http::RequestHead head = vector.request.head;
    head.headers.remove("Authorization");
    SigningInput input{.access_key_id = std::string(kSuiteKey),
                       .secret = std::string(kSuiteSecret),
                       .session_token = {},
                       .region = "us-east-1",
                       .service = "service",
                       .time = clock_.now(),
                       .payload_hash = sha256_hex(vector.request.body)};
    sign_request(head, input);
    EXPECT_EQ(*head.headers.find("authorization"), vector.authorization) << vector.name;
  }
}

// Examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
class S3Examples : public ::testing::Test {
 protected:
  S3Examples() { keys_.add(kDocsKey, kDocsSecret); }

  Result<Authenticated, AuthError> authenticate(http::RequestHead head, std::string_view names,
                                                std::string_view signature) {
    head.headers.add(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
            std::string(names) + ",Signature=" + std::string(signature));
    return authenticator_.authenticate({.head = head, .service = "s3", .body_sha256 = {}});
  }
  static http::RequestHead head_of(std::string method, std::string target) {
    auto head = make_head(std::move(method), std::move(target), "examplebucket.s3.amazonaws.com");
    head.headers.add("x-amz-date", "20130524T000000Z");
    return head;
  }

  FixedClock clock_{"20130524T000000Z"};
  MemoryKeys keys_;
  Authenticator authenticator_{{.region = "us-east-1", .accepts_service = {}, .accepts_region = {}}, keys_, clock_};
};

TEST_F(S3Examples, GetObject) {
  auto head = head_of("GET", "/test.txt");
  head.headers.add("Range", "bytes=0-9");
  head.headers.add("x-amz-content-sha256", std::string(kEmptySha256));
  EXPECT_TRUE(authenticate(head, "host;range;x-amz-content-sha256;x-amz-date",
                           "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
                  .has_value());
}

TEST_F(S3Examples, PutObjectAndItsBody) {
  auto head = head_of("PUT", "/test$file.text");
  head.headers.add("Date", "Fri, 24 May 2013 00:00:00 GMT");
  head.headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  head.headers.add("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
  const auto result = authenticate(head, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                                   "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  ASSERT_TRUE(result.has_value());
  StringBody right("Welcome to Amazon S3.", 4);
  EXPECT_TRUE(http::read_all(*make_payload_reader(result->payload, right), 100).has_value());
  StringBody wrong("Welcome to Amazon S4.", 4);
  const auto reader = make_payload_reader(result->payload, wrong);
  const auto refused = http::read_all(*reader, 100);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, http::BodyErrorCode::rejected);
  EXPECT_EQ(reader->failure()->code, PayloadErrorCode::hash_mismatch);
}

TEST_F(S3Examples, SubresourceAndList) {
  auto lifecycle = head_of("GET", "/?lifecycle");
  lifecycle.headers.add("x-amz-content-sha256", std::string(kEmptySha256));
  EXPECT_TRUE(authenticate(lifecycle, "host;x-amz-content-sha256;x-amz-date",
                           "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
                  .has_value());
  auto list = head_of("GET", "/?max-keys=2&prefix=J");
  list.headers.add("x-amz-content-sha256", std::string(kEmptySha256));
  EXPECT_TRUE(authenticate(list, "host;x-amz-content-sha256;x-amz-date",
                           "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
                  .has_value());
}

TEST_F(S3Examples, PresignedUrl) {
  const std::string target =
      "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
      "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  const auto head = make_head("GET", target, "examplebucket.s3.amazonaws.com");
  clock_.set(clock_.now() + std::chrono::hours(23));
  const auto result = authenticator_.authenticate({.head = head, .service = "s3", .body_sha256 = {}});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->payload.kind, PayloadKind::unsigned_body);

  auto made = make_head("GET", "/test.txt", "examplebucket.s3.amazonaws.com");
  presign_request(made,
                  {.access_key_id = std::string(kDocsKey),
                   .secret = std::string(kDocsSecret),
                   .session_token = {},
                   .region = "us-east-1",
                   .service = "s3",
                   .time = *parse_iso8601_basic("20130524T000000Z"),
                   .payload_hash = std::string(kUnsignedPayload)},
                  std::chrono::hours(24));
  EXPECT_EQ(made.target, target);

  for (size_t i = 0; i < target.size(); ++i) {
    auto altered = head;
    altered.target[i] ^= 1;
    EXPECT_FALSE(authenticator_.authenticate({.head = altered, .service = "s3", .body_sha256 = {}}).has_value())
        << altered.target;
  }
}

TEST(SigningKey, MatchesTheDocumentedExample) {
  // The example key of the reference guide: 20150830, us-east-1, iam.
  EXPECT_EQ(hex_encode(derive_signing_key(kSuiteSecret, "20150830", "us-east-1", "iam")),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

TEST(SigningKeyCache, IsBoundedAndGivesEachScopeItsOwnKey) {
  SigningKeyCache cache(4);
  const auto first = cache.get("secret", "20150830", "us-east-1", "s3");
  EXPECT_EQ(*first, derive_signing_key("secret", "20150830", "us-east-1", "s3"));
  EXPECT_EQ(cache.get("secret", "20150830", "us-east-1", "s3"), first);
  EXPECT_NE(*cache.get("secret", "20150831", "us-east-1", "s3"), *first);
  EXPECT_NE(*cache.get("other", "20150830", "us-east-1", "s3"), *first);
  for (int i = 0; i < 20; ++i) cache.get("secret" + std::to_string(i), "20150830", "us-east-1", "s3");
  EXPECT_LE(cache.size(), 4u);
}

TEST(CanonicalPath, S3KeepsThePathAsSent) {
  const auto path = [](std::string_view p) { return canonical_path(p, PathRule::as_sent); };
  EXPECT_EQ(path(""), "/");
  EXPECT_EQ(path("//a/./b/../c//"), "//a/./b/../c//");
  EXPECT_EQ(path("/a b+c"), "/a%20b%2Bc");
  EXPECT_EQ(path("/a%2fb%2Fc"), "/a%2Fb%2Fc");
  EXPECT_EQ(path("/%7euser/%c3%a9"), "/~user/%C3%A9");
  EXPECT_EQ(path("/100%"), "/100%25");
  EXPECT_EQ(path("/a%2"), "/a%252");
}

TEST(CanonicalPath, OthersAreNormalisedAndEscapedTwice) {
  const auto path = [](std::string_view p) { return canonical_path(p, PathRule::normalised); };
  EXPECT_EQ(path("/a%20b"), "/a%2520b");
  EXPECT_EQ(path("/a/../../b"), "/b");
  EXPECT_EQ(path("/a/b/.."), "/a/");
  EXPECT_EQ(path("/2015-03-31/functions/arn%3Aaws%3Alambda/invocations"),
            "/2015-03-31/functions/arn%253Aaws%253Alambda/invocations");
}

TEST(CanonicalQuery, SortsByNameThenValueAfterEscaping) {
  EXPECT_EQ(canonical_query("b=2&a-b=1&a=1&a=0"), "a=0&a=1&a-b=1&b=2");
  EXPECT_EQ(canonical_query("uploads"), "uploads=");
  EXPECT_EQ(canonical_query("prefix=a+b%2Bc/d&&x=%"), "prefix=a%20b%2Bc%2Fd&x=%25");
  EXPECT_EQ(canonical_query("a=1&X-Amz-Signature=0&b=2", "X-Amz-Signature"), "a=1&b=2");
}

TEST(CanonicalHeader, FoldsBlanks) {
  EXPECT_EQ(canonical_header_value("  a   b\t c \r\n  d "), "a b c d");
  EXPECT_EQ(canonical_header_value(" \t "), "");
}

}  // namespace
}  // namespace aerolith::auth
