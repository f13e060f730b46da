// The table of this service: a row for each operation, with its handler, its IAM action and what it acts on.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
#include "services/sts/service.h"

#include "services/sts/identity_token.h"
#include "services/sts/operations/operations.h"
#include "sts/model.h"
#include "sts/operations.h"

namespace aerolith::sts {
namespace {

using gateway::CallContext;

template <typename Input>
std::string any_resource(const CallContext&, const Input&) {
  return "*";
}

// arn:aws:sts::ACCOUNT:federated-user/NAME
std::string federated_user(const CallContext& context, const GetFederationTokenInput& input) {
  return "arn:aws:sts::" + context.principal().account.str() + ":federated-user/" + input.name.value_or("");
}

// arn:aws:sts::ACCOUNT:self, as AWS's denials tell it.
std::string oneself(const CallContext& context, const GetWebIdentityTokenInput&) {
  return "arn:aws:sts::" + context.principal().account.str() + ":self";
}

class TableBuilder {
 public:
  explicit TableBuilder(const Parts& parts) : parts_(std::make_shared<const Parts>(parts)) {
    table_.model = &service();
  }

  template <typename Input, typename Output>
  gateway::OperationEntry& row(OperationId id, std::string_view action, Result<Output> (*handler)(Call&, const Input&),
                               std::string (*resource_of)(const CallContext&, const Input&) = &any_resource<Input>) {
    auto make_call = [parts = parts_](CallContext& context) {
      return Call{.context = context,
                  .sessions = parts->sessions,
                  .roles = parts->roles,
                  .oidc_keys = parts->oidc_keys,
                  .messages = parts->messages,
                  .account_of_key = parts->account_of_key};
    };
    table_.operations.push_back(
        gateway::make_entry<Call>(static_cast<uint16_t>(id), action, make_call, resource_of, handler));
    return table_.operations.back();
  }
  gateway::ServiceTable take() { return std::move(table_); }

 private:
  std::shared_ptr<const Parts> parts_;
  gateway::ServiceTable table_;
};

template <typename Input>
std::string role_of(const CallContext&, const Input& input) {
  return input.role_arn.value_or("");
}

// The handler asks: with the role's trust policy.
void decide_inside(gateway::OperationEntry& entry) {
  entry.needs = [](const CallContext&, const void*) { return std::vector<gateway::AccessNeed>(); };
}
// The token says who calls; the handler asks with the role's trust policy.
void take_token(gateway::OperationEntry& entry) {
  entry.caller_proof = gateway::CallerProof::token;
  decide_inside(entry);
}
// No policy is asked: whoever has a key may.
void allow_everyone(gateway::OperationEntry& entry) { decide_inside(entry); }
// Tags that a token is to have are an action of their own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_policies.html
void ask_for_token(gateway::OperationEntry& entry) {
  const std::string action(entry.iam_action);
  entry.needs = [action](const CallContext& context, const void* untyped) {
    const auto& input = *static_cast<const GetWebIdentityTokenInput*>(untyped);
    std::vector<gateway::AccessNeed> needs = {{action, oneself(context, input)}};
    if (input.tags && !input.tags->empty()) needs.push_back({"sts:TagGetWebIdentityToken", oneself(context, input)});
    return needs;
  };
  entry.conditions = [](const CallContext&, const void* untyped, policy::Context& keys) {
    add_token_conditions(*static_cast<const GetWebIdentityTokenInput*>(untyped), keys);
  };
}

}  // namespace

gateway::ServiceTable make_service(const Parts& parts) {
  using enum OperationId;
  TableBuilder table(parts);
  decide_inside(table.row(assume_role, "sts:AssumeRole", &sts::assume_role, &role_of));
  take_token(table.row(assume_role_with_saml, "sts:AssumeRoleWithSAML", &sts::assume_role_with_saml, &role_of));
  take_token(table.row(assume_role_with_web_identity, "sts:AssumeRoleWithWebIdentity",
                       &sts::assume_role_with_web_identity, &role_of));
  table.row(decode_authorization_message, "sts:DecodeAuthorizationMessage", &sts::decode_authorization_message);
  table.row(get_access_key_info, "sts:GetAccessKeyInfo", &sts::get_access_key_info);
  allow_everyone(table.row(get_caller_identity, "sts:GetCallerIdentity", &sts::get_caller_identity));
  table.row(get_federation_token, "sts:GetFederationToken", &sts::get_federation_token, &federated_user);
  allow_everyone(table.row(get_session_token, "sts:GetSessionToken", &sts::get_session_token));
  ask_for_token(table.row(get_web_identity_token, "sts:GetWebIdentityToken", &sts::get_web_identity_token, &oneself));
  return table.take();
}

}  // namespace aerolith::sts
