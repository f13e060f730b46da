// What a request says of an access control list: in headers (or fields of a form) and in a document.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "s3/model.h"
#include "services/s3/acl.h"
#include "services/s3/call.h"
#include "services/s3/errors.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

// x-amz-acl, or x-amz-grant-...: never both.
struct AclHeaders {
  std::optional<std::string> canned;
  std::optional<Acl> grants;

  bool is_empty() const { return !canned && !grants; }
};
// InvalidRequest for both kinds; InvalidArgument for grantees that aren't there; MethodNotAllowed for one by e-mail,
// which S3 takes no more.
Result<AclHeaders> read_acl_headers(const Call& call, const http::Headers& headers);

// The list that headers come to; not for empty ones. InvalidArgument for a canned one that S3 hasn't.
Result<Acl> to_acl(const AclHeaders& headers, AclTarget target, const AclParties& parties);

// Of a document, for what `owner_id` owns. MalformedACLError; InvalidArgument and MethodNotAllowed as above;
// AccessDenied where another account is to be the owner.
Result<Acl> read_acl_document(const Call& call, const AccessControlPolicy& document, const std::string& owner_id);

// What a public list would be put to: in the words of a refusal.
struct AclAction {
  std::string_view action;
  std::string arn;
};
// AccessDenied for a public list where those are blocked.
Result<> check_public_acl(const Call& call, metadata::ReadTransaction& txn, const BucketRecord& bucket, const Acl& acl,
                          const AclAction& action);

// Whose a new object is, and who may do what with it.
struct ObjectAccess {
  AccountId owner;  // empty: the bucket's owner
  std::optional<Acl> acl;
};
// In a transaction, by the bucket's settings. AccessControlListNotSupported where ACLs are disabled, unless the
// headers ask for what holds there anyway; AccessDenied as above.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
Result<ObjectAccess> access_of_new_object(const Call& call, metadata::ReadTransaction& txn, const BucketRecord& bucket,
                                          const AclHeaders& headers, const std::string& object_arn);

}  // namespace aerolith::s3
