// Gives an object's bytes: all, a range, or a part.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
#include "services/s3/object_body.h"
#include "services/s3/object_read.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"

namespace aerolith::s3 {
namespace {

// nullopt: the object was replaced meanwhile.
Result<std::optional<GetObjectOutput>> try_get(Call& call, const GetObjectInput& input, const ObjectKey& key) {
  GetObjectOutput output;
  ReadHold hold{.collection = nullptr, .txn = call.metadata.begin_read()};
  BucketName bucket_name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *hold.txn, bucket_name, input.expected_bucket_owner));
  std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
  ObjectRecord object = TRY(find_wanted(call, *hold.txn, bucket, key, version)).record;
  if (object.layout) {
    // Many extents, opened one after the other: the collector waits, from before the snapshot on.
    hold = ReadHold{.collection = call.objects.hold_collection(), .txn = call.metadata.begin_read()};
    object = TRY(find_wanted(call, *hold.txn, bucket, key, version)).record;
  }
  if (!TRY(answer_head(call, input, bucket, object, output))) return std::optional(std::move(output));
  TRY(check_readable(object, call.context.now));
  ChosenBytes chosen = TRY(choose_bytes(*hold.txn, object, {input.range, input.part_number}));
  answer_range(call, input, object, chosen, output);
  std::vector<Segment> segments = TRY(locate(*hold.txn, object, chosen.range));
  std::optional<http::ResponseBody> body = TRY(open_body(call, std::move(hold), std::move(segments)));
  if (!body) return std::optional<GetObjectOutput>();
  call.context.response_body = *std::move(body);
  return std::optional(std::move(output));
}

}  // namespace

Result<GetObjectOutput> get_object(Call& call, const GetObjectInput& input) {
  ObjectKey key = TRY(read_key(input.key));
  for (int tries = 0; tries < kMostReadTries; ++tries) {
    std::optional<GetObjectOutput> output = TRY(try_get(call, input, key));
    if (output) return *std::move(output);
    call.context.response_status = 0;
  }
  return errors::internal_error();
}

}  // namespace aerolith::s3
