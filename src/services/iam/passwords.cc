#include "services/iam/passwords.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/random.h"

namespace aerolith::iam {
namespace {

constexpr size_t kSaltBytes = 16;
constexpr size_t kHashBytes = 32;
// 32 MiB of memory and about 0.1 s of one core:
// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
constexpr uint64_t kCost = uint64_t{1} << 15;
constexpr uint64_t kBlockSize = 8;
constexpr uint64_t kParallel = 1;
constexpr uint64_t kMostMemory = uint64_t{64} << 20;
constexpr int32_t kDefaultMinimum = 8;
constexpr int kDefaultKinds = 3;

struct Cost {
  uint64_t n = kCost;
  uint64_t r = kBlockSize;
  uint64_t p = kParallel;
};

// Empty where OpenSSL refuses these parameters.
std::string scrypt(std::string_view password, std::string_view salt, const Cost& cost) {
  std::string out(kHashBytes, '\0');
  const int done =
      EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(),
                     cost.n, cost.r, cost.p, kMostMemory, reinterpret_cast<unsigned char*>(out.data()), out.size());
  return done == 1 ? out : std::string();
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Kinds {
  bool upper = false;
  bool lower = false;
  bool digit = false;
  bool symbol = false;
  int count() const { return int{upper} + int{lower} + int{digit} + int{symbol}; }
};

Kinds kinds_of(std::string_view password) {
  // Those that the password policy's page lists.
  constexpr std::string_view kSymbols = "!@#$%^&*()_+-=[]{}|'";
  Kinds kinds;
  for (const char c : password) {
    kinds.upper = kinds.upper || (c >= 'A' && c <= 'Z');
    kinds.lower = kinds.lower || (c >= 'a' && c <= 'z');
    kinds.digit = kinds.digit || (c >= '0' && c <= '9');
    kinds.symbol = kinds.symbol || kSymbols.find(c) != std::string_view::npos;
  }
  return kinds;
}

}  // namespace

std::string hash_password(std::string_view password) {
  const std::string salt = random_bytes(kSaltBytes);
  const Cost cost;
  return fmt::format("scrypt${}${}${}${}${}", cost.n, cost.r, cost.p, base64_encode(salt),
                     base64_encode(scrypt(password, salt, cost)));
}

bool is_password_of(std::string_view password, std::string_view hash) {
  const auto parts = split(hash, '$');
  if (parts.size() != 6 || parts[0] != "scrypt") return false;
  const auto n = number(parts[1]);
  const auto r = number(parts[2]);
  const auto p = number(parts[3]);
  const auto salt = base64_decode(parts[4]);
  const auto expected = base64_decode(parts[5]);
  if (!n || !r || !p || !salt || !expected || expected->size() != kHashBytes) return false;
  return equals_constant_time(scrypt(password, *salt, {.n = *n, .r = *r, .p = *p}), *expected);
}

Result<> check_password(std::string_view password, const std::optional<PasswordPolicyRecord>& rules,
                        std::string_view account_name) {
  const Kinds kinds = kinds_of(password);
  const auto length = static_cast<int32_t>(password.size());
  const int32_t minimum = rules ? rules->minimum_length : kDefaultMinimum;
  if (length < minimum) {
    return errors::password_violation(fmt::format("Password should have a minimum length of {}", minimum));
  }
  if (!rules) {
    if (kinds.count() < kDefaultKinds || equals_ignore_case(password, account_name)) {
      return errors::password_violation(
          "Password should have at least three of the following: uppercase letters, lowercase letters, numbers and "
          "symbols, and not be the name of the account");
    }
    return {};
  }
  if (rules->require_uppercase && !kinds.upper) {
    return errors::password_violation("Password should have at least one uppercase letter");
  }
  if (rules->require_lowercase && !kinds.lower) {
    return errors::password_violation("Password should have at least one lowercase letter");
  }
  if (rules->require_numbers && !kinds.digit) {
    return errors::password_violation("Password should have at least one number");
  }
  if (rules->require_symbols && !kinds.symbol) {
    return errors::password_violation("Password should have at least one symbol");
  }
  return {};
}

Result<> check_not_used_before(std::string_view password, const std::vector<std::string>& hashes, int32_t kept) {
  const size_t count = std::min(hashes.size(), static_cast<size_t>(std::max(kept, 0)));
  for (size_t i = 0; i < count; ++i) {
    if (is_password_of(password, hashes[i])) {
      return errors::password_violation("Password does not conform to the account password policy: it was used before");
    }
  }
  return {};
}

}  // namespace aerolith::iam
