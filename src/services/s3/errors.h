// S3's errors, each made by a named factory: code, status, message and further elements as S3 writes them.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "metadata/store.h"
#include "objects/object_store.h"
#include "protocol/service_model.h"
#include "services/s3/names.h"

namespace aerolith::s3 {

// An error on its way to the wire. Made also from the errors of the rooms below, so that TRY passes those on: what the
// machine did wrong is logged here, with its detail, and the caller learns no more than S3 would tell.
struct CallError : protocol::ApiError {
  explicit CallError(protocol::ApiError error) : ApiError(std::move(error)) {}
  CallError(const metadata::Error& error);
  CallError(const objects::Error& error);
};

template <typename T = void>
using Result = aerolith::Result<T, CallError>;

namespace errors {

// Buckets
std::unexpected<CallError> no_such_bucket(const BucketName& bucket);
std::unexpected<CallError> invalid_bucket_name(const BucketName& bucket);
std::unexpected<CallError> bucket_already_exists(const BucketName& bucket);
std::unexpected<CallError> bucket_already_owned_by_you(const BucketName& bucket);
enum class BucketVersions : uint8_t { no, yes };
std::unexpected<CallError> bucket_not_empty(const BucketName& bucket, BucketVersions has_versions);
std::unexpected<CallError> no_such_tag_set(const BucketName& bucket);
std::unexpected<CallError> missing_versioning_status();
// Of a bucket that has none of its kind.
enum class Configuration : uint8_t {
  policy,
  cors,
  encryption,
  lifecycle,
  replication,
  website,
  object_lock,
  public_access_block,
  ownership_controls
};
std::unexpected<CallError> no_configuration(Configuration what, const BucketName& bucket);
// `constraint` is what was asked for: "unspecified" when nothing was.
std::unexpected<CallError> illegal_location_constraint(std::string_view constraint);
std::unexpected<CallError> invalid_location_constraint(std::string_view constraint);
std::unexpected<CallError> access_denied();
// Of bucket policies; `reason` in AWS's words.
std::unexpected<CallError> malformed_policy(std::string_view reason);
// A user or role of an account of ours, in a policy, that isn't there.
std::unexpected<CallError> unknown_principal(std::string_view arn);
// Whatever a policy allows: only its bucket's account reads and changes it.
std::unexpected<CallError> policy_of_another_account(std::string_view method);
std::unexpected<CallError> policy_too_large();
// The policy is public and the bucket doesn't take such.
std::unexpected<CallError> public_policy_blocked(std::string_view who, std::string_view bucket_arn);
std::unexpected<CallError> invalid_owner_account(std::string_view account);

// Objects
std::unexpected<CallError> no_such_key(const ObjectKey& key);
// For a key whose current version is a delete marker of that id.
std::unexpected<CallError> key_is_deleted(const ObjectKey& key, std::string_view version_id);
// For a request that names a delete marker and would need an object.
std::unexpected<CallError> not_on_a_delete_marker(std::string_view method, Timestamp last_modified,
                                                  std::string_view version_id);
std::unexpected<CallError> no_such_version(const ObjectKey& key, std::string_view version_id);
std::unexpected<CallError> key_too_long(const ObjectKey& key);
std::unexpected<CallError> invalid_range(std::string_view requested, uint64_t object_size_bytes);
std::unexpected<CallError> invalid_part_number(int32_t part_number, uint64_t parts);
std::unexpected<CallError> precondition_failed(std::string_view condition);
// What S3 itself doesn't take where an object is written: that value of the header, or If-Match with If-None-Match.
std::unexpected<CallError> condition_value_not_accepted(std::string_view header);
std::unexpected<CallError> conditions_not_combinable();
std::unexpected<CallError> metadata_too_large(uint64_t size_bytes, uint64_t limit_bytes);
std::unexpected<CallError> invalid_redirect_location();
std::unexpected<CallError> invalid_storage_class(std::string_view wanted);
std::unexpected<CallError> invalid_object_state(std::string_view storage_class);
std::unexpected<CallError> not_restorable(std::string_view storage_class);
// `value` where it is the value that is wrong.
std::unexpected<CallError> invalid_tag(std::string message, std::string_view key,
                                       std::optional<std::string_view> value = std::nullopt);
std::unexpected<CallError> too_many_tags(std::string message);

// Bodies
std::unexpected<CallError> missing_content_length();
std::unexpected<CallError> incomplete_body();
std::unexpected<CallError> entity_too_large(uint64_t size_bytes, uint64_t limit_bytes);
std::unexpected<CallError> invalid_digest(std::string_view content_md5);
// Both in base64.
std::unexpected<CallError> content_md5_mismatch(std::string_view expected, std::string_view calculated);
// `algorithm` as in S3's messages: "CRC32".
std::unexpected<CallError> checksum_mismatch(std::string_view algorithm);

// Forms
std::unexpected<CallError> malformed_form();
std::unexpected<CallError> form_fields_too_big(uint64_t limit_bytes);
std::unexpected<CallError> missing_form_field(std::string_view name);
std::unexpected<CallError> posted_file_too_small(uint64_t size_bytes, uint64_t limit_bytes);

// Multipart uploads
std::unexpected<CallError> no_such_upload(std::string_view upload_id);
std::unexpected<CallError> invalid_part(std::string_view upload_id, int32_t part_number, std::string_view etag);
std::unexpected<CallError> invalid_part_order(std::string_view upload_id);
std::unexpected<CallError> entity_too_small(uint64_t size_bytes, uint64_t limit_bytes, int32_t part_number,
                                            std::string_view etag);

// Requests in general
std::unexpected<CallError> invalid_argument(std::string message, std::string_view name, std::string_view value);
std::unexpected<CallError> invalid_request(std::string message);
std::unexpected<CallError> malformed_xml();
// A feature that S3 has and Aerolith doesn't have yet: `header` (or parameter) asked for it.
std::unexpected<CallError> not_implemented(std::string_view header);
std::unexpected<CallError> no_object_lock();

// ACLs
std::unexpected<CallError> malformed_acl();
// S3 has given up grantees by e-mail address.
std::unexpected<CallError> email_grantee(std::string_view method);
std::unexpected<CallError> missing_acl();
std::unexpected<CallError> unexpected_content();
// Of buckets whose owner is enforced.
std::unexpected<CallError> acl_not_supported();
std::unexpected<CallError> bucket_acl_with_owner_enforced();
// The list is public and the bucket doesn't take such; a bucket that is to be made never does.
std::unexpected<CallError> public_acl_blocked(std::string_view who, std::string_view action, std::string_view arn);
std::unexpected<CallError> public_acl_of_new_bucket();

// To be tried again: others got ahead too often.
std::unexpected<CallError> slow_down();
std::unexpected<CallError> internal_error();

}  // namespace errors

}  // namespace aerolith::s3
