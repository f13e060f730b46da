// The second form of listing: by continuation token.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
#include "base/encoding.h"
#include "services/s3/object_listing.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

// A token is "1" and the last name given, in base64: clients must not read it, so its form may change.
constexpr char kTokenVersion = '1';

std::string make_token(const std::string& last) { return base64_encode(kTokenVersion + last); }

Result<std::string> read_token(const std::string& token) {
  std::optional<std::string> bytes = base64_decode(token);
  if (!bytes || bytes->size() < 2 || bytes->front() != kTokenVersion) {
    return errors::invalid_argument("The continuation token provided is incorrect", "continuation-token", token);
  }
  return bytes->substr(1);
}

}  // namespace

Result<ListObjectsV2Output> list_objects_v2(Call& call, const ListObjectsV2Input& input) {
  int32_t limit = TRY(read_limit(input.max_keys, "maxKeys", 0));
  bool has_token = input.continuation_token && !input.continuation_token->empty();
  ObjectListRequest request{.prefix = input.prefix.value_or(""),
                            .delimiter = input.delimiter.value_or(""),
                            .after = input.start_after.value_or(""),
                            .limit = static_cast<size_t>(limit),
                            .encoding = read_encoding(input.encoding_type),
                            .owner = input.fetch_owner.value_or(false) ? ListOwner::yes : ListOwner::no};
  if (has_token) request.after = TRY(read_token(*input.continuation_token));
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  ObjectList list = TRY(list_current_objects(*txn, bucket, request));

  ListObjectsV2Output output;
  output.name = name.str();
  output.prefix = encode_name(request.prefix, request.encoding);
  output.delimiter = encode_if_any(input.delimiter, request.encoding);
  // A token leaves it without effect.
  if (!has_token) output.start_after = encode_if_any(input.start_after, request.encoding);
  output.max_keys = limit;
  output.encoding_type = input.encoding_type;
  output.key_count = static_cast<int32_t>(list.page.count);
  output.continuation_token = input.continuation_token;
  output.is_truncated = list.page.is_truncated;
  if (list.page.is_truncated) output.next_continuation_token = make_token(list.page.last);
  output.contents = std::move(list.contents);
  output.common_prefixes = std::move(list.common_prefixes);
  return output;
}

}  // namespace aerolith::s3
