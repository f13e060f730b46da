// Starts a multipart upload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
#include "services/s3/acl_request.h"
#include "services/s3/multipart.h"
#include "services/s3/object_headers.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/tags.h"

namespace aerolith::s3 {

Result<CreateMultipartUploadOutput> create_multipart_upload(Call& call, const CreateMultipartUploadInput& input) {
  BucketName bucket_name(input.bucket.value_or(""));
  ObjectKey key = TRY(read_key(input.key));
  ChecksumChoice checksum = TRY(choose_checksum(input.checksum_algorithm, input.checksum_type));
  UploadRecord upload;
  upload.initiated_at = call.context.now;
  upload.headers = TRY(read_object_headers(input));
  upload.storage_class = TRY(read_storage_class(input.storage_class));
  upload.tags = TRY(read_tagging_header(input.tagging));
  upload.checksum_algorithm = checksum.algorithm;
  upload.checksum_type = checksum.type;
  upload.checksum_was_chosen = checksum.was_chosen;
  const AclHeaders acl = TRY(read_acl_headers(call, call.context.head->headers));
  UploadId id = make_upload_id(call.context.now);
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, bucket_name, input.expected_bucket_owner));
    ObjectAccess access = TRY(access_of_new_object(call, txn, bucket, acl, object_arn(bucket_name, key)));
    upload.owner = std::move(access.owner);
    upload.acl = std::move(access.acl);
    const AccountId initiator = caller_account(call.context);
    upload.initiator = initiator == bucket.owner ? AccountId() : initiator;
    kUploads.put(txn, {bucket.id, key, id}, upload);
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  CreateMultipartUploadOutput output;
  output.bucket = bucket_name.str();
  output.key = key.str();
  output.upload_id = id.str();
  if (checksum.was_chosen) {
    output.checksum_algorithm = std::string(algorithm_name(checksum.algorithm));
    output.checksum_type = std::string(type_name(checksum.type));
  }
  return output;
}

}  // namespace aerolith::s3
