// What a request needs beyond its row's action, and the context keys of S3.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "gateway/call.h"
#include "http/message.h"
#include "policy/context.h"
#include "services/s3/copy_source.h"
#include "services/s3/tables.h"
#include "services/s3/tags.h"

namespace aerolith::s3 {

// "s3:GetObject" or, where a version is named, "s3:GetObjectVersion": S3 has a second action for each of these.
std::string action_of_version(std::string_view action, bool names_version);

// The tags of an object, for s3:ExistingObjectTag.
void add_existing_tags(const ObjectRecord& object, policy::Context& context);
// s3:RequestObjectTag/..., s3:RequestObjectTagKeys.
void add_request_tags(const Tags& tags, policy::Context& context);
// Of fields that are keys of their own: s3:x-amz-acl and its like. Also of a form's fields, as headers.
void add_header_keys(const http::Headers& headers, policy::Context& context);
// Of the head as a whole: how it is signed and sent, and its headers.
void add_head_keys(const gateway::CallContext& call, policy::Context& context);

template <typename Input>
void add_conditions(const gateway::CallContext& call, const Input& input, policy::Context& context) {
  add_head_keys(call, context);
  if constexpr (requires { input.prefix; }) {
    if (input.prefix) context.set("s3:prefix", *input.prefix);
  }
  if constexpr (requires { input.delimiter; }) {
    if (input.delimiter) context.set("s3:delimiter", *input.delimiter);
  }
  if constexpr (requires { input.max_keys; }) {
    if (input.max_keys) context.set("s3:max-keys", std::to_string(*input.max_keys));
  }
  if constexpr (requires { input.version_id; }) {
    if (input.version_id) context.set("s3:VersionId", *input.version_id);
  }
  if constexpr (requires { input.create_bucket_configuration; }) {
    if (input.create_bucket_configuration && input.create_bucket_configuration->location_constraint)
      context.set("s3:LocationConstraint", *input.create_bucket_configuration->location_constraint);
  }
  if constexpr (requires { input.key&& input.tagging->tag_set; }) {
    if (const auto tags = read_tags(input.tagging, Tagged::object); tags.has_value()) add_request_tags(*tags, context);
  }
  if constexpr (requires { input.ownership_controls; }) {
    if (input.ownership_controls && input.ownership_controls->rules && !input.ownership_controls->rules->empty())
      context.set("s3:x-amz-object-ownership", input.ownership_controls->rules->front().object_ownership.value_or(""));
  }
}

// The needs of a bucket that is to be made: an ACL that says more than "private", and a setting of ownership, each have
// an action of their own.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
template <typename Input>
std::vector<gateway::AccessNeed> new_bucket_needs(const std::string& arn, const Input& input) {
  std::vector<gateway::AccessNeed> needs{{"s3:CreateBucket", arn}};
  const bool has_grants = input.grant_full_control || input.grant_read || input.grant_read_acp || input.grant_write ||
                          input.grant_write_acp;
  if (has_grants || input.acl.value_or("private") != "private") needs.push_back({"s3:PutBucketAcl", arn});
  if (input.object_ownership) needs.push_back({"s3:PutBucketOwnershipControls", arn});
  return needs;
}

// The needs of what acts on an object: with its version's own action, with those for tags and ACLs that the request
// brings, and with reading the source of a copy.
template <typename Input>
std::vector<gateway::AccessNeed> object_needs(std::string_view action, const std::string& arn, const Input& input) {
  std::string version;
  if constexpr (requires { input.version_id; }) version = input.version_id.value_or("");
  std::vector<gateway::AccessNeed> needs{{action_of_version(action, !version.empty()), arn, version}};
  // What writes is about the object that is to be.
  if constexpr (requires { input.upload_id; }) {
    if (action != "s3:PutObject") needs.front().instance = input.upload_id.value_or("");
  }
  if constexpr (requires { input.copy_source; }) {
    if (const auto source = parse_copy_source(input.copy_source.value_or("")); source.has_value()) {
      needs.push_back({action_of_version("s3:GetObject", source->version_id.has_value()),
                       "arn:aws:s3:::" + source->bucket.str() + "/" + source->key.str(),
                       source->version_id.value_or("")});
    }
  }
  // PutObjectAcl has it in its own action.
  if constexpr (requires { input.acl; } && !requires { input.access_control_policy; }) {
    const bool has_grants =
        input.grant_full_control || input.grant_read || input.grant_read_acp || input.grant_write_acp;
    if (input.acl || has_grants)
      needs.push_back({.action = "s3:PutObjectAcl", .resource = arn, .makes_resource = true});
  }
  if constexpr (requires { std::string_view(*input.tagging); }) {
    if (input.tagging) needs.push_back({"s3:PutObjectTagging", arn});
  }
  return needs;
}

}  // namespace aerolith::s3
