#include "services/s3/post_form.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "gateway/access_check.h"
#include "gateway/errors.h"
#include "protocol/xml_codec.h"
#include "s3/schema.h"
#include "services/s3/access.h"
#include "services/s3/features.h"
#include "services/s3/object_headers.h"
#include "services/s3/payload.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/tags.h"

namespace aerolith::s3 {
namespace {

constexpr auto kStyle = auth::ServiceErrorStyle::s3;
constexpr std::string_view kMetadataPrefix = "x-amz-meta-";
constexpr std::string_view kFileName = "${filename}";

std::optional<std::string> find_field(const auth::FormFields& fields, std::string_view name) {
  auto found = std::ranges::find_if(fields, [&](const auto& field) { return equals_ignore_case(field.first, name); });
  if (found == fields.end()) return std::nullopt;
  return found->second;
}

std::unexpected<CallError> refuse(const auth::PostPolicyError& error) {
  return std::unexpected(CallError(gateway::policy_error(error)));
}

// The fields as the headers that a PutObject would have.
http::RequestHead as_put_object(const auth::FormFields& fields) {
  http::RequestHead head{.method = "POST"};
  for (const auto& [name, value] : fields) {
    head.headers.add(equals_ignore_case(name, "acl") ? "x-amz-acl" : to_lower(name), value);
  }
  return head;
}

Result<Tags> read_tagging_field(const std::optional<std::string>& xml) {
  if (!xml) return Tags();
  Tagging tagging;
  if (!protocol::decode_xml_body(schema::kTagging, *xml, "", &tagging).has_value()) return errors::malformed_xml();
  return TRY(read_tags(tagging, Tagged::object));
}

// What a PutObject with these fields as headers would need; conditions see them as such.
Result<> require_access(const Call& call, const auth::FormFields& fields, const std::string& object_arn) {
  const gateway::AccessCheck& access = *call.context.access;
  const http::RequestHead head = as_put_object(fields);
  add_header_keys(head.headers, access.conditions());
  const auto tagging = find_field(fields, "tagging");
  const auto tags = read_tagging_field(tagging);
  if (tags.has_value()) add_request_tags(*tags, access.conditions());

  std::vector<gateway::AccessNeed> needs{{"s3:PutObject", object_arn}};
  const bool has_acl = std::ranges::any_of(head.headers.fields(), [](const auto& field) {
    return field.first == "x-amz-acl" || field.first.starts_with("x-amz-grant-");
  });
  if (has_acl) needs.push_back({.action = "s3:PutObjectAcl", .resource = object_arn, .makes_resource = true});
  if (tagging) needs.push_back({"s3:PutObjectTagging", object_arn});
  for (const gateway::AccessNeed& need : needs) {
    auto allowed = access.require(need);
    if (!allowed.has_value()) return std::unexpected(CallError(std::move(allowed).error()));
  }
  return {};
}

// Who signed the policy, and what it says.
Result<std::optional<auth::PostPolicy>> authenticate(Call& call, const auth::FormFields& fields,
                                                     const std::string& resource) {
  auto signer = auth::verify_post_policy(*call.context.authenticator, fields, auth::Anonymous::allowed);
  if (!signer.has_value()) return std::unexpected(CallError(gateway::authentication_error(signer.error(), kStyle)));
  call.context.key = signer->key;
  TRY(require_access(call, fields, resource));
  if (call.context.key == nullptr) return std::optional<auth::PostPolicy>();
  auto policy = auth::parse_post_policy(find_field(fields, "policy").value_or(""));
  if (!policy.has_value()) return refuse(policy.error());
  return std::optional(*std::move(policy));
}

Result<ObjectHeaders> read_headers(const auth::FormFields& fields) {
  PutObjectInput input;
  input.content_type = find_field(fields, "content-type");
  input.cache_control = find_field(fields, "cache-control");
  input.content_disposition = find_field(fields, "content-disposition");
  input.content_encoding = find_field(fields, "content-encoding");
  input.content_language = find_field(fields, "content-language");
  input.expires = find_field(fields, "expires");
  input.website_redirect_location = find_field(fields, "x-amz-website-redirect-location");
  auto& metadata = input.metadata.emplace();
  for (const auto& [name, value] : fields) {
    std::string lower = to_lower(name);
    if (lower.starts_with(kMetadataPrefix)) metadata.emplace(lower.substr(kMetadataPrefix.size()), value);
  }
  return TRY(read_object_headers(input));
}

bool is_url(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

void read_success(const auth::FormFields& fields, PostForm& form) {
  std::optional<std::string> redirect = find_field(fields, "success_action_redirect");
  if (!redirect) redirect = find_field(fields, "redirect");
  bool is_safe = redirect && is_url(*redirect) && redirect->find_first_of("\r\n") == std::string::npos;
  if (is_safe) form.redirect = std::move(redirect);
  std::optional<std::string> status = find_field(fields, "success_action_status");
  if (status == "200") form.success_status = 200;
  if (status == "201") form.success_status = 201;
}

}  // namespace

Result<PostForm> read_post_form(Call& call, const PostObjectInput& input, FormReader& reader) {
  auto read = reader.read_fields();
  if (!read.has_value()) return form_failure(call, read.error());
  auth::FormFields fields = *std::move(read);
  auto key_field = std::ranges::find_if(fields, [](const auto& f) { return equals_ignore_case(f.first, "key"); });
  if (key_field == fields.end()) return errors::missing_form_field("key");
  if (size_t at = key_field->second.find(kFileName); at != std::string::npos && reader.file_name()) {
    key_field->second.replace(at, kFileName.size(), *reader.file_name());
  }
  const std::string bucket = input.bucket.value_or("");
  PostForm form;
  form.policy = TRY(authenticate(call, fields, bucket_arn(BucketName(bucket)) + "/" + key_field->second));
  if (form.policy) {
    auto checked = auth::check_post_form(*form.policy, fields, bucket, call.context.now);
    if (!checked.has_value()) return refuse(checked.error());
  }
  if (key_field->second.empty())
    return errors::invalid_argument("User key must have a length greater than 0.", "key", "");
  form.key = TRY(read_key(key_field->second));

  http::RequestHead head = as_put_object(fields);
  TRY(check_features(head));
  form.acl = TRY(read_acl_headers(call, head.headers));
  form.object.headers = TRY(read_headers(fields));
  form.object.storage_class = TRY(read_storage_class(find_field(fields, "x-amz-storage-class")));
  form.object.tags = TRY(read_tagging_field(find_field(fields, "tagging")));
  form.content_md5 = TRY(read_content_md5(head.headers));
  form.checksum = TRY(read_checksum_claim(head.headers));
  read_success(fields, form);
  return form;
}

std::unexpected<CallError> form_failure(const Call& call, const FormError& error) {
  switch (error.code) {
    case FormErrorCode::no_file:
      return errors::invalid_argument("POST requires exactly one file upload per request.", "file", "0");
    case FormErrorCode::fields_too_big:
      return errors::form_fields_too_big(kFormFieldsLimitBytes);
    case FormErrorCode::body:
      if (error.body_error) return unreadable_body(call, *error.body_error);
      break;
    case FormErrorCode::malformed:
      break;
  }
  return errors::malformed_form();
}

}  // namespace aerolith::s3
