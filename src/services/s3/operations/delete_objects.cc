// Removes up to a thousand objects, in one transaction; each key has its own outcome.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
#include "gateway/access_check.h"
#include "services/s3/checksums.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

constexpr size_t kMostKeys = 1000;

Result<Removal> delete_one(const Call& call, metadata::Transaction& txn, const BucketName& name,
                           const BucketRecord& bucket, const ObjectIdentifier& wanted) {
  ObjectKey key = TRY(read_key(wanted.key));
  const std::string action = wanted.version_id ? "s3:DeleteObjectVersion" : "s3:DeleteObject";
  auto allowed = call.context.access->require({action, bucket_arn(name) + "/" + key.str()});
  if (!allowed.has_value()) return std::unexpected(CallError(std::move(allowed).error()));
  std::optional<VersionId> version;
  if (wanted.version_id) version = VersionId(*wanted.version_id == "null" ? "" : *wanted.version_id);
  RemovalConditions conditions{
      .if_match = wanted.etag, .size_bytes = wanted.size, .last_modified = wanted.last_modified_time};
  TRY(check_removal(txn, bucket.id, key, version, conditions));
  if (!version) return remove_current(call, txn, bucket, key);
  std::optional<Removal> removal = TRY(remove_version(call, txn, bucket, key, *version));
  // What can't be an id here is, and only here, one of a version that isn't there. One that is gone already is no
  // error.
  bool can_be = version->empty() || (bucket.versioning != Versioning::never && sequence_of(*version));
  if (!removal && !can_be) return errors::no_such_version(key, version->view());
  return removal.value_or(Removal{.version_id = version});
}

// True for an error that is this key's own, not the whole request's.
bool belongs_to_key(const CallError& error) { return error.http_status < 500 || error.http_status == 501; }

void add_deleted(DeleteObjectsOutput& output, const ObjectIdentifier& wanted, const Removal& removal) {
  DeletedObject& deleted = output.deleted->emplace_back();
  deleted.key = wanted.key;
  deleted.version_id = wanted.version_id;
  if (!removal.is_delete_marker) return;
  deleted.delete_marker = true;
  deleted.delete_marker_version_id = version_text(*removal.version_id);
}

void add_error(DeleteObjectsOutput& output, const ObjectIdentifier& wanted, const CallError& error) {
  s3::Error& failed = output.errors->emplace_back();
  failed.key = wanted.key;
  failed.version_id = wanted.version_id;
  failed.code = error.code;
  failed.message = error.message;
}

}  // namespace

Result<DeleteObjectsOutput> delete_objects(Call& call, const DeleteObjectsInput& input) {
  if (!TRY(verify_whole_body(call.context.head->headers, call.context.whole_body))) {
    return errors::invalid_request("Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  }
  if (!input.delete_ || !input.delete_->objects || input.delete_->objects->empty() ||
      input.delete_->objects->size() > kMostKeys) {
    return errors::malformed_xml();
  }
  BucketName bucket_name(input.bucket.value_or(""));
  bool is_quiet = input.delete_->quiet.value_or(false);
  auto body = [&](metadata::Transaction& txn) -> Result<DeleteObjectsOutput> {
    BucketRecord bucket = TRY(find_bucket(call, txn, bucket_name, input.expected_bucket_owner));
    DeleteObjectsOutput output;
    output.deleted.emplace();
    output.errors.emplace();
    for (const ObjectIdentifier& wanted : *input.delete_->objects) {
      auto outcome = delete_one(call, txn, bucket_name, bucket, wanted);
      if (outcome.has_value()) {
        if (!is_quiet) add_deleted(output, wanted, *outcome);
      } else if (belongs_to_key(outcome.error())) {
        add_error(output, wanted, outcome.error());
      } else {
        return std::unexpected(std::move(outcome).error());
      }
    }
    return output;
  };
  return TRY(metadata::run_transaction(call.metadata, body));
}

}  // namespace aerolith::s3
