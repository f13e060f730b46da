// The pipeline's step that says who may do what.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event.h"
#include "auth/credentials.h"
#include "auth/secret_box.h"
#include "policy/access_denied.h"
#include "policy/evaluate.h"

namespace aerolith::gateway {

// One thing that a call wants to do: "s3:GetObject" on an ARN.
struct AccessNeed {
  std::string action;
  std::string resource;
  std::string instance{};       // which of those that the ARN names: S3's version or upload id
  bool makes_resource = false;  // what the ARN names is there afterwards: who owns the present one is nobody's concern
};

struct StoredPolicy {
  std::string name;  // its ARN, or the name of an inline one
  std::shared_ptr<const policy::Policy> policy;
};

// What IAM has of a user or a role at this moment.
struct Identity {
  std::string unique_id;               // AIDA..., AROA...
  std::vector<StoredPolicy> policies;  // all that apply: attached, inline, of the groups
  std::optional<StoredPolicy> boundary;
  auth::Tags tags;
};

// The seam to IAM. Safe from any thread. Called once or more a request, on the hot path: answer from memory.
class IdentitySource {
 public:
  virtual ~IdentitySource() = default;
  // Of the user or role behind the principal (entity_arn); nullptr when there is none any more.
  virtual std::shared_ptr<const Identity> find(const auth::Principal& principal) const = 0;
  // For session policies that are given by ARN; nullopt when there is none.
  virtual std::optional<StoredPolicy> managed_policy(const AccountId& account, std::string_view arn) const = 0;
};

// The policy of what is acted on, and whose that is.
struct ResourcePolicy {
  AccountId owner;
  std::optional<StoredPolicy> policy;
  bool own_account_only = false;  // to others it gives nothing (S3's RestrictPublicBuckets)
  bool only_denies = false;       // its Allows don't count: it is another account's than the resource
  // What an access control list of the resource gives this caller for this action.
  policy::PrincipalMatch listed = policy::PrincipalMatch::none;
  std::string caller_canonical_id{};  // as policies with a CanonicalUser name the caller
  // The resource's own context keys; null where there are none.
  std::function<void(policy::Context&)> add_keys{};
};

// A VPC endpoint that requests come through.
struct VpcEndpoint {
  std::string id;                      // vpce-…
  std::string vpc;                     // vpc-…
  std::optional<StoredPolicy> policy;  // must allow what is asked for, whoever asks; nullopt: it allows all
};

// Views; what they show must outlive the call.
struct AccessQuestion {
  const auth::AccessKey* key = nullptr;  // null: anonymous
  const Identity* identity = nullptr;    // find_identity's of the key
  // Without a key: the ARN of the provider whose token the caller has shown; empty for an anonymous one.
  std::string_view provider = {};
  std::string_view action;
  std::string_view resource;
  // Null: the caller's own account, without a policy.
  const ResourcePolicy* resource_policy = nullptr;
  const VpcEndpoint* endpoint = nullptr;  // null: the call came through none
  const policy::Context& context;         // by request_context.h
  policy::ResourceRule rule = policy::ResourceRule::either_side;
  policy::ResourceQuotes quotes = policy::ResourceQuotes::none;
  bool encode_denial = false;  // AccessAnswer::encoded is wanted
};

struct AccessAnswer {
  bool allowed = false;
  // AWS's sentence: "User: ... is not authorized to perform: ... because no identity-based policy allows ...".
  std::string denial{};
  std::optional<audit::Reason> reason{};  // of a denial
  // Sealed for DecodeAuthorizationMessage (authorization_message.h), where it was asked for and the caller has a key.
  std::string encoded{};
};

// [security] mode. `audit`: what the policies deny to a caller whose signature is right goes through, and is recorded.
enum class Enforcement : uint8_t { enforce, audit };

// The tags of the user or role behind a key, as conditions see them: those of the session hide them.
auth::Tags principal_tags(const auth::AccessKey& key, const Identity* identity);

// Safe from any thread.
class Authorizer {
 public:
  // `messages` seals encoded denials; null: there are none. Both must outlive it.
  explicit Authorizer(const IdentitySource& identities, Enforcement enforcement = Enforcement::enforce,
                      const auth::SecretBox* messages = nullptr);
  ~Authorizer();

  // What the policies say, in either mode: AccessCheck is who lets through.
  AccessAnswer decide(const AccessQuestion& question) const;
  Enforcement enforcement() const { return enforcement_; }
  // The root on what is its own account's and has no policy: nothing can refuse it, whatever the context.
  static bool is_unlimited(const auth::AccessKey* key, const ResourcePolicy* resource_policy);
  // The user or role behind a key; null where there is none (any more): the root, what is anonymous.
  std::shared_ptr<const Identity> find_identity(const auth::AccessKey* key) const;

 private:
  class SessionPolicies;

  // Those of its session: documents and, by ARN, managed ones.
  std::vector<StoredPolicy> policies_of(const auth::AccessKey& key) const;

  const IdentitySource& identities_;
  const Enforcement enforcement_;
  const auth::SecretBox* const messages_;
  const std::unique_ptr<SessionPolicies> session_policies_;
};

}  // namespace aerolith::gateway
