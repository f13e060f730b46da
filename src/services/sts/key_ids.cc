#include "services/sts/key_ids.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

#include "base/random.h"

namespace aerolith::sts {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr size_t kLetters = 16;
constexpr size_t kBitsOfLetter = 5;
constexpr size_t kBitsOfNumber = 40;
constexpr uint64_t kNumbers = 1'000'000'000'000;  // twelve digits

// Where the number's bit is, its highest first.
struct Place {
  size_t letter = 0;
  size_t mask = 0;
};
Place place_of(size_t bit) {
  const size_t at = bit + 1;
  return {.letter = at / kBitsOfLetter, .mask = size_t{16} >> (at % kBitsOfLetter)};
}

}  // namespace

std::string make_session_key_id(const AccountId& account) {
  uint64_t number = 0;
  std::from_chars(account.view().data(), account.view().data() + account.view().size(), number);
  std::string letters = random_string(kLetters, kAlphabet);
  for (size_t bit = 0; bit < kBitsOfNumber; ++bit) {
    const Place place = place_of(bit);
    const size_t value = kAlphabet.find(letters[place.letter]) & ~place.mask;
    const bool is_set = (number >> (kBitsOfNumber - 1 - bit) & 1U) != 0;
    letters[place.letter] = kAlphabet[is_set ? value | place.mask : value];
  }
  return std::string(kSessionKeyPrefix) + letters;
}

std::optional<AccountId> account_of_session_key(std::string_view id) {
  if (!id.starts_with(kSessionKeyPrefix) || id.size() != kSessionKeyPrefix.size() + kLetters) return std::nullopt;
  const std::string_view letters = id.substr(kSessionKeyPrefix.size());
  if (letters.find_first_not_of(kAlphabet) != std::string_view::npos) return std::nullopt;
  uint64_t number = 0;
  for (size_t bit = 0; bit < kBitsOfNumber; ++bit) {
    const Place place = place_of(bit);
    number = number << 1U | ((kAlphabet.find(letters[place.letter]) & place.mask) != 0 ? 1U : 0U);
  }
  if (number >= kNumbers) return std::nullopt;
  return AccountId(fmt::format("{:012}", number));
}

}  // namespace aerolith::sts
