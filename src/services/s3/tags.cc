#include "services/s3/tags.h"

#include <algorithm>
#include <string_view>

#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

constexpr size_t kMostKeyChars = 128;
constexpr size_t kMostValueChars = 256;
constexpr size_t kMostObjectTags = 10;
constexpr size_t kMostBucketTags = 50;

size_t count_chars(std::string_view utf8) {
  return static_cast<size_t>(std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}

// Letters, digits and space of any script, and + - = . _ : / @
bool has_allowed_chars(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    bool is_ascii = static_cast<unsigned char>(c) < 0x80;
    bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return !is_ascii || is_word || std::string_view(" +-=._:/@").find(c) != std::string_view::npos;
  });
}

Result<> check_tag(std::string_view key, std::string_view value, Tagged what) {
  if (key.empty() || count_chars(key) > kMostKeyChars || !has_allowed_chars(key)) {
    return errors::invalid_tag("The TagKey you have provided is invalid", key);
  }
  if (to_lower(key).starts_with("aws:")) {
    return errors::invalid_tag(what == Tagged::bucket ? "System tags cannot be added/updated by requester"
                                                      : "Your TagKey cannot be prefixed with aws:",
                               key);
  }
  if (count_chars(value) > kMostValueChars || !has_allowed_chars(value)) {
    return errors::invalid_tag("The TagValue you have provided is invalid", key, value);
  }
  return {};
}

Result<> check_count(size_t count, Tagged what) {
  if (what == Tagged::object && count > kMostObjectTags) {
    return errors::too_many_tags("Object tags cannot be greater than 10");
  }
  if (what == Tagged::bucket && count > kMostBucketTags) {
    return errors::too_many_tags("Bucket tag count cannot be greater than 50");
  }
  return {};
}

std::unexpected<CallError> bad_header(std::string_view header) {
  return errors::invalid_argument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
      "duplicates.",
      "x-amz-tagging", header);
}

}  // namespace

Result<Tags> read_tags(const std::vector<Tag>& tags, Tagged what) {
  Tags read;
  for (const Tag& tag : tags) {
    if (!tag.key || !tag.value) return errors::malformed_xml();
    TRY(check_tag(*tag.key, *tag.value, what));
    if (!read.emplace(*tag.key, *tag.value).second) {
      return errors::invalid_tag("Cannot provide multiple Tags with the same key", *tag.key);
    }
  }
  TRY(check_count(read.size(), what));
  return read;
}

Result<Tags> read_tags(const std::optional<Tagging>& tagging, Tagged what) {
  if (!tagging) return errors::malformed_xml();
  return TRY(read_tags(tagging->tag_set.value_or(std::vector<Tag>()), what));
}

Result<Tags> read_tagging_header(const std::optional<std::string>& header) {
  Tags tags;
  std::string_view rest = header ? std::string_view(*header) : std::string_view();
  while (!rest.empty()) {
    size_t end = std::min(rest.find('&'), rest.size());
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    size_t equals = std::min(pair.find('='), pair.size());
    std::optional<std::string> key = form_decode(pair.substr(0, equals));
    std::optional<std::string> value = form_decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!key || key->empty() || !value ||
        pair.substr(std::min(equals + 1, pair.size())).find('=') != std::string_view::npos) {
      return bad_header(*header);
    }
    TRY(check_tag(*key, *value, Tagged::object));
    if (!tags.emplace(*key, *value).second) return bad_header(*header);
  }
  TRY(check_count(tags.size(), Tagged::object));
  return tags;
}

std::vector<Tag> write_tags(const Tags& tags) {
  std::vector<Tag> written;
  for (const auto& [key, value] : tags) written.push_back({.key = key, .value = value});
  return written;
}

}  // namespace aerolith::s3
