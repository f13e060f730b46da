#include "services/s3/conditions.h"

#include "base/encoding.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {

std::string_view bare_etag(std::string_view etag) {
  etag = trim(etag);
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return etag;
}

bool etag_matches(std::string_view header, std::string_view etag) {
  while (true) {
    size_t comma = header.find(',');
    std::string_view candidate = bare_etag(header.substr(0, comma));
    if (candidate == "*" || candidate == etag) return true;
    if (comma == std::string_view::npos) return false;
    header.remove_prefix(comma + 1);
  }
}

ConditionOutcome evaluate_read_conditions(const Conditions& conditions, std::string_view etag, Timestamp last_modified,
                                          Timestamp now) {
  // Last-Modified goes out in whole seconds, so that is what clients send back.
  Timestamp modified = whole_seconds(last_modified);
  if (conditions.if_match) {
    if (!etag_matches(*conditions.if_match, etag)) return {ConditionVerdict::failed, "If-Match"};
  } else if (conditions.if_unmodified_since && modified > *conditions.if_unmodified_since) {
    return {ConditionVerdict::failed, "If-Unmodified-Since"};
  }
  if (conditions.if_none_match) {
    if (etag_matches(*conditions.if_none_match, etag)) return {ConditionVerdict::not_modified, "If-None-Match"};
  } else if (conditions.if_modified_since && modified <= *conditions.if_modified_since &&
             *conditions.if_modified_since <= now) {
    return {ConditionVerdict::not_modified, "If-Modified-Since"};
  }
  return {};
}

}  // namespace aerolith::s3
