// What a form upload asks for: its fields, held against its policy, as a request to store an object.
#pragma once

#include <optional>
#include <string>

#include "auth/post_policy.h"
#include "s3/model.h"
#include "services/s3/acl_request.h"
#include "services/s3/call.h"
#include "services/s3/checksums.h"
#include "services/s3/errors.h"
#include "services/s3/form.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

struct PostForm {
  ObjectKey key;
  ObjectRecord object;  // headers, tags, storage class
  AclHeaders acl;
  std::optional<auth::PostPolicy> policy;
  std::optional<std::string> content_md5;  // raw bytes
  std::optional<ChecksumClaim> checksum;
  // Where to send the browser; absent when there is no such field or it is no URL.
  std::optional<std::string> redirect;
  int success_status = 204;
};

// Reads the fields, finds out who signed them (into call.context.key), whether he may, and whether the policy
// allows this form. Before a byte of the file is read.
Result<PostForm> read_post_form(Call& call, const PostObjectInput& input, FormReader& reader);

// MalformedPOSTRequest and its like; what became of the body where that was the reason.
std::unexpected<CallError> form_failure(const Call& call, const FormError& error);

}  // namespace aerolith::s3
