// Gives an object other tags than it had.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
#include "services/s3/checksums.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/tags.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {

Result<PutObjectTaggingOutput> put_object_tagging(Call& call, const PutObjectTaggingInput& input) {
  TRY(verify_whole_body(call.context.head->headers, call.context.whole_body));
  ObjectKey key = TRY(read_key(input.key));
  BucketName name(input.bucket.value_or(""));
  PutObjectTaggingOutput output;
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
    auto [object, row] = TRY(find_changeable(call, txn, bucket, key, version));
    object.tags = TRY(read_tags(input.tagging, Tagged::object));
    kObjects.put(txn, row, object);
    output.version_id = told_version(bucket, object);
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  return output;
}

}  // namespace aerolith::s3
