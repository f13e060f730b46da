// The table of this service: a row for each operation, with its handler, its IAM action and what it acts on.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
#include "services/iam/service.h"

#include "iam/model.h"
#include "iam/operations.h"
#include "services/iam/condition_keys.h"
#include "services/iam/names.h"
#include "services/iam/operations/operations.h"
#include "services/iam/resources.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

using gateway::CallContext;

// What somebody got out of his own key for a while can't be made into rights that last: no IAM with
// GetFederationToken's sessions, nor with GetSessionToken's that were made without MFA.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
bool may_call(const auth::AccessKey& key) {
  if (!key.session || key.principal.kind == auth::PrincipalKind::assumed_role) return true;
  return key.principal.kind != auth::PrincipalKind::federated_user && key.session->mfa_at.has_value();
}

template <auto handler>
struct Guarded;
template <typename Input, typename Output, Result<Output> (*handler)(Call&, const Input&)>
struct Guarded<handler> {
  using InputType = Input;
  static gateway::ApiResult<Output> run(Call& call, const Input& input) {
    if (!may_call(*call.context.key)) return errors::invalid_client_token();
    return handler(call, input);
  }
};

class TableBuilder {
 public:
  explicit TableBuilder(const Parts& parts) : parts_(parts) {
    table_.model = &service();
    table_.word_breach = word_breach;
  }

  template <auto handler>
  void row(OperationId id, std::string_view action, Target target) {
    using Input = typename Guarded<handler>::InputType;
    add<handler>(id, action, target, [parts = parts_, target](const CallContext& context, const Input& input) {
      return resource_of(parts.metadata, target, context, input);
    });
  }
  // A list of all of a kind.
  template <auto handler>
  void list_row(OperationId id, std::string_view action, Target target) {
    using Input = typename Guarded<handler>::InputType;
    add<handler>(id, action, Target::anything, [target](const CallContext& context, const Input& input) {
      const AccountId& account = context.principal().account;
      if constexpr (requires { input.path_prefix; }) return list_arn(account, target, input.path_prefix);
      return list_arn(account, target, std::nullopt);
    });
  }
  // The handler asks.
  void decide_inside() {
    table_.operations.back().needs = [](const CallContext&, const void*) { return std::vector<gateway::AccessNeed>(); };
  }
  gateway::ServiceTable take() { return std::move(table_); }

 private:
  template <auto handler, typename Resource>
  void add(OperationId id, std::string_view action, Target target, Resource resource) {
    using Input = typename Guarded<handler>::InputType;
    auto make_call = [parts = parts_](CallContext& context) {
      context.now = whole_seconds(context.now);
      return Call{.context = context,
                  .metadata = parts.metadata,
                  .secrets = parts.secrets,
                  .directory = parts.directory,
                  .known_actions = parts.known_actions ? parts.known_actions() : std::span<const std::string>()};
    };
    table_.operations.push_back(gateway::make_entry<Call>(static_cast<uint16_t>(id), action, make_call,
                                                          std::move(resource), &Guarded<handler>::run));
    table_.operations.back().conditions = [parts = parts_, target, action](const CallContext& context,
                                                                           const void* input, policy::Context& keys) {
      add_condition_keys(parts.metadata, {.action = action, .target = target, .context = context},
                         *static_cast<const Input*>(input), keys);
    };
  }

  Parts parts_;
  gateway::ServiceTable table_;
};

