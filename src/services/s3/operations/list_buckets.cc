// The caller's buckets, by name.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
#include "base/encoding.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

constexpr int32_t kMostBuckets = 10'000;

Result<std::string> read_token(const std::optional<std::string>& token) {
  if (!token || token->empty()) return std::string();
  std::optional<std::string> after = base64_decode(*token);
  if (!after || after->empty()) {
    return errors::invalid_argument("The continuation token provided is incorrect", "continuation-token", *token);
  }
  return *std::move(after);
}

}  // namespace

Result<ListBucketsOutput> list_buckets(Call& call, const ListBucketsInput& input) {
  if (input.max_buckets && (*input.max_buckets < 1 || *input.max_buckets > kMostBuckets)) {
    return errors::invalid_argument("Argument max-buckets must be an integer between 1 and 10000", "max-buckets",
                                    std::to_string(*input.max_buckets));
  }
  BucketName after(TRY(read_token(input.continuation_token)));
  BucketName prefix(input.prefix.value_or(""));
  size_t limit = input.max_buckets ? static_cast<size_t>(*input.max_buckets) : SIZE_MAX;

  ListBucketsOutput output;
  auto& buckets = output.buckets.emplace();
  auto txn = call.metadata.begin_read();
  auto rows = kBuckets.scan_prefix(*txn, metadata::Direction::forward, prefix);
  if (!after.empty()) rows.seek_past(after);
  while (TRY(rows.next())) {
    BucketRecord bucket = TRY(rows.record());
    if (bucket.owner != call.context.principal().account) continue;
    if (input.bucket_region && *input.bucket_region != bucket.region.str()) continue;
    if (buckets.size() == limit) {
      output.continuation_token = base64_encode(*buckets.back().name);
      break;
    }
    Bucket& listed = buckets.emplace_back();
    listed.name = std::get<0>(rows.key()).str();
    listed.creation_date = bucket.created_at;
    listed.bucket_region = bucket.region.str();
    listed.bucket_arn = bucket_arn(std::get<0>(rows.key()));
  }
  output.owner.emplace().id = canonical_user_id(call.context.principal().account);
  output.prefix = input.prefix;
  return output;
}

}  // namespace aerolith::s3
