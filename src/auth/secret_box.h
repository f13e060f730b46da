// Seals secrets that leave memory: at rest in the store, or in a token that the client keeps.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aerolith::auth {

// The seam to the installation's key. Safe from any thread.
class SecretBox {
 public:
  virtual ~SecretBox() = default;
  // Text (base64). `context` says what it is and where it belongs; open() must be given the same.
  virtual std::string seal(std::string_view secret, std::string_view context) const = 0;
  // nullopt for what wasn't sealed with this key and for this context, or was changed.
  virtual std::optional<std::string> open(std::string_view sealed, std::string_view context) const = 0;
};

}  // namespace aerolith::auth