// Rows by what they act on.
void add_user_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<iam::attach_user_policy>(attach_user_policy, "iam:AttachUserPolicy", Target::user);
  table.row<iam::change_password>(change_password, "iam:ChangePassword", Target::user);
  table.decide_inside();
  table.row<iam::create_access_key>(create_access_key, "iam:CreateAccessKey", Target::user);
  table.row<iam::create_login_profile>(create_login_profile, "iam:CreateLoginProfile", Target::user);
  table.row<iam::create_user>(create_user, "iam:CreateUser", Target::user);
  table.row<iam::deactivate_mfa_device>(deactivate_mfa_device, "iam:DeactivateMFADevice", Target::user);
  table.row<iam::delete_access_key>(delete_access_key, "iam:DeleteAccessKey", Target::user);
  table.row<iam::delete_login_profile>(delete_login_profile, "iam:DeleteLoginProfile", Target::user);
  table.row<iam::delete_signing_certificate>(delete_signing_certificate, "iam:DeleteSigningCertificate", Target::user);
  table.row<iam::delete_ssh_public_key>(delete_ssh_public_key, "iam:DeleteSSHPublicKey", Target::user);
  table.row<iam::delete_user>(delete_user, "iam:DeleteUser", Target::user);
  table.row<iam::delete_user_permissions_boundary>(delete_user_permissions_boundary,
                                                   "iam:DeleteUserPermissionsBoundary", Target::user);
  table.row<iam::delete_user_policy>(delete_user_policy, "iam:DeleteUserPolicy", Target::user);
  table.row<iam::detach_user_policy>(detach_user_policy, "iam:DetachUserPolicy", Target::user);
  table.row<iam::enable_mfa_device>(enable_mfa_device, "iam:EnableMFADevice", Target::user);
  table.row<iam::get_login_profile>(get_login_profile, "iam:GetLoginProfile", Target::user);
  table.row<iam::get_mfa_device>(get_mfa_device, "iam:GetMFADevice", Target::user);
  table.row<iam::get_ssh_public_key>(get_ssh_public_key, "iam:GetSSHPublicKey", Target::user);
  table.row<iam::get_user>(get_user, "iam:GetUser", Target::user);
  table.row<iam::get_user_policy>(get_user_policy, "iam:GetUserPolicy", Target::user);
  table.row<iam::list_access_keys>(list_access_keys, "iam:ListAccessKeys", Target::user);
  table.row<iam::list_attached_user_policies>(list_attached_user_policies, "iam:ListAttachedUserPolicies",
                                              Target::user);
  table.row<iam::list_groups_for_user>(list_groups_for_user, "iam:ListGroupsForUser", Target::user);
  table.row<iam::list_mfa_devices>(list_mfa_devices, "iam:ListMFADevices", Target::user);
  table.row<iam::list_service_specific_credentials>(list_service_specific_credentials,
                                                    "iam:ListServiceSpecificCredentials", Target::user);
  table.row<iam::list_signing_certificates>(list_signing_certificates, "iam:ListSigningCertificates", Target::user);
  table.row<iam::list_ssh_public_keys>(list_ssh_public_keys, "iam:ListSSHPublicKeys", Target::user);
  table.row<iam::list_user_policies>(list_user_policies, "iam:ListUserPolicies", Target::user);
  table.row<iam::list_user_tags>(list_user_tags, "iam:ListUserTags", Target::user);
  table.row<iam::put_user_permissions_boundary>(put_user_permissions_boundary, "iam:PutUserPermissionsBoundary",
                                                Target::user);
  table.row<iam::put_user_policy>(put_user_policy, "iam:PutUserPolicy", Target::user);
  table.row<iam::resync_mfa_device>(resync_mfa_device, "iam:ResyncMFADevice", Target::user);
  table.row<iam::tag_user>(tag_user, "iam:TagUser", Target::user);
  table.row<iam::untag_user>(untag_user, "iam:UntagUser", Target::user);
  table.row<iam::update_access_key>(update_access_key, "iam:UpdateAccessKey", Target::user);
  table.row<iam::update_login_profile>(update_login_profile, "iam:UpdateLoginProfile", Target::user);
  table.row<iam::update_signing_certificate>(update_signing_certificate, "iam:UpdateSigningCertificate", Target::user);
  table.row<iam::update_ssh_public_key>(update_ssh_public_key, "iam:UpdateSSHPublicKey", Target::user);
  table.row<iam::update_user>(update_user, "iam:UpdateUser", Target::user);
  table.row<iam::upload_signing_certificate>(upload_signing_certificate, "iam:UploadSigningCertificate", Target::user);
  table.row<iam::upload_ssh_public_key>(upload_ssh_public_key, "iam:UploadSSHPublicKey", Target::user);
}

