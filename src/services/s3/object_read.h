// What GetObject and HeadObject have in common: which object, whether to send it, and which part of it.
#pragma once

#include <optional>
#include <string>

#include "services/s3/call.h"
#include "services/s3/conditions.h"
#include "services/s3/object_headers.h"
#include "services/s3/ranges.h"
#include "services/s3/requests.h"
#include "services/s3/tables.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {

// What of an object is asked for: a Range header, or a part's number. InvalidRequest for both together.
struct WantedBytes {
  std::optional<std::string> range_header;
  std::optional<int32_t> part_number;
};

struct ChosenBytes {
  ByteRange range;
  bool is_partial = false;                 // 206, with Content-Range
  std::optional<int32_t> part_count;       // x-amz-mp-parts-count, when a part of a multipart object was asked for
  std::optional<StoredChecksum> checksum;  // what there is to tell of these bytes
};

Result<ChosenBytes> choose_bytes(metadata::ReadTransaction& txn, const ObjectRecord& object, const WantedBytes& wanted);

template <typename Input>
Conditions read_conditions(const Input& input) {
  return {.if_match = input.if_match,
          .if_none_match = input.if_none_match,
          .if_modified_since = input.if_modified_since,
          .if_unmodified_since = input.if_unmodified_since};
}

// Fills in the answer's head. True when there are bytes to send, false for a 304.
template <typename Input, typename Output>
Result<bool> answer_head(Call& call, const Input& input, const BucketRecord& bucket, const ObjectRecord& object,
                         Output& output) {
  output.version_id = told_version(bucket, object);
  ConditionOutcome outcome =
      evaluate_read_conditions(read_conditions(input), object.etag, object.last_modified, call.context.now);
  if (outcome.verdict == ConditionVerdict::failed) return errors::precondition_failed(outcome.condition);
  if (outcome.verdict == ConditionVerdict::not_modified) {
    // RFC 9110 section 15.4.5: what would have come with a 200 and helps a cache.
    call.context.response_status = 304;
    output.etag = quoted(object.etag);
    output.last_modified = object.last_modified;
    output.cache_control = object.headers.cache_control;
    output.expires = object.headers.expires;
    return false;
  }
  write_object_headers(input, object, output);
  output.restore = told_restore(object, call.context.now);
  return true;
}

// Sets status, Content-Range and checksums for the bytes that are sent.
template <typename Input, typename Output>
void answer_range(Call& call, const Input& input, const ObjectRecord& object, const ChosenBytes& chosen,
                  Output& output) {
  if (chosen.is_partial) {
    call.context.response_status = 206;
    if (chosen.range.size_bytes > 0) output.content_range = format_content_range(chosen.range, object.size_bytes);
  }
  output.parts_count = chosen.part_count;
  if (input.checksum_mode && chosen.checksum) {
    put_checksum(output, *chosen.checksum);
    // A part's own checksum goes under the type of the object's.
    output.checksum_type = std::string(type_name(object.checksum->type));
  }
}

}  // namespace aerolith::s3
