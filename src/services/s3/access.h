// What a request needs beyond its row's action, and the context keys of S3.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "gateway/call.h"
#include "metadata/store.h"
#include "policy/context.h"
#include "services/s3/copy_source.h"
#include "services/s3/names.h"

namespace aerolith::s3 {

// "s3:GetObject" or, where a version is named, "s3:GetObjectVersion": S3 has a second action for each of these.
std::string action_of_version(std::string_view action, bool names_version);

// The tags of an object, for s3:ExistingObjectTag; nothing where there is none.
void add_existing_tags(metadata::Store& metadata, const BucketName& bucket, const ObjectKey& key,
                       const std::optional<std::string>& version_id, policy::Context& context);
// s3:RequestObjectTag/..., s3:RequestObjectTagKeys of an x-amz-tagging header.
void add_request_tags(std::string_view tagging, policy::Context& context);
// Of the head alone: how it is signed, which headers it has.
void add_header_keys(const gateway::CallContext& call, policy::Context& context);

template <typename Input>
void add_conditions(metadata::Store& metadata, const gateway::CallContext& call, const Input& input,
                    policy::Context& context) {
  add_header_keys(call, context);
  if constexpr (requires { input.prefix; }) {
    if (input.prefix) context.set("s3:prefix", *input.prefix);
  }
  if constexpr (requires { input.delimiter; }) {
    if (input.delimiter) context.set("s3:delimiter", *input.delimiter);
  }
  if constexpr (requires { input.max_keys; }) {
    if (input.max_keys) context.set("s3:max-keys", std::to_string(*input.max_keys));
  }
  std::optional<std::string> version;
  if constexpr (requires { input.version_id; }) {
    version = input.version_id;
    if (version) context.set("s3:VersionId", *version);
  }
  if constexpr (requires { input.create_bucket_configuration; }) {
    if (input.create_bucket_configuration && input.create_bucket_configuration->location_constraint)
      context.set("s3:LocationConstraint", *input.create_bucket_configuration->location_constraint);
  }
  if constexpr (requires { input.key; }) {
    add_existing_tags(metadata, BucketName(input.bucket.value_or("")), ObjectKey(input.key.value_or("")), version,
                      context);
  }
}

// The needs of what acts on an object: with its version's own action, with those for tags and ACLs that the request
// brings, and with reading the source of a copy.
template <typename Input>
std::vector<gateway::AccessNeed> object_needs(std::string_view action, const std::string& arn, const Input& input) {
  bool names_version = false;
  if constexpr (requires { input.version_id; }) names_version = input.version_id.has_value();
  std::vector<gateway::AccessNeed> needs{{action_of_version(action, names_version), arn}};
  if constexpr (requires { input.copy_source; }) {
    if (const auto source = parse_copy_source(input.copy_source.value_or("")); source.has_value()) {
      needs.push_back({action_of_version("s3:GetObject", source->version_id.has_value()),
                       "arn:aws:s3:::" + source->bucket.str() + "/" + source->key.str()});
    }
  }
  if constexpr (requires { input.acl; }) {
    if (input.acl) needs.push_back({"s3:PutObjectAcl", arn});
  }
  if constexpr (requires { std::string_view(*input.tagging); }) {
    if (input.tagging) needs.push_back({"s3:PutObjectTagging", arn});
  }
  return needs;
}

}  // namespace aerolith::s3
