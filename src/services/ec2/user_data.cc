#include "services/ec2/user_data.h"

#include <algorithm>
#include <iterator>

#include "base/encoding.h"

namespace aerolith::ec2 {

Result<std::string> read_user_data(const std::optional<std::string>& text) {
  if (!text || text->empty()) return std::string();
  std::string joined;  // as `base64` writes it, in lines
  std::ranges::copy_if(*text, std::back_inserter(joined), [](char c) { return c != '\n' && c != '\r'; });
  auto data = base64_decode(joined);
  if (!data) return errors::of("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.");
  TRY(check_user_data(*data));
  return *std::move(data);
}

Result<> check_user_data(std::string_view bytes) {
  constexpr size_t kMaxBytes = 16384;
  if (bytes.size() > kMaxBytes) return errors::invalid_parameter("User data is limited to 16384 bytes");
  return {};
}

}  // namespace aerolith::ec2
