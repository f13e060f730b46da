// The text that is sealed: "<milliseconds since 1970> <index> <account> <snapshot>[ <snapshot>]".
#include "services/ebs/tokens.h"

#include <fmt/format.h>

#include <charconv>

namespace aerolith::ebs {
namespace {

constexpr size_t kLongestToken = 256;

std::string_view context_of(TokenKind kind) { return kind == TokenKind::block ? "ebs block token" : "ebs page token"; }

std::optional<std::string_view> take_word(std::string_view& text) {
  const size_t space = text.find(' ');
  if (space == 0 || space == std::string_view::npos) return std::nullopt;
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(space + 1);
  return word;
}

template <typename Number>
std::optional<Number> take_number(std::string_view& text) {
  const auto word = take_word(text);
  Number value = 0;
  if (!word) return std::nullopt;
  const auto [end, error] = std::from_chars(word->data(), word->data() + word->size(), value);
  if (error != std::errc() || end != word->data() + word->size()) return std::nullopt;
  return value;
}

}  // namespace

std::string make_token(const auth::SecretBox& box, TokenKind kind, const Place& place, Timestamp now) {
  const auto expires_at = (now + life_of(kind)).time_since_epoch();
  return box.seal(fmt::format("{} {} {} {}", expires_at.count(), place.index, place.account, place.snapshots),
                  context_of(kind));
}

std::optional<TokenText> read_token_text(std::string_view text) {
  const auto expires_at = take_number<int64_t>(text);
  if (!expires_at) return std::nullopt;
  const auto index = take_number<uint64_t>(text);
  if (!index) return std::nullopt;
  const auto account = take_word(text);
  if (!account || text.empty()) return std::nullopt;
  return TokenText{.expires_at = Timestamp(Timestamp::duration(*expires_at)),
                   .place = {.account = *account, .snapshots = text, .index = *index}};
}

aerolith::Result<uint64_t, TokenFault> open_token(const auth::SecretBox& box, TokenKind kind, std::string_view token,
                                                  const Place& place, Timestamp now) {
  if (token.empty() || token.size() > kLongestToken) return std::unexpected(TokenFault::foreign);
  const auto opened = box.open(token, context_of(kind));
  if (!opened) return std::unexpected(TokenFault::foreign);
  const auto text = read_token_text(*opened);
  if (!text || text->place.account != place.account || text->place.snapshots != place.snapshots) {
    return std::unexpected(TokenFault::foreign);
  }
  if (text->expires_at <= now) return std::unexpected(TokenFault::expired);
  return text->place.index;
}

}  // namespace aerolith::ebs
