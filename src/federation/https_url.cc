#include "federation/https_url.h"

#include <algorithm>

namespace aerolith::federation {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr size_t kLongest = 2048;

bool is_name(std::string_view text) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
  return !text.empty() && text.size() <= 253 && text.find_first_not_of(kLetters) == std::string_view::npos;
}

bool is_bracketed_v6(std::string_view text) {
  return text.size() > 2 && text.starts_with('[') && text.ends_with(']') &&
         text.substr(1, text.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos &&
         std::stoul(std::string(text)) <= 65535;
}

// Visible ASCII but for what must be escaped; a fragment is for browsers.
bool is_target(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; }) &&
         text.find_first_of("\"<>\\^`{|}#") == std::string_view::npos;
}

}  // namespace

std::optional<HttpsUrl> parse_https_url(std::string_view text) {
  if (text.size() > kLongest || !text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  std::string target(text.substr(authority.size()));
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  const size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  const std::string_view host = has_port ? authority.substr(0, colon) : authority;
  const std::string_view port = has_port ? authority.substr(colon + 1) : "443";
  if ((!is_name(host) && !is_bracketed_v6(host)) || !is_port(port) || !is_target(target)) return std::nullopt;
  HttpsUrl url{.address = std::string(host) + ":" + std::string(port), .host = {}, .target = std::move(target)};
  url.host = port == "443" ? std::string(host) : url.address;
  return url;
}

}  // namespace aerolith::federation
