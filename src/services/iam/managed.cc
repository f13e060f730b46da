#include "services/iam/managed.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "services/iam/names.h"

namespace aerolith::iam {

using metadata::Direction;

Result<> check_document(std::string_view document, policy::PolicyKind kind) {
  const auto parsed = policy::parse_policy(document, kind);
  if (!parsed.has_value()) return errors::malformed_policy(parsed.error());
  return {};
}

size_t size_without_white_space(std::string_view document) {
  return static_cast<size_t>(
      std::ranges::count_if(document, [](char c) { return c != ' ' && c != '\t' && c != '\n' && c != '\r'; }));
}

std::optional<Name> policy_of(const AccountId& account, std::string_view arn) {
  const auto parts = split_arn(arn);
  if (!parts || parts->type != "policy" || parts->account != account.view()) return std::nullopt;
  return lower_name(parts->name);
}

std::string policy_arn(const AccountId& account, const PolicyRecord& policy) {
  return make_arn(account, "policy", policy.path, policy.name);
}

namespace {

// Recorded from AWS by the tests of LocalStack (test_role_attach_policy).
std::unexpected<CallError> no_policy_arn(const std::string& arn) {
  if (!arn.starts_with("arn:")) return errors::validation_error("Invalid ARN:  Could not be parsed!");
  return errors::invalid_input(fmt::format("ARN {} is not valid.", arn));
}

}  // namespace

Result<OwnPolicy> find_own_policy(metadata::ReadTransaction& txn, const AccountId& account, const std::string& arn) {
  const auto parts = split_arn(arn);
  if (!parts || parts->type != "policy" || parts->name.empty()) return no_policy_arn(arn);
  if (parts->account == "aws" && find_aws_policy(arn) != nullptr) {
    return errors::access_denied("The policies of AWS can't be changed.");
  }
  const auto name = policy_of(account, arn);
  auto record = name ? TRY(kPolicies.get(txn, {account, *name})) : std::nullopt;
  if (!record || policy_arn(account, *record) != arn) {
    return errors::no_such(fmt::format("Policy {} was not found.", arn));
  }
  return OwnPolicy{*name, *std::move(record)};
}

Result<> check_attachable(metadata::ReadTransaction& txn, const AccountId& account, const std::string& arn) {
  const auto parts = split_arn(arn);
  if (!parts || parts->type != "policy" || parts->name.empty()) return no_policy_arn(arn);
  if (find_aws_policy(arn) != nullptr) return {};
  const auto name = policy_of(account, arn);
  const auto record = name ? TRY(kPolicies.get(txn, {account, *name})) : std::nullopt;
  if (record && policy_arn(account, *record) == arn) return {};
  return errors::no_such(fmt::format("Policy {} does not exist or is not attachable.", arn));
}

Result<Usage> count_usage(metadata::ReadTransaction& txn, const AccountId& account, const PolicyArn& arn) {
  Usage usage;
  auto attached = kAttachedTo.scan(txn, Direction::forward, account, arn);
  while (TRY(attached.next())) ++usage.attachments;
  auto bounded = kBoundaryOf.scan(txn, Direction::forward, account, arn);
  while (TRY(bounded.next())) ++usage.boundaries;
  return usage;
}

Policy to_wire(const AccountId& account, const PolicyRecord& record, const Usage& usage) {
  return {.policy_name = record.name,
          .policy_id = record.id,
          .arn = policy_arn(account, record),
          .path = record.path,
          .default_version_id = version_id(record.default_version),
          .attachment_count = usage.attachments,
          .permissions_boundary_usage_count = usage.boundaries,
          .is_attachable = true,
          .create_date = record.created_at,
          .update_date = record.updated_at};
}

Policy to_wire(const AwsPolicy& policy, const Usage& usage) {
  return {.policy_name = policy.name,
          .policy_id = policy.id,
          .arn = policy.arn,
          .path = policy.path,
          .default_version_id = policy.version_id,
          .attachment_count = usage.attachments,
          .permissions_boundary_usage_count = usage.boundaries,
          .is_attachable = true,
          .create_date = policy.created_at,
          .update_date = policy.created_at};
}

std::optional<uint32_t> parse_version_id(std::string_view id) {
  uint32_t number = 0;
  if (!id.starts_with('v')) return std::nullopt;
  const auto [end, error] = std::from_chars(id.data() + 1, id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return number;
}

std::string version_id(uint32_t number) { return fmt::format("v{}", number); }
std::string encode_document(std::string_view document) { return percent_encode(document); }

AttachedPermissionsBoundary boundary_to_wire(const PolicyArn& arn) {
  return {.permissions_boundary_type = "Policy", .permissions_boundary_arn = arn};
}

}  // namespace aerolith::iam
