// Makes an object of another one's bytes, which both share from then on: none is copied.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
#include <memory>

#include "services/s3/acl_request.h"
#include "services/s3/checksums.h"
#include "services/s3/copy_source.h"
#include "services/s3/object_body.h"
#include "services/s3/object_headers.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"
#include "services/s3/payload.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/tags.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

struct CopyPlan {
  BucketName bucket;
  ObjectKey key;
  CopySource source;
  bool replaces_headers = false;
  ObjectHeaders headers;  // where they are replaced
  bool replaces_tags = false;
  Tags tags;  // where they are replaced
  std::string storage_class;
  AclHeaders acl;                              // a copy never has its source's
  std::optional<ChecksumAlgorithm> algorithm;  // that the copy is to have a checksum of
};

// COPY where nothing is said.
Result<bool> replaces(const std::optional<std::string>& directive, std::string_view what) {
  if (!directive || *directive == "COPY") return false;
  if (*directive == "REPLACE") return true;
  return errors::invalid_argument("Unknown " + std::string(what) + " directive.",
                                  "x-amz-" + std::string(what) + "-directive", *directive);
}

Result<CopyPlan> read_plan(const Call& call, const CopyObjectInput& input) {
  CopyPlan plan;
  plan.bucket = BucketName(input.bucket.value_or(""));
  plan.key = TRY(read_key(input.key));
  plan.source = TRY(parse_copy_source(input.copy_source.value_or("")));
  plan.replaces_headers = TRY(replaces(input.metadata_directive, "metadata"));
  plan.headers = TRY(read_object_headers(input));
  plan.storage_class = TRY(read_storage_class(input.storage_class));
  plan.acl = TRY(read_acl_headers(call, call.context.head->headers));
  plan.replaces_tags = TRY(replaces(input.tagging_directive, "tagging"));
  if (plan.replaces_tags) plan.tags = TRY(read_tagging_header(input.tagging));
  if (input.checksum_algorithm) plan.algorithm = TRY(parse_algorithm(*input.checksum_algorithm));
  // An old version may be copied over the current one as it is.
  bool is_itself = plan.bucket == plan.source.bucket && plan.key == plan.source.key && !plan.source.version_id;
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

struct CopyEnds {
  ObjectRecord source;
  BucketRecord target;
};

// What is copied and the bucket that it goes into, when the request's conditions let it.
Result<CopyEnds> find_ends(const Call& call, metadata::ReadTransaction& txn, const CopyObjectInput& input,
                           const CopyPlan& plan) {
  CopyEnds ends;
  ends.target = TRY(find_bucket(call, txn, plan.bucket, input.expected_bucket_owner));
  ends.source = TRY(find_copy_source(call, txn, plan.source, source_checks(input)));
  if (ends.source.size_bytes > kMaxPutBytes) {
    return errors::invalid_request(
        "The specified copy source is larger than the maximum allowable size for a copy source: " +
        std::to_string(kMaxPutBytes));
  }
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

// nullptr: there is nothing to digest.
Result<std::unique_ptr<const DigestedSource>> digest_source(const Call& call, const CopyObjectInput& input,
                                                            const CopyPlan& plan) {
  // The collector waits, from before the snapshot on.
  ReadHold hold{.collection = call.objects.hold_collection(), .txn = call.metadata.begin_read()};
  CopyEnds ends = TRY(find_ends(call, *hold.txn, input, plan));
  if (!needs_digest(plan, ends.source)) return std::unique_ptr<const DigestedSource>();
  std::vector<Segment> segments = TRY(locate(*hold.txn, ends.source, {0, ends.source.size_bytes}));
  Digest running(digest_kind(*plan.algorithm));
  auto digest = [&](std::string_view bytes) -> Result<> {
    running.update(bytes);
    return {};
  };
  TRY(read_segments(call, *hold.txn, segments, digest));
  return std::make_unique<const DigestedSource>(DigestedSource{
      .source = std::move(ends.source), .checksum = {.algorithm = *plan.algorithm, .value = running.finish()}});
}

struct MadeCopy {
  ObjectRecord object;
  std::optional<std::string> version_id;
  std::optional<std::string> source_version_id;
};

// nullopt: the source isn't the one that was digested.
Result<std::optional<MadeCopy>> copy_in(const Call& call, metadata::Transaction& txn, const CopyObjectInput& input,
                                        const CopyPlan& plan, const DigestedSource* digested) {
  CopyEnds ends = TRY(find_ends(call, txn, input, plan));
  const ObjectRecord& source = ends.source;
  bool needs_digested = needs_digest(plan, source);
  if (needs_digested && !(digested != nullptr && has_same_bytes(digested->source, source)))
    return std::optional<MadeCopy>();
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
  copy.tags = plan.replaces_tags ? plan.tags : source.tags;
  copy.storage_class = plan.storage_class;
  ObjectAccess access = TRY(access_of_new_object(call, txn, ends.target, plan.acl, object_arn(plan.bucket, plan.key)));
  copy.owner = std::move(access.owner);
  copy.acl = std::move(access.acl);
  TRY(put_version(call, txn, ends.target, plan.key, copy));
  MadeCopy made;
  if (ends.target.versioning != Versioning::never) made.version_id = version_text(copy.version_id);
  made.source_version_id = copied_version(plan.source, source);
  made.object = std::move(copy);
  return std::optional(std::move(made));
}

Result<MadeCopy> copy(const Call& call, const CopyObjectInput& input, const CopyPlan& plan) {
  for (int tries = 0; tries < kMostReadTries; ++tries) {
    std::unique_ptr<const DigestedSource> digested;
    if (plan.algorithm) digested = TRY(digest_source(call, input, plan));
    auto body = [&](metadata::Transaction& txn) { return copy_in(call, txn, input, plan, digested.get()); };
    std::optional<MadeCopy> made = TRY(metadata::run_transaction(call.metadata, body));
    if (made) return *std::move(made);
  }
  return errors::slow_down();
}

}  // namespace

Result<CopyObjectOutput> copy_object(Call& call, const CopyObjectInput& input) {
  CopyPlan plan = TRY(read_plan(call, input));
  MadeCopy made = TRY(copy(call, input, plan));
  CopyObjectOutput output;
  output.version_id = made.version_id;
  output.copy_source_version_id = made.source_version_id;
  CopyObjectResult& result = output.copy_object_result.emplace();
  result.etag = quoted(made.object.etag);
  result.last_modified = made.object.last_modified;
  if (made.object.checksum) put_checksum(result, *made.object.checksum);
  return output;
}

}  // namespace aerolith::s3
