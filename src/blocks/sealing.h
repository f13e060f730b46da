// The seam to the installation's key, with which secrets at rest are sealed. Empty functions: there is none here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith::blocks {

// Safe from any thread.
struct Sealing {
  // Text of one line. `context` says what it is and where it belongs; open() must be given the same.
  std::function<std::string(std::string_view secret, std::string_view context)> seal{};
  // nullopt for what wasn't sealed with this key and for this context, or was changed.
  std::function<std::optional<std::string>(std::string_view sealed, std::string_view context)> open{};
};

}  // namespace aerolith::blocks
