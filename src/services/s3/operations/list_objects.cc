// The first form of listing: by marker.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
#include "services/s3/object_listing.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {

Result<ListObjectsOutput> list_objects(Call& call, const ListObjectsInput& input) {
  int32_t limit = TRY(read_limit(input.max_keys, "maxKeys", 0));
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  ObjectListRequest request{.prefix = input.prefix.value_or(""),
                            .delimiter = input.delimiter.value_or(""),
                            .after = input.marker.value_or(""),
                            .limit = static_cast<size_t>(limit),
                            .encoding = read_encoding(input.encoding_type),
                            .owner = ListOwner::yes};
  ObjectList list = TRY(list_current_objects(*txn, bucket, request));

  ListObjectsOutput output;
  output.name = name.str();
  output.prefix = encode_name(request.prefix, request.encoding);
  output.marker = encode_name(request.after, request.encoding);
  output.delimiter = encode_if_any(input.delimiter, request.encoding);
  output.max_keys = limit;
  output.encoding_type = input.encoding_type;
  output.is_truncated = list.page.is_truncated;
  // Without a delimiter the last key is the next marker, and S3 leaves it to the client to see that.
  if (list.page.is_truncated && !request.delimiter.empty()) {
    output.next_marker = encode_name(list.page.last, request.encoding);
  }
  output.contents = std::move(list.contents);
  output.common_prefixes = std::move(list.common_prefixes);
  return output;
}

}  // namespace aerolith::s3
