// Makes an object of an upload's parts: their extents become its layout, no byte is copied.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
#include <fmt/format.h>

#include "services/s3/checksums.h"
#include "services/s3/multipart.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

struct Request {
  const CompleteMultipartUploadInput& input;
  BucketName bucket;
  ObjectKey key;
  UploadId upload;
  std::vector<NamedPart> parts;
};

struct Completed {
  ObjectRecord object;
  std::optional<std::string> version_id;
};

Result<> check_type(const CompleteMultipartUploadInput& input, const UploadRecord& upload) {
  if (!input.checksum_type || *input.checksum_type == type_name(upload.checksum_type)) return {};
  return errors::invalid_request(fmt::format(
      "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
      type_name(upload.checksum_type)));
}

// What the request says the whole object has to be.
Result<> check_claims(const CompleteMultipartUploadInput& input, const AssembledObject& object) {
  if (input.mpu_object_size && static_cast<uint64_t>(*input.mpu_object_size) != object.size_bytes) {
    return errors::invalid_request(
        fmt::format("The provided 'x-amz-mp-object-size' header value {} does not match what was computed: {}",
                    *input.mpu_object_size, object.size_bytes));
  }
  for (ChecksumAlgorithm algorithm : kAllChecksumAlgorithms) {
    const auto& claimed = checksum_member(input, algorithm);
    if (!claimed) continue;
    bool is_same = algorithm == object.checksum.algorithm && *claimed == checksum_text(object.checksum);
    if (!is_same) return errors::checksum_mismatch(algorithm_name(algorithm));
  }
  return {};
}

Result<std::vector<std::optional<PartRecord>>> read_parts(metadata::ReadTransaction& txn, const Request& request) {
  std::vector<std::optional<PartRecord>> stored(request.parts.size());
  auto rows = kParts.scan(txn, metadata::Direction::forward, request.upload);
  size_t at = 0;
  while (at < request.parts.size() && TRY(rows.next())) {
    int32_t number = std::get<1>(rows.key());
    while (at < request.parts.size() && request.parts[at].number < number) ++at;
    if (at < request.parts.size() && request.parts[at].number == number) stored[at] = TRY(rows.record());
  }
  return stored;
}

// The parts' references pass to the layout's rows; parts that weren't named are released.
Result<LayoutId> lay_out(const Call& call, metadata::Transaction& txn, const Request& request,
                         const std::vector<std::optional<PartRecord>>& stored) {
  LayoutId layout = make_layout_id();
  uint64_t offset_bytes = 0;
  for (size_t i = 0; i < stored.size(); ++i) {
    auto number = static_cast<uint16_t>(request.parts[i].number);
    kLayouts.put(txn, {layout, offset_bytes},
                 LayoutRecord{.part_number = number,
                              .extent = stored[i]->extent,
                              .checksum = stored[i]->checksum,
                              .etag = stored[i]->etag});
    offset_bytes += stored[i]->extent.size_bytes;
  }
  size_t at = 0;
  auto rows = kParts.scan(txn, metadata::Direction::forward, request.upload);
  while (TRY(rows.next())) {
    int32_t number = std::get<1>(rows.key());
    while (at < request.parts.size() && request.parts[at].number < number) ++at;
    bool is_named = at < request.parts.size() && request.parts[at].number == number;
    if (!is_named) {
      PartRecord part = TRY(rows.record());
      TRY(call.objects.release(txn, part.extent));
    }
    kParts.erase(txn, rows.key());
  }
  return layout;
}

// A client that didn't see the answer asks again: the object that this upload made tells it the same.
Result<Completed> completed_before(const BucketRecord& bucket, const std::optional<ObjectRecord>& current,
                                   const Request& request) {
  bool is_the_same = current && current->upload == request.upload && current->etag == multipart_etag(request.parts);
  if (!is_the_same) return errors::no_such_upload(request.upload.view());
  return Completed{*current, made_version(bucket, *current)};
}

Result<Completed> complete(const Call& call, metadata::Transaction& txn, const Request& request) {
  const CompleteMultipartUploadInput& input = request.input;
  BucketRecord bucket = TRY(find_bucket(call, txn, request.bucket, input.expected_bucket_owner));
  std::optional<ObjectRecord> current = TRY(find_object(txn, bucket.id, request.key));
  std::optional<UploadRecord> upload = TRY(kUploads.get(txn, {bucket.id, request.key, request.upload}));
  if (!upload) return completed_before(bucket, current, request);
  TRY(check_write_conditions({input.if_match, input.if_none_match}, current, request.key));
  TRY(check_type(input, *upload));
  std::vector<std::optional<PartRecord>> stored = TRY(read_parts(txn, request));
  AssembledObject assembled = TRY(assemble(request.upload.view(), *upload, request.parts, stored));
  TRY(check_claims(input, assembled));

  ObjectRecord object;
  object.last_modified = whole_seconds(call.context.now);
  object.etag = multipart_etag(request.parts);
  object.size_bytes = assembled.size_bytes;
  object.headers = upload->headers;
  object.storage_class = upload->storage_class;
  object.tags = upload->tags;
  object.owner = upload->owner;
  object.acl = upload->acl;
  object.checksum = assembled.checksum;
  object.part_count = static_cast<uint32_t>(request.parts.size());
  object.upload = request.upload;
  object.layout = TRY(lay_out(call, txn, request, stored));
  kUploads.erase(txn, {bucket.id, request.key, request.upload});
  TRY(put_version(call, txn, bucket, request.key, object));
  return Completed{object, made_version(bucket, object)};
}

// Where the object is, seen from the client.
std::string location(const Call& call) {
  const http::RequestHead& head = *call.context.head;
  return fmt::format("{}://{}{}", head.is_tls ? "https" : "http", head.headers.find("host").value_or("localhost"),
                     head.path());
}

}  // namespace

Result<CompleteMultipartUploadOutput> complete_multipart_upload(Call& call, const CompleteMultipartUploadInput& input) {
  UploadId id(input.upload_id.value_or(""));
  // Not inside the braces: g++ 12 leaks what was built before a TRY that returns from there.
  ObjectKey key = TRY(read_key(input.key));
  auto parts = TRY(read_named_parts(input.multipart_upload, id.view()));
  Request request{.input = input,
                  .bucket = BucketName(input.bucket.value_or("")),
                  .key = std::move(key),
                  .upload = id,
                  .parts = std::move(parts)};
  auto body = [&](metadata::Transaction& txn) { return complete(call, txn, request); };
  auto [object, version_id] = TRY(metadata::run_transaction(call.metadata, body));
  CompleteMultipartUploadOutput output;
  output.location = location(call);
  output.bucket = request.bucket.str();
  output.key = request.key.str();
  output.etag = quoted(object.etag);
  output.version_id = version_id;
  if (object.checksum) put_checksum(output, *object.checksum);
  return output;
}

}  // namespace aerolith::s3
