#include "services/s3/conditions.h"

#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

// Last-Modified goes out in whole seconds, so that is what clients send back.
Timestamp whole_seconds(Timestamp t) { return std::chrono::floor<std::chrono::seconds>(t); }

std::string_view bare_etag(std::string_view text) {
  text = trim(text);
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

bool etag_matches(std::string_view header, std::string_view etag) {
  while (true) {
    size_t comma = header.find(',');
    std::string_view candidate = bare_etag(header.substr(0, comma));
    if (candidate == "*" || candidate == etag) return true;
    if (comma == std::string_view::npos) return false;
    header.remove_prefix(comma + 1);
  }
}

ConditionOutcome evaluate_read_conditions(const Conditions& conditions, std::string_view etag,
                                          Timestamp last_modified) {
  Timestamp modified = whole_seconds(last_modified);
  if (conditions.if_match) {
    if (!etag_matches(*conditions.if_match, etag)) return {ConditionVerdict::failed, "If-Match"};
  } else if (conditions.if_unmodified_since && modified > *conditions.if_unmodified_since) {
    return {ConditionVerdict::failed, "If-Unmodified-Since"};
  }
  if (conditions.if_none_match) {
    if (etag_matches(*conditions.if_none_match, etag)) return {ConditionVerdict::not_modified, "If-None-Match"};
  } else if (conditions.if_modified_since && modified <= *conditions.if_modified_since) {
    return {ConditionVerdict::not_modified, "If-Modified-Since"};
  }
  return {};
}

}  // namespace aerolith::s3
