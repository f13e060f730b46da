// The unfinished uploads of a bucket, by key and then by the time they were started.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
#include "services/s3/object_listing.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"

namespace aerolith::s3 {
namespace {

// The keys of uploads as names to list; a key with several uploads comes several times.
class UploadNames final : public NameSource {
 public:
  UploadNames(metadata::ReadTransaction& txn, BucketId bucket, std::string_view prefix)
      : bucket_(bucket),
        rows_(kUploads.scan_prefix(txn, metadata::Direction::forward, bucket, ObjectKey(std::string(prefix)))) {}

  Result<bool> next() override { return TRY(rows_.next()); }
  std::string_view name() const override { return std::get<1>(rows_.key()).view(); }
  void seek_after(std::string_view name) override { rows_.seek_past(bucket_, ObjectKey(std::string(name))); }
  void seek(std::string_view name) override { rows_.seek(bucket_, ObjectKey(std::string(name))); }
  void seek_past_prefix(std::string_view prefix) override {
    rows_.seek_past_prefix(bucket_, ObjectKey(std::string(prefix)));
  }
  void seek_after_upload(const std::string& key, const std::string& upload) {
    rows_.seek_past(bucket_, ObjectKey(key), UploadId(upload));
  }
  const std::string& upload_id() const { return std::get<2>(rows_.key()).str(); }
  Result<UploadRecord> upload() const { return TRY(rows_.record()); }

 private:
  BucketId bucket_;
  decltype(kUploads)::Row rows_;
};

struct Markers {
  std::string key;
  std::string upload_id;  // means nothing without a key, as with S3
};

MultipartUpload describe(const UploadNames& names, const UploadRecord& record, NameEncoding encoding,
                         const BucketRecord& bucket) {
  MultipartUpload upload;
  upload.upload_id = names.upload_id();
  upload.key = encode_name(names.name(), encoding);
  upload.initiated = record.initiated_at;
  upload.storage_class = listed_storage_class(record.storage_class);
  const bool has_own_owner = bucket.has_acls() && !record.owner.empty();
  upload.owner.emplace().id = canonical_user_id(has_own_owner ? record.owner : bucket.owner);
  upload.initiator.emplace().id = canonical_user_id(record.initiator.empty() ? bucket.owner : record.initiator);
  if (record.checksum_was_chosen) {
    upload.checksum_algorithm = std::string(algorithm_name(record.checksum_algorithm));
    upload.checksum_type = std::string(type_name(record.checksum_type));
  }
  return upload;
}

PageRequest place(UploadNames& names, const ListMultipartUploadsInput& input, const Markers& markers, size_t limit) {
  PageRequest page{.after = markers.key, .limit = limit};
  if (input.prefix) page.prefix = *input.prefix;
  if (input.delimiter) page.delimiter = *input.delimiter;
  if (!markers.upload_id.empty() && markers.key >= page.prefix) {
    names.seek_after_upload(markers.key, markers.upload_id);
    page.is_positioned = true;
  }
  return page;
}

}  // namespace

Result<ListMultipartUploadsOutput> list_multipart_uploads(Call& call, const ListMultipartUploadsInput& input) {
  int32_t limit = TRY(read_limit(input.max_uploads, "max-uploads", 0));
  NameEncoding encoding = read_encoding(input.encoding_type);
  Markers markers{.key = input.key_marker.value_or("")};
  if (!markers.key.empty()) markers.upload_id = input.upload_id_marker.value_or("");
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  UploadNames names(*txn, bucket.id, input.prefix.value_or(""));
  PageRequest request = place(names, input, markers, static_cast<size_t>(limit));

  ListMultipartUploadsOutput output;
  auto& uploads = output.uploads.emplace();
  auto& prefixes = output.common_prefixes.emplace();
  std::string last_key;
  std::string last_upload_id;
  auto add_upload = [&]() -> Result<> {
    UploadRecord upload = TRY(names.upload());
    uploads.push_back(describe(names, upload, encoding, bucket));
    last_key = names.name();
    last_upload_id = names.upload_id();
    return {};
  };
  auto add_prefix = [&](const std::string& prefix) { prefixes.push_back({.prefix = encode_name(prefix, encoding)}); };
  Page page = TRY(list_page(request, names, add_upload, add_prefix));
  output.bucket = name.str();
  output.key_marker = encode_name(markers.key, encoding);
  output.upload_id_marker = markers.upload_id;
  output.prefix = encode_name(request.prefix, encoding);
  output.delimiter = encode_if_any(input.delimiter, encoding);
  output.encoding_type = input.encoding_type;
  output.max_uploads = limit;
  output.is_truncated = page.is_truncated;
  // As S3 does: also on the last page, and empty where a page has no upload. A page with uploads that ends in a common
  // prefix, which no recording shows, goes on from there.
  const bool ends_in_prefix = page.is_truncated && !uploads.empty() && page.last != last_key;
  output.next_key_marker = encode_name(ends_in_prefix ? page.last : last_key, encoding);
  output.next_upload_id_marker = ends_in_prefix ? "" : last_upload_id;
  return output;
}

}  // namespace aerolith::s3
