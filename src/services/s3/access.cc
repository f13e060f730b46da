#include "services/s3/access.h"

#include <algorithm>

#include "http/query.h"
#include "services/s3/tables.h"
#include "services/s3/tags.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

// Header fields that are context keys of their own, as they come.
constexpr std::string_view kHeaderKeys[] = {"x-amz-acl",
                                            "x-amz-content-sha256",
                                            "x-amz-copy-source",
                                            "x-amz-grant-full-control",
                                            "x-amz-grant-read",
                                            "x-amz-grant-read-acp",
                                            "x-amz-grant-write",
                                            "x-amz-grant-write-acp",
                                            "x-amz-storage-class",
                                            "x-amz-metadata-directive",
                                            "x-amz-server-side-encryption",
                                            "x-amz-website-redirect-location",
                                            "x-amz-server-side-encryption-aws-kms-key-id",
                                            "x-amz-server-side-encryption-customer-algorithm",
                                            "x-amz-object-ownership",
                                            "if-match",
                                            "if-none-match"};

bool has_parameter(std::string_view query, std::string_view name) {
  while (const auto parameter = http::next_parameter(query)) {
    if (equals_ignore_case(parameter->name, name)) return true;
  }
  return false;
}

}  // namespace

std::string action_of_version(std::string_view action, bool names_version) {
  if (!names_version) return std::string(action);
  // The word Version stands behind Object: s3:GetObjectVersionTagging.
  constexpr std::string_view kObject = "Object";
  const size_t at = action.find(kObject) + kObject.size();
  return std::string(action.substr(0, at)) + "Version" + std::string(action.substr(at));
}

void add_existing_tags(metadata::Store& metadata, const BucketName& name, const ObjectKey& key,
                       const std::optional<std::string>& version_id, policy::Context& context) {
  const auto txn = metadata.begin_read();
  const auto bucket = kBuckets.get(*txn, {name});
  if (!bucket.has_value() || !*bucket) return;
  std::optional<ObjectRecord> object;
  if (!version_id) {
    if (auto found = find_current(*txn, (*bucket)->id, key); found.has_value()) object = *std::move(found);
  } else if (auto found = find_version(*txn, (*bucket)->id, key, VersionId(*version_id == "null" ? "" : *version_id));
             found.has_value() && *found) {
    object = std::move((*found)->record);
  }
  if (!object) return;
  for (const auto& [tag, value] : object->tags) context.set("s3:ExistingObjectTag/" + tag, value);
}

void add_request_tags(std::string_view tagging, policy::Context& context) {
  const auto tags = read_tagging_header(std::string(tagging));
  if (!tags.has_value()) return;
  for (const auto& [tag, value] : *tags) {
    context.set("s3:RequestObjectTag/" + tag, value);
    context.add_value("s3:RequestObjectTagKeys", tag);
  }
}

void add_header_keys(const gateway::CallContext& call, policy::Context& context) {
  const http::RequestHead& head = *call.head;
  for (const std::string_view name : kHeaderKeys) {
    if (const auto value = head.headers.find(name)) context.set("s3:" + std::string(name), *value);
  }
  if (const auto tagging = head.headers.find("x-amz-tagging")) add_request_tags(*tagging, context);
  if (call.key == nullptr) return;
  const bool is_legacy = has_parameter(head.query(), "AWSAccessKeyId");
  const bool is_link = is_legacy || has_parameter(head.query(), "X-Amz-Signature");
  const bool is_form = call.authenticator != nullptr;
  context.set("s3:authType", is_form ? "POST" : is_link ? "REST-QUERY-STRING" : "REST-HEADER");
  context.set("s3:signatureversion", is_legacy ? "AWS" : "AWS4-HMAC-SHA256");
}

}  // namespace aerolith::s3
