// https:// URLs, as identity providers have them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aerolith::federation {

struct HttpsUrl {
  std::string address;  // host:port, as http::fetch_tls takes it
  std::string host;     // what goes into the Host field: without the port where it is 443
  std::string target;   // path and query, "/" at least
};

// nullopt for another scheme, user names, fragments, and characters that no URL has.
std::optional<HttpsUrl> parse_https_url(std::string_view text);

}  // namespace aerolith::federation
