#include "auth/legacy_link.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "auth/authorization.h"
#include "base/encoding.h"
#include "http/query.h"

namespace aerolith::auth {
namespace {

// What Version 2 signs elsewhere or not at all: how much of a listing is shown acts on nothing.
constexpr std::array<std::string_view, 21> kUnsignedParameters{"AWSAccessKeyId",
                                                               "Expires",
                                                               "Signature",
                                                               "bucket-region",
                                                               "continuation-token",
                                                               "delimiter",
                                                               "encoding-type",
                                                               "fetch-owner",
                                                               "key-marker",
                                                               "list-type",
                                                               "marker",
                                                               "max-buckets",
                                                               "max-keys",
                                                               "max-parts",
                                                               "max-uploads",
                                                               "part-number-marker",
                                                               "prefix",
                                                               "start-after",
                                                               "upload-id-marker",
                                                               "version-id-marker",
                                                               "x-id"};

struct Parameter {
  std::string name;                  // decoded, as whoever acts on the request compares it
  std::optional<std::string> value;  // decoded; nullopt without '='
};

std::string decoded(std::string_view raw) { return form_decode(raw).value_or(std::string(raw)); }

std::vector<Parameter> split_query(std::string_view query) {
  std::vector<Parameter> parameters;
  while (const auto raw = http::next_parameter(query)) {
    parameters.push_back({decoded(raw->name), std::nullopt});
    if (raw->value) parameters.back().value = decoded(*raw->value);
  }
  return parameters;
}

bool is_amz(std::string_view name) { return equals_ignore_case(name.substr(0, 6), "x-amz-"); }

// Signed on lines of their own, as the headers they stand for.
bool stands_for_header(std::string_view name) {
  return is_amz(name) || equals_ignore_case(name, "content-md5") || equals_ignore_case(name, "content-type");
}

// A decoded line break would make two lines out of one, and let two different requests have one text.
std::string one_line(std::string_view value) {
  std::string line(trim(value));
  std::ranges::replace_if(line, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return line;
}

std::string canonical_resource(std::string_view path, const std::vector<Parameter>& query) {
  std::multimap<std::string, std::string> kept;  // those of one name in the order in which they came
  for (const auto& [name, value] : query) {
    if (stands_for_header(name) || std::ranges::find(kUnsignedParameters, name) != kUnsignedParameters.end()) continue;
    // No real name changes here; an '&' or '=' smuggled into one can't pass for two parameters.
    std::string text = percent_encode(name);
    if (value) text += "=" + *value;
    kept.emplace(name, std::move(text));
  }
  std::string resource(path);
  char before = '?';
  for (const auto& [name, text] : kept) resource += std::exchange(before, '&') + text;
  return resource;
}

// A header, or the query parameter that a link carries in its place.
std::string find_either(const http::RequestHead& head, const std::vector<Parameter>& query, std::string_view name) {
  if (const auto header = head.headers.find(name)) return one_line(*header);
  for (const auto& [parameter, value] : query)
    if (equals_ignore_case(parameter, name)) return one_line(value.value_or(""));
  return {};
}

// The seconds are a 32-bit number at S3 too.
std::optional<Timestamp> parse_link_expires(std::string_view text) {
  int32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return Timestamp{std::chrono::seconds{seconds}};
}

}  // namespace

bool is_legacy_link(std::string_view query) {
  while (const auto parameter = http::next_parameter(query)) {
    const std::string_view name = parameter->name;
    if (name == "AWSAccessKeyId" || name == "Signature" || name == "Expires") return true;
  }
  return false;
}

std::optional<LegacyLink> read_legacy_link(std::string_view query) {
  auto key = find_parameter(query, "AWSAccessKeyId");
  auto signature = find_parameter(query, "Signature");
  auto expires = find_parameter(query, "Expires");
  if (!key || !signature || !expires) return std::nullopt;
  LegacyLink link;
  link.access_key_id = *std::move(key);
  link.signature = *std::move(signature);
  link.expires_at = parse_link_expires(*expires);
  link.expires = *std::move(expires);
  link.session_token = find_parameter(query, "x-amz-security-token");
  return link;
}

std::string legacy_string_to_sign(const http::RequestHead& head, std::string_view resource_path) {
  const std::vector<Parameter> query = split_query(head.query());
  std::map<std::string, std::string> amz_headers;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!is_amz(name)) return;
    const auto [known, is_new] = amz_headers.try_emplace(to_lower(name), one_line(value));
    if (!is_new) known->second += "," + one_line(value);
  };
  for (const auto& [name, value] : head.headers.fields()) add(name, value);
  for (const auto& [name, value] : query)
    if (!head.headers.contains(name)) add(percent_encode(name), value.value_or(""));

  std::string text = head.method + "\n" + find_either(head, query, "content-md5") + "\n" +
                     find_either(head, query, "content-type") + "\n" +
                     find_parameter(head.query(), "Expires").value_or("") + "\n";
  for (const auto& [name, value] : amz_headers) text += name + ":" + value + "\n";
  return text + canonical_resource(resource_path, query);
}

std::string legacy_signature(std::string_view secret, std::string_view string_to_sign) {
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(string_to_sign.data()), string_to_sign.size(),
       reinterpret_cast<unsigned char*>(mac.data()), &size);
  mac.resize(size);
  return base64_encode(mac);
}

}  // namespace aerolith::auth
