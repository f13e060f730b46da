// Managed policies: the account's own and AWS's, found by ARN; documents checked on their way in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "iam/model.h"
#include "policy/document.h"
#include "services/iam/aws_policies.h"
#include "services/iam/call.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
inline constexpr size_t kMaxManagedPolicySize = 6144;  // characters without white space, as all of these
inline constexpr size_t kMaxVersions = 5;
inline constexpr size_t kMaxAttachments = 10;

// MalformedPolicyDocument with the parser's reason.
Result<> check_document(std::string_view document, policy::PolicyKind kind);
size_t size_without_white_space(std::string_view document);

// The key of the account's own policy of that ARN; nullopt for AWS's, others' and what isn't the ARN of a policy.
std::optional<Name> policy_of(const AccountId& account, std::string_view arn);
std::string policy_arn(const AccountId& account, const PolicyRecord& policy);

struct OwnPolicy {
  Name key;
  PolicyRecord record;
};
// The account's own policy of that ARN: InvalidInput for what isn't one, AccessDenied for AWS's, NoSuchEntity.
Result<OwnPolicy> find_own_policy(metadata::ReadTransaction& txn, const AccountId& account, const std::string& arn);
// Whether that ARN can be attached: NoSuchEntity for one that isn't there.
Result<> check_attachable(metadata::ReadTransaction& txn, const AccountId& account, const std::string& arn);

struct Usage {
  int32_t attachments = 0;
  int32_t boundaries = 0;
};
Result<Usage> count_usage(metadata::ReadTransaction& txn, const AccountId& account, const PolicyArn& arn);
Policy to_wire(const AccountId& account, const PolicyRecord& record, const Usage& usage);
Policy to_wire(const AwsPolicy& policy, const Usage& usage);
// "v3" -> 3; nullopt for another form.
std::optional<uint32_t> parse_version_id(std::string_view id);
std::string version_id(uint32_t number);
// As documents go over the wire: percent-encoded.
std::string encode_document(std::string_view document);

// The permissions boundary of a user or role: sets, changes or (nullopt) removes it, with the row that says so.
template <typename Record>
Result<> set_boundary(metadata::Transaction& txn, const AccountId& account, EntityKind kind, Record& record,
                      const Name& name, const std::optional<std::string>& arn);

AttachedPermissionsBoundary boundary_to_wire(const PolicyArn& arn);

template <typename Record>
Result<> set_boundary(metadata::Transaction& txn, const AccountId& account, EntityKind kind, Record& record,
                      const Name& name, const std::optional<std::string>& arn) {
  if (arn) TRY(check_attachable(txn, account, *arn));
  if (record.boundary) kBoundaryOf.erase(txn, {account, *record.boundary, kind, name});
  if (arn) kBoundaryOf.put(txn, {account, *arn, kind, name}, {});
  record.boundary = arn;
  return {};
}

}  // namespace aerolith::iam