void add_group_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<iam::add_user_to_group>(add_user_to_group, "iam:AddUserToGroup", Target::group);
  table.row<iam::attach_group_policy>(attach_group_policy, "iam:AttachGroupPolicy", Target::group);
  table.row<iam::create_group>(create_group, "iam:CreateGroup", Target::group);
  table.row<iam::delete_group>(delete_group, "iam:DeleteGroup", Target::group);
  table.row<iam::delete_group_policy>(delete_group_policy, "iam:DeleteGroupPolicy", Target::group);
  table.row<iam::detach_group_policy>(detach_group_policy, "iam:DetachGroupPolicy", Target::group);
  table.row<iam::get_group>(get_group, "iam:GetGroup", Target::group);
  table.row<iam::get_group_policy>(get_group_policy, "iam:GetGroupPolicy", Target::group);
  table.row<iam::list_attached_group_policies>(list_attached_group_policies, "iam:ListAttachedGroupPolicies",
                                               Target::group);
  table.row<iam::list_group_policies>(list_group_policies, "iam:ListGroupPolicies", Target::group);
  table.row<iam::put_group_policy>(put_group_policy, "iam:PutGroupPolicy", Target::group);
  table.row<iam::remove_user_from_group>(remove_user_from_group, "iam:RemoveUserFromGroup", Target::group);
  table.row<iam::update_group>(update_group, "iam:UpdateGroup", Target::group);
}

void add_role_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<iam::attach_role_policy>(attach_role_policy, "iam:AttachRolePolicy", Target::role);
  table.row<iam::create_role>(create_role, "iam:CreateRole", Target::role);
  table.row<iam::create_service_linked_role>(create_service_linked_role, "iam:CreateServiceLinkedRole", Target::role);
  table.row<iam::delete_role>(delete_role, "iam:DeleteRole", Target::role);
  table.row<iam::delete_role_permissions_boundary>(delete_role_permissions_boundary,
                                                   "iam:DeleteRolePermissionsBoundary", Target::role);
  table.row<iam::delete_role_policy>(delete_role_policy, "iam:DeleteRolePolicy", Target::role);
  table.row<iam::delete_service_linked_role>(delete_service_linked_role, "iam:DeleteServiceLinkedRole", Target::role);
  table.row<iam::detach_role_policy>(detach_role_policy, "iam:DetachRolePolicy", Target::role);
  table.row<iam::get_role>(get_role, "iam:GetRole", Target::role);
  table.row<iam::get_role_policy>(get_role_policy, "iam:GetRolePolicy", Target::role);
  table.row<iam::list_attached_role_policies>(list_attached_role_policies, "iam:ListAttachedRolePolicies",
                                              Target::role);
  table.row<iam::list_instance_profiles_for_role>(list_instance_profiles_for_role, "iam:ListInstanceProfilesForRole",
                                                  Target::role);
  table.row<iam::list_role_policies>(list_role_policies, "iam:ListRolePolicies", Target::role);
  table.row<iam::list_role_tags>(list_role_tags, "iam:ListRoleTags", Target::role);
  table.row<iam::put_role_permissions_boundary>(put_role_permissions_boundary, "iam:PutRolePermissionsBoundary",
                                                Target::role);
  table.row<iam::put_role_policy>(put_role_policy, "iam:PutRolePolicy", Target::role);
  table.row<iam::tag_role>(tag_role, "iam:TagRole", Target::role);
  table.row<iam::untag_role>(untag_role, "iam:UntagRole", Target::role);
  table.row<iam::update_assume_role_policy>(update_assume_role_policy, "iam:UpdateAssumeRolePolicy", Target::role);
  table.row<iam::update_role>(update_role, "iam:UpdateRole", Target::role);
  table.row<iam::update_role_description>(update_role_description, "iam:UpdateRoleDescription", Target::role);
}

