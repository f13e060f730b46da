// Conditional requests: which answer the conditions of a request lead to.
// RFC 9110 section 13.2.2 is the order of evaluation; S3 documents the same for the pairs of conditions.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace aerolith::s3 {

struct Conditions {
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<Timestamp> if_modified_since;
  std::optional<Timestamp> if_unmodified_since;
};

enum class ConditionVerdict : uint8_t {
  proceed,
  not_modified,  // 304 where the request reads, 412 where it is the source of a copy
  failed,        // 412
};

struct ConditionOutcome {
  ConditionVerdict verdict = ConditionVerdict::proceed;
  std::string_view condition;  // the header that decided, as S3 names it in its error
};

// For requests that read an object. `etag` is without quotes. As RFC 9110 section 13.1.3 wants it, an If-Modified-Since
// after `now` counts for nothing.
ConditionOutcome evaluate_read_conditions(const Conditions& conditions, std::string_view etag, Timestamp last_modified,
                                          Timestamp now);

// True when `header` ("*", or a list of entity tags, with or without quotes) names `etag` (without quotes).
bool etag_matches(std::string_view header, std::string_view etag);

// An entity tag without quotes, spaces around it, and the mark of a weak one; a part of `etag`.
std::string_view bare_etag(std::string_view etag);

}  // namespace aerolith::s3
