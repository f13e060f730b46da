#include "services/ebs/tokens.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace aerolith::ebs {
namespace {

using namespace std::chrono_literals;

// Bound to its context.
class TestBox final : public auth::SecretBox {
 public:
  std::string seal(std::string_view secret, std::string_view context) const override {
    return base64_encode(std::string(context) + "|" + std::string(secret));
  }
  std::optional<std::string> open(std::string_view sealed, std::string_view context) const override {
    const auto text = base64_decode(sealed);
    const std::string prefix = std::string(context) + "|";
    if (!text || !text->starts_with(prefix)) return std::nullopt;
    return text->substr(prefix.size());
  }
};

constexpr Timestamp kNow{std::chrono::seconds(1'700'000'000)};
constexpr Place kPlace{.account = "123456789012", .snapshots = "snap-0123456789abcdef0", .index = 131071};

class TokensTest : public testing::Test {
 protected:
  auto open(TokenKind kind, std::string_view token, const Place& place, Timestamp now) const {
    return open_token(box_, kind, token, place, now);
  }
  TestBox box_;
};

TEST_F(TokensTest, TellTheIndexUntilTheyExpire) {
  const std::string block = make_token(box_, TokenKind::block, kPlace, kNow);
  EXPECT_EQ(open(TokenKind::block, block, kPlace, kNow).value(), kPlace.index);
  EXPECT_EQ(open(TokenKind::block, block, kPlace, kNow + 24h * 7 - 1ms).value(), kPlace.index);
  EXPECT_EQ(open(TokenKind::block, block, kPlace, kNow + 24h * 7).error(), TokenFault::expired);
  const std::string page = make_token(box_, TokenKind::page, kPlace, kNow);
  EXPECT_EQ(open(TokenKind::page, page, kPlace, kNow + 59min).value(), kPlace.index);
  EXPECT_EQ(open(TokenKind::page, page, kPlace, kNow + 60min).error(), TokenFault::expired);
}

TEST_F(TokensTest, AreOfOneAccountOneKindAndTheirSnapshots) {
  const std::string token = make_token(box_, TokenKind::block, kPlace, kNow);
  EXPECT_EQ(open(TokenKind::page, token, kPlace, kNow).error(), TokenFault::foreign);
  for (const Place& other : {Place{.account = "999999999999", .snapshots = kPlace.snapshots},
                             Place{.account = kPlace.account, .snapshots = "snap-0123456789abcdef1"},
                             Place{.account = kPlace.account, .snapshots = "snap-0123456789abcdef0 snap-1"}}) {
    EXPECT_EQ(open(TokenKind::block, token, other, kNow).error(), TokenFault::foreign);
  }
  for (const std::string_view other : {"", "AAAB", "no base64", "AAUBAcuWqOCnDNuKle11s7IIX6jp6FYcC"}) {
    EXPECT_EQ(open(TokenKind::block, other, kPlace, kNow).error(), TokenFault::foreign) << other;
  }
}

TEST_F(TokensTest, OnlyWhatTheyHoldIsRead) {
  EXPECT_EQ(read_token_text("12 34 56 a b")->place.snapshots, "a b");
  EXPECT_EQ(read_token_text("-12 34 56 a")->expires_at, Timestamp(-12ms));
  for (const std::string_view bad :
       {"", " ", "1", "1 2", "1 2 3", "1 2 3 ", "1  3 a", "x 2 3 a", "1 -2 3 a", "1 2x 3 a", "+1 2 3 a",
        "99999999999999999999 2 3 a", "1 99999999999999999999 3 a"}) {
    EXPECT_FALSE(read_token_text(bad)) << bad;
  }
}

// The longest that there can be: two snapshots with 17 digits; 28 bytes are the seal's own.
TEST_F(TokensTest, FitIntoTheirShape) {
  const std::string text = "1700000000000 134217728 123456789012 snap-0123456789abcdef0 snap-0123456789abcdef0";
  EXPECT_LE((text.size() + 28 + 2) / 3 * 4, 256U);
}

}  // namespace
}  // namespace aerolith::ebs
