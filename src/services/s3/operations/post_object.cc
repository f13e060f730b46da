// Stores the file of a browser's form.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
#include <algorithm>

#include "base/encoding.h"
#include "protocol/xml_writer.h"
#include "services/s3/form.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"
#include "services/s3/payload.h"
#include "services/s3/post_form.h"
#include "services/s3/requests.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

constexpr size_t kReadAtOnceBytes = size_t{256} << 10;

// Stores the file, within the limits of the policy and of S3.
Result<StoredPayload> store_file(const Call& call, const PostForm& form, FormReader& reader) {
  uint64_t limit = form.policy ? std::min(auth::post_length_limit(*form.policy), kMaxPutBytes) : kMaxPutBytes;
  PayloadWriter writer(call, call.context.body->size_bytes().value_or(objects::kUnknownSize),
                       form.checksum ? form.checksum->algorithm : ChecksumAlgorithm::crc64nvme);
  std::string buffer(kReadAtOnceBytes, '\0');
  uint64_t size_bytes = 0;
  while (true) {
    auto read = reader.read(buffer);
    if (!read.has_value()) return form_failure(call, read.error());
    if (*read == 0) break;
    size_bytes += *read;
    // Beyond the limit only to tell by how much.
    if (size_bytes <= limit) TRY(writer.append(std::string_view(buffer.data(), *read)));
  }
  if (size_bytes > limit) return errors::entity_too_large(size_bytes, limit);
  if (form.policy) {
    uint64_t least = auth::post_length_minimum(*form.policy);
    if (size_bytes < least) return errors::posted_file_too_small(size_bytes, least);
  }
  ExpectedDigests expected{.md5 = form.content_md5};
  if (form.checksum) expected.checksum = form.checksum->value;
  return TRY(writer.finish(expected));
}

std::string location(const Call& call, const ObjectKey& key) {
  const http::RequestHead& head = *call.context.head;
  std::string url = head.is_tls ? "https://" : "http://";
  url += head.headers.find("host").value_or("localhost");
  url += head.path();
  if (!url.ends_with('/')) url += '/';
  return url + percent_encode(key.view(), KeepSlash::yes);
}

std::string redirect_target(const std::string& redirect, const BucketName& bucket, const ObjectKey& key,
                            const std::string& etag) {
  std::string url = redirect;
  url += redirect.find('?') == std::string::npos ? '?' : '&';
  url += "bucket=" + percent_encode(bucket.view());
  url += "&key=" + percent_encode(key.view());
  return url + "&etag=" + percent_encode(quoted(etag));
}

std::string describe(const BucketName& bucket, const ObjectKey& key, const std::string& etag,
                     const std::string& location) {
  std::string text;
  protocol::XmlWriter xml(text);
  xml.declaration();
  xml.open("PostResponse");
  xml.leaf("Location", location);
  xml.leaf("Bucket", bucket.view());
  xml.leaf("Key", key.view());
  xml.leaf("ETag", quoted(etag));
  xml.close("PostResponse");
  return text;
}

}  // namespace

Result<PostObjectOutput> post_object(Call& call, const PostObjectInput& input) {
  std::optional<std::string> boundary = form_boundary(input.content_type.value_or(""));
  if (!boundary) {
    return errors::precondition_failed("Bucket POST must be of the enclosure-type multipart/form-data");
  }
  FormReader reader(*call.context.body, *boundary);
  PostForm form = TRY(read_post_form(call, input, reader));
  BucketName bucket_name(input.bucket.value_or(""));
  TRY(find_bucket(call, *call.metadata.begin_read(), bucket_name, std::nullopt));
  StoredPayload payload = TRY(store_file(call, form, reader));
  ObjectRecord& object = form.object;
  object.last_modified = whole_seconds(call.context.now);
  object.etag = payload.etag;
  object.size_bytes = payload.staged.extent().size_bytes;
  object.checksum = payload.checksum;
  PostObjectOutput output;
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, bucket_name, std::nullopt));
    ObjectAccess access = TRY(access_of_new_object(call, txn, bucket, form.acl, object_arn(bucket_name, form.key)));
    object.owner = std::move(access.owner);
    object.acl = std::move(access.acl);
    object.extent = TRY(call.objects.commit(txn, payload.staged));
    TRY(put_version(call, txn, bucket, form.key, object));
    output.version_id = made_version(bucket, object);
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));

  output.etag = quoted(object.etag);
  output.location = location(call, form.key);
  call.context.response_status = form.success_status;
  if (form.redirect) {
    call.context.response_status = 303;
    output.location = redirect_target(*form.redirect, bucket_name, form.key, object.etag);
  } else if (form.success_status == 201) {
    output.content_type = "application/xml";
    call.context.response_body = describe(bucket_name, form.key, object.etag, *output.location);
  }
  return output;
}

}  // namespace aerolith::s3
