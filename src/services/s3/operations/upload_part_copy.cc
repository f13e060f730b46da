// Makes a part of an upload from an object, or from a range of one. What is a whole extent of the source is shared, not
// copied.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
#include "base/encoding.h"
#include "services/s3/copy_source.h"
#include "services/s3/multipart.h"
#include "services/s3/object_body.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"
#include "services/s3/payload.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

constexpr size_t kMd5Bytes = 16;

struct Plan {
  BucketName bucket;
  ObjectKey key;
  UploadId upload;
  uint16_t number = 0;
  CopySource source;
};

Result<Plan> read_plan(const UploadPartCopyInput& input) {
  Plan plan;
  plan.bucket = BucketName(input.bucket.value_or(""));
  plan.key = TRY(read_key(input.key));
  plan.upload = UploadId(input.upload_id.value_or(""));
  plan.number = TRY(read_part_number(input.part_number));
  plan.source = TRY(parse_copy_source(input.copy_source.value_or("")));
  return plan;
}

// The two ends of a copy, in one snapshot.
struct Ends {
  BucketRecord bucket;
  UploadRecord upload;
  ObjectRecord source;
  ByteRange range;
};

Result<Ends> find_ends(const Call& call, metadata::ReadTransaction& txn, const UploadPartCopyInput& input,
                       const Plan& plan) {
  Ends ends;
  ends.bucket = TRY(find_bucket(call, txn, plan.bucket, input.expected_bucket_owner));
  ends.upload = TRY(find_upload(txn, ends.bucket.id, plan.key, plan.upload));
  ends.source = TRY(find_copy_source(call, txn, plan.source, source_checks(input)));
  ends.range = TRY(read_copy_range(input.copy_source_range, ends.source.size_bytes));
  if (ends.range.size_bytes > kMaxPutBytes) {
    return errors::invalid_request(
        "The specified copy source is larger than the maximum allowable size for a copy source: " +
        std::to_string(kMaxPutBytes));
  }
  return ends;
}

// The part as it would share the source's bytes; nullopt where the range is no single extent, or where something has to
// be read to know the part's ETag or checksum.
Result<std::optional<PartRecord>> share(metadata::ReadTransaction& txn, const Ends& ends) {
  std::vector<Segment> segments = TRY(locate(txn, ends.source, ends.range));
  if (segments.size() != 1) return std::optional<PartRecord>();
  const Segment& segment = segments.front();
  if (segment.offset_bytes != 0 || segment.size_bytes != segment.extent.size_bytes) return std::optional<PartRecord>();
  PartRecord part{.extent = segment.extent};
  if (ends.source.layout) {
    std::optional<LayoutRecord> row = TRY(kLayouts.get(txn, {*ends.source.layout, ends.range.offset_bytes}));
    if (!row) return errors::internal_error();
    part.etag = row->etag;
    part.checksum = row->checksum;
  } else {
    part.etag = ends.source.etag;
    part.checksum = ends.source.checksum;
  }
  ChecksumAlgorithm algorithm = ends.upload.checksum_algorithm;
  if (algorithm == ChecksumAlgorithm::crc64nvme) {
    part.checksum = StoredChecksum{.algorithm = algorithm, .value = crc64_bytes(part.extent.crc64nvme)};
  }
  // The object's own ETag is an MD5 only where it was put whole.
  bool has_md5 = hex_decode(part.etag).value_or("").size() == kMd5Bytes;
  bool has_checksum = part.checksum && part.checksum->algorithm == algorithm;
  if (!has_md5 || !has_checksum) return std::optional<PartRecord>();
  part.checksum->type = ChecksumType::full_object;
  return std::optional(std::move(part));
}

// In the transaction of the part: what was there under its number is replaced.
Result<> put_part(const Call& call, metadata::Transaction& txn, const Plan& plan, PartRecord& part) {
  std::optional<PartRecord> before = TRY(kParts.get(txn, {plan.upload, plan.number}));
  if (before) TRY(call.objects.release(txn, before->extent));
  part.last_modified = whole_seconds(call.context.now);
  kParts.put(txn, {plan.upload, plan.number}, part);
  return {};
}

struct Made {
  PartRecord part;
  Ends ends;
};

// nullopt: the bytes have to be copied.
Result<std::optional<Made>> make_shared_part(const Call& call, const UploadPartCopyInput& input, const Plan& plan) {
  auto body = [&](metadata::Transaction& txn) -> Result<std::optional<Made>> {
    Ends ends = TRY(find_ends(call, txn, input, plan));
    std::optional<PartRecord> part = TRY(share(txn, ends));
    if (!part) return std::optional<Made>();
    part->extent = TRY(call.objects.share(txn, part->extent));
    TRY(put_part(call, txn, plan, *part));
    return std::optional(Made{*std::move(part), std::move(ends)});
  };
  return TRY(metadata::run_transaction(call.metadata, body));
}

Result<Made> make_copied_part(const Call& call, const UploadPartCopyInput& input, const Plan& plan) {
  // The collector waits, from before the snapshot on.
  ReadHold hold{.collection = call.objects.hold_collection(), .txn = call.metadata.begin_read()};
  Ends ends = TRY(find_ends(call, *hold.txn, input, plan));
  std::vector<Segment> segments = TRY(locate(*hold.txn, ends.source, ends.range));
  PayloadWriter writer(call, ends.range.size_bytes, ends.upload.checksum_algorithm);
  TRY(read_segments(call, *hold.txn, segments, [&](std::string_view bytes) { return writer.append(bytes); }));
  hold = {};
  StoredPayload payload = TRY(writer.finish());
  PartRecord part{.etag = payload.etag, .checksum = payload.checksum};
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    TRY(find_bucket(call, txn, plan.bucket, input.expected_bucket_owner));
    TRY(find_upload(txn, ends.bucket.id, plan.key, plan.upload));
    part.extent = TRY(call.objects.commit(txn, payload.staged));
    return put_part(call, txn, plan, part);
  };
  TRY(metadata::run_transaction(call.metadata, body));
  return Made{std::move(part), std::move(ends)};
}

}  // namespace

Result<UploadPartCopyOutput> upload_part_copy(Call& call, const UploadPartCopyInput& input) {
  Plan plan = TRY(read_plan(input));
  std::optional<Made> made = TRY(make_shared_part(call, input, plan));
  if (!made) made = TRY(make_copied_part(call, input, plan));
  UploadPartCopyOutput output;
  output.copy_source_version_id = copied_version(plan.source, made->ends.source);
  CopyPartResult& result = output.copy_part_result.emplace();
  result.etag = quoted(made->part.etag);
  result.last_modified = made->part.last_modified;
  if (made->ends.upload.checksum_was_chosen) put_checksum(result, *made->part.checksum);
  return output;
}

}  // namespace aerolith::s3
