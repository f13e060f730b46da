#include "services/s3/errors.h"

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "base/log.h"

namespace aerolith::s3 {
namespace {

using protocol::ApiError;
using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

constexpr const char* kNotImplemented = "A header you provided implies functionality that is not implemented";

ApiError make(std::string_view code, int status, std::string message, Fields fields = {}) {
  ApiError error;
  error.code = code;
  error.http_status = status;
  error.message = std::move(message);
  for (const auto& [name, value] : fields) error.fields.emplace_back(name, value);
  return error;
}

std::unexpected<CallError> refuse(std::string_view code, int status, std::string message, Fields fields = {}) {
  return std::unexpected(CallError(make(code, status, std::move(message), fields)));
}

ApiError make_internal_error() {
  return make("InternalError", 500, "We encountered an internal error. Please try again.");
}

// Clients retry a SlowDown by themselves, with back-off: what both of its causes need.
ApiError make_slow_down() { return make("SlowDown", 503, "Please reduce your request rate."); }

ApiError make_no_space() {
  return make("InsufficientStorage", 507,
              "The disk that holds the data folder is full. Free some space there (df -h shows it) and try again.");
}

ApiError make_incomplete_body() {
  return make("IncompleteBody", 400,
              "You did not provide the number of bytes specified by the Content-Length HTTP header");
}

ApiError map(const metadata::Error& error) {
  switch (error.code) {
    case metadata::ErrorCode::conflict:
      return make_slow_down();
    case metadata::ErrorCode::no_space:
      return make_no_space();
    case metadata::ErrorCode::io:
    case metadata::ErrorCode::corrupt:
    case metadata::ErrorCode::newer_format:
    case metadata::ErrorCode::busy:
    case metadata::ErrorCode::invalid:
      break;
  }
  log_error("s3: the metadata store failed", {{"detail", error.detail}});
  return make_internal_error();
}

ApiError map(const objects::Error& error) {
  switch (error.code) {
    case objects::ErrorCode::no_space:
      return make_no_space();
    case objects::ErrorCode::conflict:
      return make_slow_down();
    case objects::ErrorCode::io:
    case objects::ErrorCode::corrupt:
    case objects::ErrorCode::gone:
    case objects::ErrorCode::invalid:
      break;
  }
  log_error("s3: the object store failed", {{"detail", error.detail}});
  return make_internal_error();
}

}  // namespace

CallError::CallError(const metadata::Error& error) : ApiError(map(error)) {}
CallError::CallError(const objects::Error& error) : ApiError(map(error)) {}

namespace errors {

std::unexpected<CallError> no_such_bucket(const BucketName& bucket) {
  return refuse("NoSuchBucket", 404, "The specified bucket does not exist", {{"BucketName", bucket.str()}});
}

std::unexpected<CallError> invalid_bucket_name(const BucketName& bucket) {
  return refuse("InvalidBucketName", 400, "The specified bucket is not valid.", {{"BucketName", bucket.str()}});
}

std::unexpected<CallError> bucket_already_exists(const BucketName& bucket) {
  return refuse("BucketAlreadyExists", 409,
                "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                "system. Please select a different name and try again.",
                {{"BucketName", bucket.str()}});
}

std::unexpected<CallError> bucket_already_owned_by_you(const BucketName& bucket) {
  return refuse("BucketAlreadyOwnedByYou", 409,
                "Your previous request to create the named bucket succeeded and you already own it.",
                {{"BucketName", bucket.str()}});
}

std::unexpected<CallError> bucket_not_empty(const BucketName& bucket, BucketVersions has_versions) {
  std::string message = "The bucket you tried to delete is not empty";
  if (has_versions == BucketVersions::yes) message += ". You must delete all versions in the bucket.";
  return refuse("BucketNotEmpty", 409, std::move(message), {{"BucketName", bucket.str()}});
}

std::unexpected<CallError> no_such_tag_set(const BucketName& bucket) {
  return refuse("NoSuchTagSet", 404, "The TagSet does not exist", {{"BucketName", bucket.str()}});
}

std::unexpected<CallError> missing_versioning_status() {
  return refuse("IllegalVersioningConfigurationException", 400, "The Versioning element must be specified");
}

std::unexpected<CallError> no_configuration(Configuration what, const BucketName& bucket) {
  auto answer = [&](std::string_view code, std::string message) {
    return refuse(code, 404, std::move(message), {{"BucketName", bucket.str()}});
  };
  switch (what) {
    case Configuration::policy:
      return answer("NoSuchBucketPolicy", "The bucket policy does not exist");
    case Configuration::cors:
      return answer("NoSuchCORSConfiguration", "The CORS configuration does not exist");
    case Configuration::encryption:
      return answer("ServerSideEncryptionConfigurationNotFoundError",
                    "The server side encryption configuration was not found");
    case Configuration::lifecycle:
      return answer("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist");
    case Configuration::replication:
      return answer("ReplicationConfigurationNotFoundError", "The replication configuration was not found");
    case Configuration::website:
      return answer("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration");
    case Configuration::object_lock:
      return answer("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket");
    case Configuration::public_access_block:
      return answer("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found");
    case Configuration::ownership_controls:
      return answer("OwnershipControlsNotFoundError", "The bucket ownership controls were not found");
  }
  std::unreachable();
}

std::unexpected<CallError> illegal_location_constraint(std::string_view constraint) {
  return refuse("IllegalLocationConstraintException", 400,
                fmt::format("The {} location constraint is incompatible for the region specific endpoint this request "
                            "was sent to.",
                            constraint));
}

std::unexpected<CallError> invalid_location_constraint(std::string_view constraint) {
  return refuse("InvalidLocationConstraint", 400, "The specified location-constraint is not valid",
                {{"LocationConstraint", std::string(constraint)}});
}

std::unexpected<CallError> malformed_policy(std::string_view reason) {
  return refuse("MalformedPolicy", 400, std::string(reason));
}
std::unexpected<CallError> unknown_principal(std::string_view arn) {
  return refuse("MalformedPolicy", 400, "Invalid principal in policy",
                {{"Detail", fmt::format("\"AWS\" : \"{}\"", arn)}});
}
std::unexpected<CallError> policy_of_another_account(std::string_view method) {
  return refuse("MethodNotAllowed", 405, "The specified method is not allowed against this resource.",
                {{"Method", std::string(method)}, {"ResourceType", "BUCKETPOLICY"}});
}
std::unexpected<CallError> policy_too_large() {
  return refuse("PolicyTooLarge", 400, "Normalized Policy document exceeds the maximum allowed size of 20480 bytes.");
}
std::unexpected<CallError> public_policy_blocked(std::string_view who, std::string_view bucket_arn) {
  return refuse(
      "AccessDenied", 403,
      fmt::format("User: {} is not authorized to perform: s3:PutBucketPolicy on resource: \"{}\" because public "
                  "policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
                  who, bucket_arn));
}
std::unexpected<CallError> access_denied() { return refuse("AccessDenied", 403, "Access Denied"); }

std::unexpected<CallError> invalid_owner_account(std::string_view account) {
  return refuse("InvalidBucketOwnerAWSAccountID", 400,
                "The value of the expected bucket owner parameter must be an AWS Account ID",
                {{"BucketOwner", std::string(account)}});
}

std::unexpected<CallError> no_such_key(const ObjectKey& key) {
  return refuse("NoSuchKey", 404, "The specified key does not exist.", {{"Key", key.str()}});
}

std::unexpected<CallError> key_is_deleted(const ObjectKey& key, std::string_view version_id) {
  std::unexpected<CallError> error = no_such_key(key);
  error.error().headers.emplace_back("x-amz-delete-marker", "true");
  error.error().headers.emplace_back("x-amz-version-id", version_id);
  return error;
}

std::unexpected<CallError> not_on_a_delete_marker(std::string_view method, Timestamp last_modified,
                                                  std::string_view version_id) {
  ApiError error = make("MethodNotAllowed", 405, "The specified method is not allowed against this resource.",
                        {{"Method", std::string(method)}, {"ResourceType", "DeleteMarker"}});
  error.headers.emplace_back("Allow", "DELETE");
  error.headers.emplace_back("Last-Modified", format_http_date(last_modified));
  error.headers.emplace_back("x-amz-delete-marker", "true");
  error.headers.emplace_back("x-amz-version-id", version_id);
  return std::unexpected(CallError(std::move(error)));
}

std::unexpected<CallError> no_such_version(const ObjectKey& key, std::string_view version_id) {
  return refuse("NoSuchVersion", 404, "The specified version does not exist.",
                {{"Key", key.str()}, {"VersionId", std::string(version_id)}});
}

std::unexpected<CallError> key_too_long(const ObjectKey& key) {
  return refuse("KeyTooLongError", 400, "Your key is too long",
                {{"Size", std::to_string(key.str().size())}, {"MaxSizeAllowed", std::to_string(kMaxKeyBytes)}});
}

std::unexpected<CallError> invalid_range(std::string_view requested, uint64_t object_size_bytes) {
  std::string size = std::to_string(object_size_bytes);
  ApiError error = make("InvalidRange", 416, "The requested range is not satisfiable",
                        {{"RangeRequested", std::string(requested)}, {"ActualObjectSize", size}});
  error.headers.emplace_back("Content-Range", "bytes */" + size);
  return std::unexpected(CallError(std::move(error)));
}

std::unexpected<CallError> invalid_part_number(int32_t part_number, uint64_t parts) {
  return refuse("InvalidPartNumber", 416, "The requested partnumber is not satisfiable",
                {{"PartNumberRequested", std::to_string(part_number)}, {"ActualPartCount", std::to_string(parts)}});
}

std::unexpected<CallError> precondition_failed(std::string_view condition) {
  return refuse("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold",
                {{"Condition", std::string(condition)}});
}

std::unexpected<CallError> condition_value_not_accepted(std::string_view header) {
  return refuse(
      "NotImplemented", 501, kNotImplemented,
      {{"Header", std::string(header)},
       {"additionalMessage", fmt::format("We don't accept the provided value of {} header for this API", header)}});
}

std::unexpected<CallError> conditions_not_combinable() {
  return refuse("NotImplemented", 501, kNotImplemented,
                {{"Header", "If-Match,If-None-Match"},
                 {"additionalMessage", "Multiple conditional request headers present in the request"}});
}

std::unexpected<CallError> metadata_too_large(uint64_t size_bytes, uint64_t limit_bytes) {
  return refuse("MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size",
                {{"Size", std::to_string(size_bytes)}, {"MaxSizeAllowed", std::to_string(limit_bytes)}});
}

std::unexpected<CallError> invalid_redirect_location() {
  return refuse("InvalidRedirectLocation", 400,
                "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.");
}

std::unexpected<CallError> invalid_storage_class(std::string_view wanted) {
  return refuse("InvalidStorageClass", 400, "The storage class you specified is not valid",
                {{"StorageClassRequested", std::string(wanted)}});
}

std::unexpected<CallError> invalid_object_state(std::string_view storage_class) {
  return refuse("InvalidObjectState", 403, "The operation is not valid for the object's storage class",
                {{"StorageClass", std::string(storage_class)}});
}

std::unexpected<CallError> not_restorable(std::string_view storage_class) {
  return refuse("InvalidObjectState", 403, "Restore is not allowed for the object's current storage class",
                {{"StorageClass", std::string(storage_class)}});
}

std::unexpected<CallError> invalid_tag(std::string message, std::string_view key,
                                       std::optional<std::string_view> value) {
  ApiError error = make("InvalidTag", 400, std::move(message), {{"TagKey", std::string(key)}});
  if (value) error.fields.emplace_back("TagValue", *value);
  return std::unexpected(CallError(std::move(error)));
}

std::unexpected<CallError> too_many_tags(std::string message) { return refuse("BadRequest", 400, std::move(message)); }

std::unexpected<CallError> missing_content_length() {
  return refuse("MissingContentLength", 411, "You must provide the Content-Length HTTP header.");
}

std::unexpected<CallError> incomplete_body() { return std::unexpected(CallError(make_incomplete_body())); }

std::unexpected<CallError> entity_too_large(uint64_t size_bytes, uint64_t limit_bytes) {
  return refuse("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size",
                {{"ProposedSize", std::to_string(size_bytes)}, {"MaxSizeAllowed", std::to_string(limit_bytes)}});
}

std::unexpected<CallError> invalid_digest(std::string_view content_md5) {
  return refuse("InvalidDigest", 400, "The Content-MD5 you specified was invalid.",
                {{"Content-MD5", std::string(content_md5)}});
}

std::unexpected<CallError> content_md5_mismatch(std::string_view expected, std::string_view calculated) {
  return refuse("BadDigest", 400, "The Content-MD5 you specified did not match what we received.",
                {{"ExpectedDigest", std::string(expected)}, {"CalculatedDigest", std::string(calculated)}});
}

std::unexpected<CallError> checksum_mismatch(std::string_view algorithm) {
  return refuse("BadDigest", 400,
                fmt::format("The {} you specified did not match the calculated checksum.", algorithm));
}

std::unexpected<CallError> malformed_form() {
  return refuse("MalformedPOSTRequest", 400, "The body of your POST request is not well-formed multipart/form-data.");
}

std::unexpected<CallError> form_fields_too_big(uint64_t limit_bytes) {
  return refuse("MaxPostPreDataLengthExceeded", 400,
                "Your POST request fields preceding the upload file were too large.",
                {{"MaxPostPreDataLengthBytes", std::to_string(limit_bytes)}});
}

std::unexpected<CallError> missing_form_field(std::string_view name) {
  return invalid_argument(fmt::format("Bucket POST must contain a field named '{}'.  If it is specified, please check "
                                      "the order of the fields.",
                                      name),
                          name, "");
}

std::unexpected<CallError> posted_file_too_small(uint64_t size_bytes, uint64_t limit_bytes) {
  return refuse("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size",
                {{"ProposedSize", std::to_string(size_bytes)}, {"MinSizeAllowed", std::to_string(limit_bytes)}});
}

std::unexpected<CallError> no_such_upload(std::string_view upload_id) {
  return refuse("NoSuchUpload", 404,
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
                "aborted or completed.",
                {{"UploadId", std::string(upload_id)}});
}

std::unexpected<CallError> invalid_part(std::string_view upload_id, int32_t part_number, std::string_view etag) {
  return refuse(
      "InvalidPart", 400,
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
      "specified entity tag may not match the part's entity tag.",
      {{"UploadId", std::string(upload_id)}, {"PartNumber", std::to_string(part_number)}, {"ETag", std::string(etag)}});
}

std::unexpected<CallError> invalid_part_order(std::string_view upload_id) {
  return refuse("InvalidPartOrder", 400,
                "The list of parts was not in ascending order. Parts must be ordered by part number.",
                {{"UploadId", std::string(upload_id)}});
}

std::unexpected<CallError> entity_too_small(uint64_t size_bytes, uint64_t limit_bytes, int32_t part_number,
                                            std::string_view etag) {
  return refuse("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size",
                {{"ProposedSize", std::to_string(size_bytes)},
                 {"MinSizeAllowed", std::to_string(limit_bytes)},
                 {"PartNumber", std::to_string(part_number)},
                 {"ETag", std::string(etag)}});
}

std::unexpected<CallError> invalid_argument(std::string message, std::string_view name, std::string_view value) {
  return refuse("InvalidArgument", 400, std::move(message),
                {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}});
}

std::unexpected<CallError> invalid_request(std::string message) {
  return refuse("InvalidRequest", 400, std::move(message));
}

std::unexpected<CallError> malformed_xml() {
  return refuse("MalformedXML", 400,
                "The XML you provided was not well-formed or did not validate against our published schema");
}

std::unexpected<CallError> not_implemented(std::string_view header) {
  return refuse("NotImplemented", 501, fmt::format("{}: {}", kNotImplemented, header),
                {{"Header", std::string(header)}});
}

std::unexpected<CallError> no_object_lock() {
  return refuse("InvalidRequest", 400, "Bucket is missing Object Lock Configuration");
}

std::unexpected<CallError> acl_not_supported() {
  return refuse("AccessControlListNotSupported", 400, "The bucket does not allow ACLs");
}

std::unexpected<CallError> bucket_acl_with_owner_enforced() {
  return refuse("InvalidBucketAclWithObjectOwnership", 400,
                "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
}

std::unexpected<CallError> malformed_acl() {
  return refuse("MalformedACLError", 400,
                "The XML you provided was not well-formed or did not validate against our published schema");
}

std::unexpected<CallError> email_grantee(std::string_view method) {
  return refuse("MethodNotAllowed", 405,
                "The specified method is not allowed against this resource: grantees by email address are no longer "
                "supported.",
                {{"Method", std::string(method)}, {"ResourceType", "ACL"}});
}

std::unexpected<CallError> missing_acl() {
  return refuse("MissingSecurityHeader", 400, "Your request was missing a required header",
                {{"MissingHeaderName", "x-amz-acl"}});
}

std::unexpected<CallError> unexpected_content() {
  return refuse("UnexpectedContent", 400, "This request does not support content");
}

std::unexpected<CallError> public_acl_blocked(std::string_view who, std::string_view action, std::string_view arn) {
  if (who.empty()) return access_denied();
  return refuse("AccessDenied", 403,
                fmt::format("User: {} is not authorized to perform: {} on resource: \"{}\" because public access "
                            "control lists (ACLs) are prevented by the BlockPublicAcls setting in S3 Block Public "
                            "Access.",
                            who, action, arn));
}

std::unexpected<CallError> public_acl_of_new_bucket() {
  return refuse("InvalidBucketAclWithBlockPublicAccessError", 400,
                "Bucket cannot have public ACLs set with BlockPublicAccess enabled");
}

std::unexpected<CallError> slow_down() { return std::unexpected(CallError(make_slow_down())); }

std::unexpected<CallError> internal_error() { return std::unexpected(CallError(make_internal_error())); }

}  // namespace errors

}  // namespace aerolith::s3