void add_policy_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<iam::create_policy>(create_policy, "iam:CreatePolicy", Target::policy);
  table.row<iam::create_policy_version>(create_policy_version, "iam:CreatePolicyVersion", Target::policy);
  table.row<iam::delete_policy>(delete_policy, "iam:DeletePolicy", Target::policy);
  table.row<iam::delete_policy_version>(delete_policy_version, "iam:DeletePolicyVersion", Target::policy);
  table.row<iam::get_policy>(get_policy, "iam:GetPolicy", Target::policy);
  table.row<iam::get_policy_version>(get_policy_version, "iam:GetPolicyVersion", Target::policy);
  table.row<iam::list_entities_for_policy>(list_entities_for_policy, "iam:ListEntitiesForPolicy", Target::policy);
  table.row<iam::list_policy_tags>(list_policy_tags, "iam:ListPolicyTags", Target::policy);
  table.row<iam::list_policy_versions>(list_policy_versions, "iam:ListPolicyVersions", Target::policy);
  table.row<iam::set_default_policy_version>(set_default_policy_version, "iam:SetDefaultPolicyVersion", Target::policy);
  table.row<iam::tag_policy>(tag_policy, "iam:TagPolicy", Target::policy);
  table.row<iam::untag_policy>(untag_policy, "iam:UntagPolicy", Target::policy);
}

void add_instance_profile_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<iam::add_role_to_instance_profile>(add_role_to_instance_profile, "iam:AddRoleToInstanceProfile",
                                               Target::instance_profile);
  table.row<iam::create_instance_profile>(create_instance_profile, "iam:CreateInstanceProfile",
                                          Target::instance_profile);
  table.row<iam::delete_instance_profile>(delete_instance_profile, "iam:DeleteInstanceProfile",
                                          Target::instance_profile);
  table.row<iam::get_instance_profile>(get_instance_profile, "iam:GetInstanceProfile", Target::instance_profile);
  table.row<iam::list_instance_profile_tags>(list_instance_profile_tags, "iam:ListInstanceProfileTags",
                                             Target::instance_profile);
  table.row<iam::remove_role_from_instance_profile>(remove_role_from_instance_profile,
                                                    "iam:RemoveRoleFromInstanceProfile", Target::instance_profile);
  table.row<iam::tag_instance_profile>(tag_instance_profile, "iam:TagInstanceProfile", Target::instance_profile);
  table.row<iam::untag_instance_profile>(untag_instance_profile, "iam:UntagInstanceProfile", Target::instance_profile);
}

void add_device_and_certificate_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<iam::create_virtual_mfa_device>(create_virtual_mfa_device, "iam:CreateVirtualMFADevice",
                                            Target::mfa_device);
  table.row<iam::delete_server_certificate>(delete_server_certificate, "iam:DeleteServerCertificate",
                                            Target::server_certificate);
  table.row<iam::delete_virtual_mfa_device>(delete_virtual_mfa_device, "iam:DeleteVirtualMFADevice",
                                            Target::mfa_device);
  table.row<iam::get_server_certificate>(get_server_certificate, "iam:GetServerCertificate",
                                         Target::server_certificate);
  table.row<iam::list_mfa_device_tags>(list_mfa_device_tags, "iam:ListMFADeviceTags", Target::mfa_device);
  table.row<iam::list_server_certificate_tags>(list_server_certificate_tags, "iam:ListServerCertificateTags",
                                               Target::server_certificate);
  table.row<iam::tag_mfa_device>(tag_mfa_device, "iam:TagMFADevice", Target::mfa_device);
  table.row<iam::tag_server_certificate>(tag_server_certificate, "iam:TagServerCertificate",
                                         Target::server_certificate);
  table.row<iam::untag_mfa_device>(untag_mfa_device, "iam:UntagMFADevice", Target::mfa_device);
  table.row<iam::untag_server_certificate>(untag_server_certificate, "iam:UntagServerCertificate",
                                           Target::server_certificate);
  table.row<iam::update_server_certificate>(update_server_certificate, "iam:UpdateServerCertificate",
                                            Target::server_certificate);
  table.row<iam::upload_server_certificate>(upload_server_certificate, "iam:UploadServerCertificate",
                                            Target::server_certificate);
}

