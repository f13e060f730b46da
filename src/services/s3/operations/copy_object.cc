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

struct CopyPlan {
  BucketName bucket;
  ObjectKey key;
  CopySource source;
  bool replaces_headers = false;
  ObjectHeaders headers;                       // where they are replaced
  std::optional<ChecksumAlgorithm> algorithm;  // that the copy is to have a checksum of
};

Result<CopyPlan> read_plan(const CopyObjectInput& input) {
  CopyPlan plan;
  plan.bucket = BucketName(input.bucket.value_or(""));
  plan.key = TRY(read_key(input.key));
  plan.source = TRY(parse_copy_source(input.copy_source.value_or("")));
  TRY(read_version_id(plan.source.version_id));
  plan.replaces_headers = input.metadata_directive.value_or("COPY") == "REPLACE";
  plan.headers = TRY(read_object_headers(input));
  if (input.checksum_algorithm) plan.algorithm = TRY(parse_algorithm(*input.checksum_algorithm));
  bool is_itself = plan.bucket == plan.source.bucket && plan.key == plan.source.key;
  // A storage class counts as a change even where it is the one that the object has.
  bool changes =
      plan.replaces_headers || input.website_redirect_location || input.checksum_algorithm || input.storage_class;
  if (is_itself && !changes) {
    return errors::invalid_request(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes.");
  }
  return plan;
}

Result<> check_source_conditions(const Call& call, const CopyObjectInput& input, const ObjectRecord& source) {
  Conditions conditions{.if_match = input.copy_source_if_match,
                        .if_none_match = input.copy_source_if_none_match,
                        .if_modified_since = input.copy_source_if_modified_since,
                        .if_unmodified_since = input.copy_source_if_unmodified_since};
  ConditionOutcome outcome = evaluate_read_conditions(conditions, source.etag, source.last_modified, call.context.now);
  if (outcome.verdict == ConditionVerdict::proceed) return {};
  return errors::precondition_failed("x-amz-copy-source-" + std::string(outcome.condition));
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
  TRY(check_source_conditions(call, input, *source));
  return *std::move(source);
}

struct CopyEnds {
  ObjectRecord source;
  BucketRecord target;
};

// What is copied and the bucket that it goes into, when the request's conditions let it.
Result<CopyEnds> find_ends(const Call& call, metadata::ReadTransaction& txn, const CopyObjectInput& input,
                           const CopyPlan& plan) {
  CopyEnds ends;
  ends.target = TRY(find_bucket(call, txn, plan.bucket, input.expected_bucket_owner));
  ends.source = TRY(find_source(call, txn, input, plan));
  std::optional<ObjectRecord> current = TRY(find_object(txn, ends.target.id, plan.key));
  TRY(check_write_conditions({input.if_match, input.if_none_match}, current, plan.key));
  return ends;
}

// The bytes have to be read for a checksum of another algorithm than the source's.
bool needs_digest(const CopyPlan& plan, const ObjectRecord& source) {
  return plan.algorithm && !(source.checksum && source.checksum->algorithm == *plan.algorithm);
}

// A source's checksum, made before the transaction: reading 5 GiB takes longer than one may last.
struct DigestedSource {
  ObjectRecord source;
  StoredChecksum checksum;
};

// An extent and a layout never change.
bool has_same_bytes(const ObjectRecord& one, const ObjectRecord& other) {
  return one.extent == other.extent && one.layout == other.layout;
}

objects::Result<std::string> digest_segments(const Call& call, metadata::ReadTransaction& txn,
                                             const std::vector<Segment>& segments, ChecksumAlgorithm algorithm) {
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
  return running.finish();
}

// nullopt: there is nothing to digest, or the source's bytes are gone meanwhile.
Result<std::optional<DigestedSource>> digest_source(const Call& call, const CopyObjectInput& input,
                                                    const CopyPlan& plan) {
  // The collector waits, from before the snapshot on.
  ReadHold hold{.collection = call.objects.hold_collection(), .txn = call.metadata.begin_read()};
  CopyEnds ends = TRY(find_ends(call, *hold.txn, input, plan));
  if (!needs_digest(plan, ends.source)) return std::optional<DigestedSource>();
  std::vector<Segment> segments = TRY(locate(*hold.txn, ends.source, {0, ends.source.size_bytes}));
  auto value = digest_segments(call, *hold.txn, segments, *plan.algorithm);
  if (value.has_value()) {
    return std::optional(DigestedSource{.source = std::move(ends.source),
                                        .checksum = {.algorithm = *plan.algorithm, .value = *std::move(value)}});
  }
  if (value.error().code == objects::ErrorCode::gone) return std::optional<DigestedSource>();
  return std::unexpected(CallError(value.error()));
}

// nullopt: the source isn't the one that was digested.
Result<std::optional<ObjectRecord>> copy_in(const Call& call, metadata::Transaction& txn, const CopyObjectInput& input,
                                            const CopyPlan& plan, const std::optional<DigestedSource>& digested) {
  CopyEnds ends = TRY(find_ends(call, txn, input, plan));
  const ObjectRecord& source = ends.source;
  bool needs_digested = needs_digest(plan, source);
  if (needs_digested && !(digested && has_same_bytes(digested->source, source))) return std::optional<ObjectRecord>();
  ObjectRecord copy = TRY(share_bytes(call, txn, source));
  copy.last_modified = whole_seconds(call.context.now);
  copy.etag = source.etag;
  copy.checksum = needs_digested ? std::optional(digested->checksum) : source.checksum;
  if (plan.replaces_headers) {
    copy.headers = plan.headers;
  } else {
    copy.headers = source.headers;
    // The one header that never is the source's.
    copy.headers.website_redirect_location = input.website_redirect_location;
  }
  TRY(replace_object(call, txn, ends.target.id, plan.key, copy));
  return std::optional(std::move(copy));
}

Result<ObjectRecord> copy(const Call& call, const CopyObjectInput& input, const CopyPlan& plan) {
  for (int tries = 0; tries < kMostReadTries; ++tries) {
    std::optional<DigestedSource> digested;
    if (plan.algorithm) digested = TRY(digest_source(call, input, plan));
    auto body = [&](metadata::Transaction& txn) { return copy_in(call, txn, input, plan, digested); };
    std::optional<ObjectRecord> made = TRY(metadata::run_transaction(call.metadata, body));
    if (made) return *std::move(made);
  }
  return errors::slow_down();
}

}  // namespace

Result<CopyObjectOutput> copy_object(Call& call, const CopyObjectInput& input) {
  CopyPlan plan = TRY(read_plan(input));
  ObjectRecord made = TRY(copy(call, input, plan));
  CopyObjectOutput output;
  if (plan.source.version_id) output.copy_source_version_id = plan.source.version_id;
  CopyObjectResult& result = output.copy_object_result.emplace();
  result.etag = quoted(made.etag);
  result.last_modified = made.last_modified;
  if (made.checksum) put_checksum(result, *made.checksum);
  return output;
}

}  // namespace aerolith::s3
