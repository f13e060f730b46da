#include "services/imds/tokens.h"

#include <charconv>

namespace aerolith::imds {
namespace {

using std::chrono::seconds;

constexpr std::string_view kContext = "imds token";
constexpr size_t kLongestText = 512;  // ours are far shorter

std::optional<int64_t> read_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<seconds> read_token_life(std::string_view text) {
  const auto value = read_number(text);
  if (!value || *value < 1 || *value > kLongestToken.count()) return std::nullopt;
  return seconds(*value);
}

std::string make_token(const auth::SecretBox& box, std::string_view instance, Timestamp ends_at) {
  std::string text = std::to_string(ends_at.time_since_epoch().count());
  text += ' ';
  text += instance;
  return box.seal(text, kContext);
}

std::optional<seconds> check_token(const auth::SecretBox& box, std::string_view instance, std::string_view token,
                                   Timestamp now) {
  if (token.empty() || token.size() > kLongestText) return std::nullopt;
  const auto text = box.open(token, kContext);
  if (!text) return std::nullopt;
  const size_t space = text->find(' ');
  if (space == std::string::npos || std::string_view(*text).substr(space + 1) != instance) return std::nullopt;
  const auto ends = read_number(std::string_view(*text).substr(0, space));
  if (!ends) return std::nullopt;
  const auto left = Timestamp(Timestamp::duration(*ends)) - now;
  if (left <= left.zero()) return std::nullopt;
  return std::chrono::ceil<seconds>(left);
}

}  // namespace aerolith::imds