void add_account_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<iam::create_account_alias>(create_account_alias, "iam:CreateAccountAlias", Target::anything);
  table.row<iam::delete_account_alias>(delete_account_alias, "iam:DeleteAccountAlias", Target::anything);
  table.row<iam::delete_account_password_policy>(delete_account_password_policy, "iam:DeleteAccountPasswordPolicy",
                                                 Target::anything);
  table.row<iam::disable_outbound_web_identity_federation>(
      disable_outbound_web_identity_federation, "iam:DisableOutboundWebIdentityFederation", Target::anything);
  table.row<iam::enable_outbound_web_identity_federation>(enable_outbound_web_identity_federation,
                                                          "iam:EnableOutboundWebIdentityFederation", Target::anything);
  table.row<iam::generate_credential_report>(generate_credential_report, "iam:GenerateCredentialReport",
                                             Target::anything);
  table.row<iam::generate_service_last_accessed_details>(generate_service_last_accessed_details,
                                                         "iam:GenerateServiceLastAccessedDetails", Target::source);
  table.row<iam::get_access_key_last_used>(get_access_key_last_used, "iam:GetAccessKeyLastUsed", Target::anything);
  table.row<iam::get_account_authorization_details>(get_account_authorization_details,
                                                    "iam:GetAccountAuthorizationDetails", Target::anything);
  table.row<iam::get_account_password_policy>(get_account_password_policy, "iam:GetAccountPasswordPolicy",
                                              Target::anything);
  table.row<iam::get_account_summary>(get_account_summary, "iam:GetAccountSummary", Target::anything);
  table.row<iam::get_context_keys_for_custom_policy>(get_context_keys_for_custom_policy,
                                                     "iam:GetContextKeysForCustomPolicy", Target::anything);
  table.row<iam::get_context_keys_for_principal_policy>(get_context_keys_for_principal_policy,
                                                        "iam:GetContextKeysForPrincipalPolicy", Target::source);
  table.row<iam::get_credential_report>(get_credential_report, "iam:GetCredentialReport", Target::anything);
  table.row<iam::get_outbound_web_identity_federation_info>(
      get_outbound_web_identity_federation_info, "iam:GetOutboundWebIdentityFederationInfo", Target::anything);
  table.row<iam::get_service_last_accessed_details>(get_service_last_accessed_details,
                                                    "iam:GetServiceLastAccessedDetails", Target::anything);
  table.row<iam::get_service_last_accessed_details_with_entities>(get_service_last_accessed_details_with_entities,
                                                                  "iam:GetServiceLastAccessedDetailsWithEntities",
                                                                  Target::anything);
  table.row<iam::get_service_linked_role_deletion_status>(get_service_linked_role_deletion_status,
                                                          "iam:GetServiceLinkedRoleDeletionStatus", Target::anything);
  table.row<iam::list_account_aliases>(list_account_aliases, "iam:ListAccountAliases", Target::anything);
  table.list_row<iam::list_groups>(list_groups, "iam:ListGroups", Target::group);
  table.list_row<iam::list_instance_profiles>(list_instance_profiles, "iam:ListInstanceProfiles",
                                              Target::instance_profile);
  table.row<iam::list_policies_granting_service_access>(list_policies_granting_service_access,
                                                        "iam:ListPoliciesGrantingServiceAccess", Target::source);
  table.row<iam::list_policies>(list_policies, "iam:ListPolicies", Target::anything);
  table.list_row<iam::list_roles>(list_roles, "iam:ListRoles", Target::role);
  table.row<iam::list_server_certificates>(list_server_certificates, "iam:ListServerCertificates", Target::anything);
  table.list_row<iam::list_users>(list_users, "iam:ListUsers", Target::user);
  table.list_row<iam::list_virtual_mfa_devices>(list_virtual_mfa_devices, "iam:ListVirtualMFADevices",
                                                Target::mfa_device);
  table.row<iam::set_security_token_service_preferences>(set_security_token_service_preferences,
                                                         "iam:SetSecurityTokenServicePreferences", Target::anything);
  table.row<iam::simulate_custom_policy>(simulate_custom_policy, "iam:SimulateCustomPolicy", Target::anything);
  table.row<iam::simulate_principal_policy>(simulate_principal_policy, "iam:SimulatePrincipalPolicy", Target::source);
  table.row<iam::update_account_password_policy>(update_account_password_policy, "iam:UpdateAccountPasswordPolicy",
                                                 Target::anything);
}

