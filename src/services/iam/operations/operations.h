// Handlers of this service, one for each implemented operation.
#pragma once

#include "iam/model.h"
#include "services/iam/call.h"

namespace aerolith::iam {

Result<NoOutput> add_client_id_to_open_id_connect_provider(Call& call,
                                                           const AddClientIDToOpenIDConnectProviderInput& input);
Result<NoOutput> add_role_to_instance_profile(Call& call, const AddRoleToInstanceProfileInput& input);
Result<NoOutput> add_user_to_group(Call& call, const AddUserToGroupInput& input);
Result<NoOutput> attach_group_policy(Call& call, const AttachGroupPolicyInput& input);
Result<NoOutput> attach_role_policy(Call& call, const AttachRolePolicyInput& input);
Result<NoOutput> attach_user_policy(Call& call, const AttachUserPolicyInput& input);
Result<NoOutput> change_password(Call& call, const ChangePasswordInput& input);
Result<CreateAccessKeyOutput> create_access_key(Call& call, const CreateAccessKeyInput& input);
Result<NoOutput> create_account_alias(Call& call, const CreateAccountAliasInput& input);
Result<CreateGroupOutput> create_group(Call& call, const CreateGroupInput& input);
Result<CreateInstanceProfileOutput> create_instance_profile(Call& call, const CreateInstanceProfileInput& input);
Result<CreateLoginProfileOutput> create_login_profile(Call& call, const CreateLoginProfileInput& input);
Result<CreateOpenIDConnectProviderOutput> create_open_id_connect_provider(
    Call& call, const CreateOpenIDConnectProviderInput& input);
Result<CreatePolicyOutput> create_policy(Call& call, const CreatePolicyInput& input);
Result<CreatePolicyVersionOutput> create_policy_version(Call& call, const CreatePolicyVersionInput& input);
Result<CreateRoleOutput> create_role(Call& call, const CreateRoleInput& input);
Result<CreateSAMLProviderOutput> create_saml_provider(Call& call, const CreateSAMLProviderInput& input);
Result<CreateServiceLinkedRoleOutput> create_service_linked_role(Call& call, const CreateServiceLinkedRoleInput& input);
Result<CreateUserOutput> create_user(Call& call, const CreateUserInput& input);
Result<CreateVirtualMFADeviceOutput> create_virtual_mfa_device(Call& call, const CreateVirtualMFADeviceInput& input);
Result<NoOutput> deactivate_mfa_device(Call& call, const DeactivateMFADeviceInput& input);
Result<NoOutput> delete_access_key(Call& call, const DeleteAccessKeyInput& input);
Result<NoOutput> delete_account_alias(Call& call, const DeleteAccountAliasInput& input);
Result<NoOutput> delete_account_password_policy(Call& call, const NoInput& input);
Result<NoOutput> delete_group(Call& call, const DeleteGroupInput& input);
Result<NoOutput> delete_group_policy(Call& call, const DeleteGroupPolicyInput& input);
Result<NoOutput> delete_instance_profile(Call& call, const DeleteInstanceProfileInput& input);
Result<NoOutput> delete_login_profile(Call& call, const DeleteLoginProfileInput& input);
Result<NoOutput> delete_open_id_connect_provider(Call& call, const DeleteOpenIDConnectProviderInput& input);
Result<NoOutput> delete_policy(Call& call, const DeletePolicyInput& input);
Result<NoOutput> delete_policy_version(Call& call, const DeletePolicyVersionInput& input);
Result<NoOutput> delete_role(Call& call, const DeleteRoleInput& input);
Result<NoOutput> delete_role_permissions_boundary(Call& call, const DeleteRolePermissionsBoundaryInput& input);
Result<NoOutput> delete_role_policy(Call& call, const DeleteRolePolicyInput& input);
Result<NoOutput> delete_saml_provider(Call& call, const DeleteSAMLProviderInput& input);
Result<NoOutput> delete_server_certificate(Call& call, const DeleteServerCertificateInput& input);
Result<DeleteServiceLinkedRoleOutput> delete_service_linked_role(Call& call, const DeleteServiceLinkedRoleInput& input);
Result<NoOutput> delete_signing_certificate(Call& call, const DeleteSigningCertificateInput& input);
Result<NoOutput> delete_ssh_public_key(Call& call, const DeleteSSHPublicKeyInput& input);
Result<NoOutput> delete_user(Call& call, const DeleteUserInput& input);
Result<NoOutput> delete_user_permissions_boundary(Call& call, const DeleteUserPermissionsBoundaryInput& input);
Result<NoOutput> delete_user_policy(Call& call, const DeleteUserPolicyInput& input);
Result<NoOutput> delete_virtual_mfa_device(Call& call, const DeleteVirtualMFADeviceInput& input);
Result<NoOutput> detach_group_policy(Call& call, const DetachGroupPolicyInput& input);
Result<NoOutput> detach_role_policy(Call& call, const DetachRolePolicyInput& input);
Result<NoOutput> detach_user_policy(Call& call, const DetachUserPolicyInput& input);
Result<NoOutput> disable_outbound_web_identity_federation(Call& call, const NoInput& input);
Result<NoOutput> enable_mfa_device(Call& call, const EnableMFADeviceInput& input);
Result<EnableOutboundWebIdentityFederationOutput> enable_outbound_web_identity_federation(Call& call,
                                                                                          const NoInput& input);
Result<GenerateCredentialReportOutput> generate_credential_report(Call& call, const NoInput& input);
Result<GenerateServiceLastAccessedDetailsOutput> generate_service_last_accessed_details(
    Call& call, const GenerateServiceLastAccessedDetailsInput& input);
Result<GetAccessKeyLastUsedOutput> get_access_key_last_used(Call& call, const GetAccessKeyLastUsedInput& input);
Result<GetAccountAuthorizationDetailsOutput> get_account_authorization_details(
    Call& call, const GetAccountAuthorizationDetailsInput& input);
Result<GetAccountPasswordPolicyOutput> get_account_password_policy(Call& call, const NoInput& input);
Result<GetAccountSummaryOutput> get_account_summary(Call& call, const NoInput& input);
Result<GetContextKeysForCustomPolicyOutput> get_context_keys_for_custom_policy(
    Call& call, const GetContextKeysForCustomPolicyInput& input);
Result<GetContextKeysForPrincipalPolicyOutput> get_context_keys_for_principal_policy(
    Call& call, const GetContextKeysForPrincipalPolicyInput& input);
Result<GetCredentialReportOutput> get_credential_report(Call& call, const NoInput& input);
Result<GetGroupOutput> get_group(Call& call, const GetGroupInput& input);
Result<GetGroupPolicyOutput> get_group_policy(Call& call, const GetGroupPolicyInput& input);
Result<GetInstanceProfileOutput> get_instance_profile(Call& call, const GetInstanceProfileInput& input);
Result<GetLoginProfileOutput> get_login_profile(Call& call, const GetLoginProfileInput& input);
Result<GetMFADeviceOutput> get_mfa_device(Call& call, const GetMFADeviceInput& input);
Result<GetOpenIDConnectProviderOutput> get_open_id_connect_provider(Call& call,
                                                                    const GetOpenIDConnectProviderInput& input);
Result<GetOutboundWebIdentityFederationInfoOutput> get_outbound_web_identity_federation_info(Call& call,
                                                                                             const NoInput& input);
Result<GetPolicyOutput> get_policy(Call& call, const GetPolicyInput& input);
Result<GetPolicyVersionOutput> get_policy_version(Call& call, const GetPolicyVersionInput& input);
Result<GetRoleOutput> get_role(Call& call, const GetRoleInput& input);
Result<GetRolePolicyOutput> get_role_policy(Call& call, const GetRolePolicyInput& input);
Result<GetSAMLProviderOutput> get_saml_provider(Call& call, const GetSAMLProviderInput& input);
Result<GetServerCertificateOutput> get_server_certificate(Call& call, const GetServerCertificateInput& input);
Result<GetServiceLastAccessedDetailsOutput> get_service_last_accessed_details(
    Call& call, const GetServiceLastAccessedDetailsInput& input);
Result<GetServiceLastAccessedDetailsWithEntitiesOutput> get_service_last_accessed_details_with_entities(
    Call& call, const GetServiceLastAccessedDetailsWithEntitiesInput& input);
Result<GetServiceLinkedRoleDeletionStatusOutput> get_service_linked_role_deletion_status(
    Call& call, const GetServiceLinkedRoleDeletionStatusInput& input);
Result<GetSSHPublicKeyOutput> get_ssh_public_key(Call& call, const GetSSHPublicKeyInput& input);
Result<GetUserOutput> get_user(Call& call, const GetUserInput& input);
Result<GetUserPolicyOutput> get_user_policy(Call& call, const GetUserPolicyInput& input);
Result<ListAccessKeysOutput> list_access_keys(Call& call, const ListAccessKeysInput& input);
Result<ListAccountAliasesOutput> list_account_aliases(Call& call, const ListAccountAliasesInput& input);
Result<ListAttachedGroupPoliciesOutput> list_attached_group_policies(Call& call,
                                                                     const ListAttachedGroupPoliciesInput& input);
Result<ListAttachedRolePoliciesOutput> list_attached_role_policies(Call& call,
                                                                   const ListAttachedRolePoliciesInput& input);
Result<ListAttachedUserPoliciesOutput> list_attached_user_policies(Call& call,
                                                                   const ListAttachedUserPoliciesInput& input);
Result<ListEntitiesForPolicyOutput> list_entities_for_policy(Call& call, const ListEntitiesForPolicyInput& input);
Result<ListGroupPoliciesOutput> list_group_policies(Call& call, const ListGroupPoliciesInput& input);
Result<ListGroupsOutput> list_groups(Call& call, const ListGroupsInput& input);
Result<ListGroupsForUserOutput> list_groups_for_user(Call& call, const ListGroupsForUserInput& input);
Result<ListInstanceProfileTagsOutput> list_instance_profile_tags(Call& call, const ListInstanceProfileTagsInput& input);
Result<ListInstanceProfilesOutput> list_instance_profiles(Call& call, const ListInstanceProfilesInput& input);
Result<ListInstanceProfilesForRoleOutput> list_instance_profiles_for_role(
    Call& call, const ListInstanceProfilesForRoleInput& input);
Result<ListMFADeviceTagsOutput> list_mfa_device_tags(Call& call, const ListMFADeviceTagsInput& input);
Result<ListMFADevicesOutput> list_mfa_devices(Call& call, const ListMFADevicesInput& input);
Result<ListOpenIDConnectProviderTagsOutput> list_open_id_connect_provider_tags(
    Call& call, const ListOpenIDConnectProviderTagsInput& input);
Result<ListOpenIDConnectProvidersOutput> list_open_id_connect_providers(Call& call,
                                                                        const ListOpenIDConnectProvidersInput& input);
Result<ListPoliciesOutput> list_policies(Call& call, const ListPoliciesInput& input);
Result<ListPoliciesGrantingServiceAccessOutput> list_policies_granting_service_access(
    Call& call, const ListPoliciesGrantingServiceAccessInput& input);
Result<ListPolicyTagsOutput> list_policy_tags(Call& call, const ListPolicyTagsInput& input);
Result<ListPolicyVersionsOutput> list_policy_versions(Call& call, const ListPolicyVersionsInput& input);
Result<ListRolePoliciesOutput> list_role_policies(Call& call, const ListRolePoliciesInput& input);
Result<ListRoleTagsOutput> list_role_tags(Call& call, const ListRoleTagsInput& input);
Result<ListRolesOutput> list_roles(Call& call, const ListRolesInput& input);
Result<ListSAMLProviderTagsOutput> list_saml_provider_tags(Call& call, const ListSAMLProviderTagsInput& input);
Result<ListSAMLProvidersOutput> list_saml_providers(Call& call, const ListSAMLProvidersInput& input);
Result<ListServerCertificateTagsOutput> list_server_certificate_tags(Call& call,
                                                                     const ListServerCertificateTagsInput& input);
Result<ListServerCertificatesOutput> list_server_certificates(Call& call, const ListServerCertificatesInput& input);
Result<ListSigningCertificatesOutput> list_signing_certificates(Call& call, const ListSigningCertificatesInput& input);
Result<ListServiceSpecificCredentialsOutput> list_service_specific_credentials(
    Call& call, const ListServiceSpecificCredentialsInput& input);
Result<ListSSHPublicKeysOutput> list_ssh_public_keys(Call& call, const ListSSHPublicKeysInput& input);
Result<ListUserPoliciesOutput> list_user_policies(Call& call, const ListUserPoliciesInput& input);
Result<ListUserTagsOutput> list_user_tags(Call& call, const ListUserTagsInput& input);
Result<ListUsersOutput> list_users(Call& call, const ListUsersInput& input);
Result<ListVirtualMFADevicesOutput> list_virtual_mfa_devices(Call& call, const ListVirtualMFADevicesInput& input);
Result<NoOutput> put_group_policy(Call& call, const PutGroupPolicyInput& input);
Result<NoOutput> put_role_permissions_boundary(Call& call, const PutRolePermissionsBoundaryInput& input);
Result<NoOutput> put_role_policy(Call& call, const PutRolePolicyInput& input);
Result<NoOutput> put_user_permissions_boundary(Call& call, const PutUserPermissionsBoundaryInput& input);
Result<NoOutput> put_user_policy(Call& call, const PutUserPolicyInput& input);
Result<NoOutput> remove_client_id_from_open_id_connect_provider(
    Call& call, const RemoveClientIDFromOpenIDConnectProviderInput& input);
Result<NoOutput> remove_role_from_instance_profile(Call& call, const RemoveRoleFromInstanceProfileInput& input);
Result<NoOutput> remove_user_from_group(Call& call, const RemoveUserFromGroupInput& input);
Result<NoOutput> resync_mfa_device(Call& call, const ResyncMFADeviceInput& input);
Result<NoOutput> set_default_policy_version(Call& call, const SetDefaultPolicyVersionInput& input);
Result<NoOutput> set_security_token_service_preferences(Call& call,
                                                        const SetSecurityTokenServicePreferencesInput& input);
Result<SimulateCustomPolicyOutput> simulate_custom_policy(Call& call, const SimulateCustomPolicyInput& input);
Result<SimulatePrincipalPolicyOutput> simulate_principal_policy(Call& call, const SimulatePrincipalPolicyInput& input);
Result<NoOutput> tag_instance_profile(Call& call, const TagInstanceProfileInput& input);
Result<NoOutput> tag_mfa_device(Call& call, const TagMFADeviceInput& input);
Result<NoOutput> tag_open_id_connect_provider(Call& call, const TagOpenIDConnectProviderInput& input);
Result<NoOutput> tag_policy(Call& call, const TagPolicyInput& input);
Result<NoOutput> tag_role(Call& call, const TagRoleInput& input);
Result<NoOutput> tag_saml_provider(Call& call, const TagSAMLProviderInput& input);
Result<NoOutput> tag_server_certificate(Call& call, const TagServerCertificateInput& input);
Result<NoOutput> tag_user(Call& call, const TagUserInput& input);
Result<NoOutput> untag_instance_profile(Call& call, const UntagInstanceProfileInput& input);
Result<NoOutput> untag_mfa_device(Call& call, const UntagMFADeviceInput& input);
Result<NoOutput> untag_open_id_connect_provider(Call& call, const UntagOpenIDConnectProviderInput& input);
Result<NoOutput> untag_policy(Call& call, const UntagPolicyInput& input);
Result<NoOutput> untag_role(Call& call, const UntagRoleInput& input);
Result<NoOutput> untag_saml_provider(Call& call, const UntagSAMLProviderInput& input);
Result<NoOutput> untag_server_certificate(Call& call, const UntagServerCertificateInput& input);
Result<NoOutput> untag_user(Call& call, const UntagUserInput& input);
Result<NoOutput> update_access_key(Call& call, const UpdateAccessKeyInput& input);
Result<NoOutput> update_account_password_policy(Call& call, const UpdateAccountPasswordPolicyInput& input);
Result<NoOutput> update_assume_role_policy(Call& call, const UpdateAssumeRolePolicyInput& input);
Result<NoOutput> update_group(Call& call, const UpdateGroupInput& input);
Result<NoOutput> update_login_profile(Call& call, const UpdateLoginProfileInput& input);
Result<NoOutput> update_open_id_connect_provider_thumbprint(Call& call,
                                                            const UpdateOpenIDConnectProviderThumbprintInput& input);
Result<UpdateRoleOutput> update_role(Call& call, const UpdateRoleInput& input);
Result<UpdateRoleDescriptionOutput> update_role_description(Call& call, const UpdateRoleDescriptionInput& input);
Result<UpdateSAMLProviderOutput> update_saml_provider(Call& call, const UpdateSAMLProviderInput& input);
Result<NoOutput> update_server_certificate(Call& call, const UpdateServerCertificateInput& input);
Result<NoOutput> update_signing_certificate(Call& call, const UpdateSigningCertificateInput& input);
Result<NoOutput> update_ssh_public_key(Call& call, const UpdateSSHPublicKeyInput& input);
Result<NoOutput> update_user(Call& call, const UpdateUserInput& input);
Result<UploadServerCertificateOutput> upload_server_certificate(Call& call, const UploadServerCertificateInput& input);
Result<UploadSigningCertificateOutput> upload_signing_certificate(Call& call,
                                                                  const UploadSigningCertificateInput& input);
Result<UploadSSHPublicKeyOutput> upload_ssh_public_key(Call& call, const UploadSSHPublicKeyInput& input);

}  // namespace aerolith::iam
