// Makes an object of another one's bytes, which both share from then on: none is copied.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
#include "services/s3/checksums.h"
#include "services/s3/conditions.h"
#include "services/s3/copy_source.h"
#include "services/s3/object_body.h"
#include "services/s3/object_headers.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"
#include "services/s3/payload.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

Result<> check_source_conditions(const CopyObjectInput& input, const ObjectRecord& source) {
  Conditions conditions{.if_match = input.copy_source_if_match,
                        .if_none_match = input.copy_source_if_none_match,
                        .if_modified_since = input.copy_source_if_modified_since,
                        .if_unmodified_since = input.copy_source_if_unmodified_since};
  ConditionOutcome outcome = evaluate_read_conditions(conditions, source.etag, source.last_modified);
  if (outcome.verdict == ConditionVerdict::proceed) return {};
  return errors::precondition_failed("x-amz-copy-source-" + std::string(outcome.condition));
}

// The checksum that the copy has: the source's, unless another algorithm is asked for. Then the bytes are read.
Result<std::optional<StoredChecksum>> checksum_of_copy(const Call& call, metadata::ReadTransaction& txn,
                                                       const CopyObjectInput& input, const ObjectRecord& source) {
  if (!input.checksum_algorithm) return source.checksum;
  ChecksumAlgorithm algorithm = TRY(parse_algorithm(*input.checksum_algorithm));
  if (source.checksum && source.checksum->algorithm == algorithm) return source.checksum;
  std::vector<Segment> segments = TRY(locate(txn, source, {0, source.size_bytes}));
  Digest running(digest_kind(algorithm));
  for (const Segment& segment : segments) {
    objects::ExtentReader reader =
        TRY(call.objects.open(txn, segment.extent, segment.offset_bytes, segment.size_bytes));
    while (true) {
      std::string bytes = TRY(reader.next());
      if (bytes.empty()) break;
      running.update(bytes);
    }
  }
  return std::optional(StoredChecksum{.algorithm = algorithm, .value = running.finish()});
}

struct CopyPlan {
  BucketName bucket;
  ObjectKey key;
  CopySource source;
  bool replaces_headers = false;
  ObjectHeaders headers;  // where they are replaced
};

Result<CopyPlan> read_plan(const CopyObjectInput& input) {
  CopyPlan plan;
  plan.bucket = BucketName(input.bucket.value_or(""));
  plan.key = TRY(read_key(input.key));
  plan.source = TRY(parse_copy_source(input.copy_source.value_or("")));
  TRY(read_version_id(plan.source.version_id, plan.source.key));
  plan.replaces_headers = input.metadata_directive.value_or("COPY") == "REPLACE";
  plan.headers = TRY(read_object_headers(input));
  bool is_itself = plan.bucket == plan.source.bucket && plan.key == plan.source.key;
  // A redirect location or a checksum is a change as well.
  bool changes = plan.replaces_headers || input.website_redirect_location || input.checksum_algorithm;
  if (is_itself && !changes) {
    return errors::invalid_request(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes.");
  }
  return plan;
}

Result<ObjectRecord> find_source(const Call& call, metadata::ReadTransaction& txn, const CopyObjectInput& input,
                                 const CopyPlan& plan) {
  BucketRecord bucket = TRY(find_bucket(call, txn, plan.source.bucket, input.expected_source_bucket_owner));
  std::optional<ObjectRecord> source = TRY(find_object(txn, bucket.id, plan.source.key));
  if (!source) return errors::no_such_key(plan.source.key);
  if (source->size_bytes > kMaxPutBytes) {
    return errors::invalid_request(
        "The specified copy source is larger than the maximum allowable size for a copy source: " +
        std::to_string(kMaxPutBytes));
  }
  TRY(check_source_conditions(input, *source));
  return *std::move(source);
}

Result<ObjectRecord> copy_in(const Call& call, metadata::Transaction& txn, const CopyObjectInput& input,
                             const CopyPlan& plan) {
  BucketRecord bucket = TRY(find_bucket(call, txn, plan.bucket, input.expected_bucket_owner));
  ObjectRecord source = TRY(find_source(call, txn, input, plan));
  std::optional<ObjectRecord> current = TRY(find_object(txn, bucket.id, plan.key));
  TRY(check_write_conditions({input.if_match, input.if_none_match}, current, plan.key));
  std::optional<StoredChecksum> checksum = TRY(checksum_of_copy(call, txn, input, source));
  ObjectRecord copy = TRY(share_bytes(call, txn, source));
  copy.last_modified = whole_seconds(call.context.now);
  copy.etag = source.etag;
  copy.checksum = std::move(checksum);
  if (plan.replaces_headers) {
    copy.headers = plan.headers;
  } else {
    copy.headers = source.headers;
    // The one header that never is the source's.
    copy.headers.website_redirect_location = input.website_redirect_location;
  }
  TRY(replace_object(call, txn, bucket.id, plan.key, copy));
  return copy;
}

}  // namespace

Result<CopyObjectOutput> copy_object(Call& call, const CopyObjectInput& input) {
  CopyPlan plan = TRY(read_plan(input));
  auto body = [&](metadata::Transaction& txn) { return copy_in(call, txn, input, plan); };
  ObjectRecord copy = TRY(metadata::run_transaction(call.metadata, body));
  CopyObjectOutput output;
  if (plan.source.version_id) output.copy_source_version_id = plan.source.version_id;
  CopyObjectResult& result = output.copy_object_result.emplace();
  result.etag = quoted(copy.etag);
  result.last_modified = copy.last_modified;
  if (copy.checksum) put_checksum(result, *copy.checksum);
  return output;
}

}  // namespace aerolith::s3