void add_provider_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<iam::add_client_id_to_open_id_connect_provider>(
      add_client_id_to_open_id_connect_provider, "iam:AddClientIDToOpenIDConnectProvider", Target::oidc_provider);
  table.row<iam::create_open_id_connect_provider>(create_open_id_connect_provider, "iam:CreateOpenIDConnectProvider",
                                                  Target::oidc_provider);
  table.row<iam::delete_open_id_connect_provider>(delete_open_id_connect_provider, "iam:DeleteOpenIDConnectProvider",
                                                  Target::oidc_provider);
  table.row<iam::get_open_id_connect_provider>(get_open_id_connect_provider, "iam:GetOpenIDConnectProvider",
                                               Target::oidc_provider);
  table.row<iam::list_open_id_connect_provider_tags>(list_open_id_connect_provider_tags,
                                                     "iam:ListOpenIDConnectProviderTags", Target::oidc_provider);
  table.list_row<iam::list_open_id_connect_providers>(list_open_id_connect_providers, "iam:ListOpenIDConnectProviders",
                                                      Target::oidc_provider);
  table.row<iam::remove_client_id_from_open_id_connect_provider>(remove_client_id_from_open_id_connect_provider,
                                                                 "iam:RemoveClientIDFromOpenIDConnectProvider",
                                                                 Target::oidc_provider);
  table.row<iam::tag_open_id_connect_provider>(tag_open_id_connect_provider, "iam:TagOpenIDConnectProvider",
                                               Target::oidc_provider);
  table.row<iam::untag_open_id_connect_provider>(untag_open_id_connect_provider, "iam:UntagOpenIDConnectProvider",
                                                 Target::oidc_provider);
  table.row<iam::update_open_id_connect_provider_thumbprint>(
      update_open_id_connect_provider_thumbprint, "iam:UpdateOpenIDConnectProviderThumbprint", Target::oidc_provider);
  table.row<iam::create_saml_provider>(create_saml_provider, "iam:CreateSAMLProvider", Target::saml_provider);
  table.row<iam::delete_saml_provider>(delete_saml_provider, "iam:DeleteSAMLProvider", Target::saml_provider);
  table.row<iam::get_saml_provider>(get_saml_provider, "iam:GetSAMLProvider", Target::saml_provider);
  table.row<iam::list_saml_provider_tags>(list_saml_provider_tags, "iam:ListSAMLProviderTags", Target::saml_provider);
  table.row<iam::list_saml_providers>(list_saml_providers, "iam:ListSAMLProviders", Target::anything);
  table.row<iam::tag_saml_provider>(tag_saml_provider, "iam:TagSAMLProvider", Target::saml_provider);
  table.row<iam::untag_saml_provider>(untag_saml_provider, "iam:UntagSAMLProvider", Target::saml_provider);
  table.row<iam::update_saml_provider>(update_saml_provider, "iam:UpdateSAMLProvider", Target::saml_provider);
}

}  // namespace

gateway::ServiceTable make_service(const Parts& parts) {
  TableBuilder table(parts);
  add_user_rows(table);
  add_group_rows(table);
  add_role_rows(table);
  add_policy_rows(table);
  add_instance_profile_rows(table);
  add_device_and_certificate_rows(table);
  add_account_rows(table);
  add_provider_rows(table);
  return table.take();
}

}  // namespace aerolith::iam
