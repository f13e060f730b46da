// Block tokens and page tokens: where in which snapshots, for whom and until when, sealed. Nothing is stored, and a
// restart ends none.
// https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-faq.html
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/secret_box.h"
#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"

namespace aerolith::ebs {

enum class TokenKind : uint8_t { block, page };
constexpr std::chrono::minutes life_of(TokenKind kind) {
  using namespace std::chrono_literals;
  return kind == TokenKind::block ? std::chrono::minutes(24h * 7) : 60min;
}

struct Place {
  std::string_view account;    // of who may use the token
  std::string_view snapshots;  // "snap-1", "snap-1 snap-2"
  uint64_t index = 0;
};
// At most 256 characters of base64's.
std::string make_token(const auth::SecretBox& box, TokenKind kind, const Place& place, Timestamp now);

enum class TokenFault : uint8_t { foreign, expired };  // foreign: not ours, or another account's or snapshot's
// -> the index. `place`: its own index doesn't count.
aerolith::Result<uint64_t, TokenFault> open_token(const auth::SecretBox& box, TokenKind kind, std::string_view token,
                                                  const Place& place, Timestamp now);

// What lies in a token; views into `text`. Nullopt for what make_token doesn't write.
struct TokenText {
  Timestamp expires_at;
  Place place;
};
std::optional<TokenText> read_token_text(std::string_view text);

}  // namespace aerolith::ebs
