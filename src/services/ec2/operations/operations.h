// Handlers of this service, one for each implemented operation.
#pragma once

#include "ec2/declarations.h"
#include "services/ec2/call.h"

namespace aerolith::ec2 {

Result<AcceptVpcPeeringConnectionOutput> accept_vpc_peering_connection(Call& call,
                                                                       const AcceptVpcPeeringConnectionInput& input);
Result<AllocateAddressOutput> allocate_address(Call& call, const AllocateAddressInput& input);
Result<AssignPrivateIpAddressesOutput> assign_private_ip_addresses(Call& call,
                                                                   const AssignPrivateIpAddressesInput& input);
Result<AssociateAddressOutput> associate_address(Call& call, const AssociateAddressInput& input);
Result<NoOutput> associate_dhcp_options(Call& call, const AssociateDhcpOptionsInput& input);
Result<AssociateIamInstanceProfileOutput> associate_iam_instance_profile(Call& call,
                                                                         const AssociateIamInstanceProfileInput& input);
Result<AssociateRouteTableOutput> associate_route_table(Call& call, const AssociateRouteTableInput& input);
Result<AssociateVpcCidrBlockOutput> associate_vpc_cidr_block(Call& call, const AssociateVpcCidrBlockInput& input);
Result<NoOutput> attach_internet_gateway(Call& call, const AttachInternetGatewayInput& input);
Result<AttachNetworkInterfaceOutput> attach_network_interface(Call& call, const AttachNetworkInterfaceInput& input);
Result<VolumeAttachment> attach_volume(Call& call, const AttachVolumeInput& input);
Result<AuthorizeSecurityGroupEgressOutput> authorize_security_group_egress(
    Call& call, const AuthorizeSecurityGroupEgressInput& input);
Result<AuthorizeSecurityGroupIngressOutput> authorize_security_group_ingress(
    Call& call, const AuthorizeSecurityGroupIngressInput& input);
Result<CancelImportTaskOutput> cancel_import_task(Call& call, const CancelImportTaskInput& input);
Result<CopyImageOutput> copy_image(Call& call, const CopyImageInput& input);
Result<CopySnapshotOutput> copy_snapshot(Call& call, const CopySnapshotInput& input);
Result<CopyVolumesOutput> copy_volumes(Call& call, const CopyVolumesInput& input);
Result<CreateDefaultSubnetOutput> create_default_subnet(Call& call, const CreateDefaultSubnetInput& input);
Result<CreateDefaultVpcOutput> create_default_vpc(Call& call, const CreateDefaultVpcInput& input);
Result<CreateDhcpOptionsOutput> create_dhcp_options(Call& call, const CreateDhcpOptionsInput& input);
Result<CreateFlowLogsOutput> create_flow_logs(Call& call, const CreateFlowLogsInput& input);
Result<CreateImageOutput> create_image(Call& call, const CreateImageInput& input);
Result<CreateInternetGatewayOutput> create_internet_gateway(Call& call, const CreateInternetGatewayInput& input);
Result<CreateKeyPairOutput> create_key_pair(Call& call, const CreateKeyPairInput& input);
Result<CreateLaunchTemplateOutput> create_launch_template(Call& call, const CreateLaunchTemplateInput& input);
Result<CreateLaunchTemplateVersionOutput> create_launch_template_version(Call& call,
                                                                         const CreateLaunchTemplateVersionInput& input);
Result<CreateManagedPrefixListOutput> create_managed_prefix_list(Call& call, const CreateManagedPrefixListInput& input);
Result<CreateNatGatewayOutput> create_nat_gateway(Call& call, const CreateNatGatewayInput& input);
Result<CreateNetworkAclOutput> create_network_acl(Call& call, const CreateNetworkAclInput& input);
Result<NoOutput> create_network_acl_entry(Call& call, const CreateNetworkAclEntryInput& input);
Result<CreateNetworkInterfaceOutput> create_network_interface(Call& call, const CreateNetworkInterfaceInput& input);
Result<CreatePlacementGroupOutput> create_placement_group(Call& call, const CreatePlacementGroupInput& input);
Result<CreateReplaceRootVolumeTaskOutput> create_replace_root_volume_task(
    Call& call, const CreateReplaceRootVolumeTaskInput& input);
Result<CreateRouteOutput> create_route(Call& call, const CreateRouteInput& input);
Result<CreateRouteTableOutput> create_route_table(Call& call, const CreateRouteTableInput& input);
Result<CreateSecurityGroupOutput> create_security_group(Call& call, const CreateSecurityGroupInput& input);
Result<CreateSnapshotOutput> create_snapshot(Call& call, const CreateSnapshotInput& input);
Result<CreateSnapshotsOutput> create_snapshots(Call& call, const CreateSnapshotsInput& input);
Result<CreateSubnetOutput> create_subnet(Call& call, const CreateSubnetInput& input);
Result<CreateSubnetCidrReservationOutput> create_subnet_cidr_reservation(Call& call,
                                                                         const CreateSubnetCidrReservationInput& input);
Result<NoOutput> create_tags(Call& call, const CreateTagsInput& input);
Result<Volume> create_volume(Call& call, const CreateVolumeInput& input);
Result<CreateVpcOutput> create_vpc(Call& call, const CreateVpcInput& input);
Result<CreateVpcEndpointOutput> create_vpc_endpoint(Call& call, const CreateVpcEndpointInput& input);
Result<CreateVpcPeeringConnectionOutput> create_vpc_peering_connection(Call& call,
                                                                       const CreateVpcPeeringConnectionInput& input);
Result<NoOutput> delete_dhcp_options(Call& call, const DeleteDhcpOptionsInput& input);
Result<DeleteFlowLogsOutput> delete_flow_logs(Call& call, const DeleteFlowLogsInput& input);
Result<NoOutput> delete_internet_gateway(Call& call, const DeleteInternetGatewayInput& input);
Result<DeleteKeyPairOutput> delete_key_pair(Call& call, const DeleteKeyPairInput& input);
Result<DeleteLaunchTemplateOutput> delete_launch_template(Call& call, const DeleteLaunchTemplateInput& input);
Result<DeleteLaunchTemplateVersionsOutput> delete_launch_template_versions(
    Call& call, const DeleteLaunchTemplateVersionsInput& input);
Result<DeleteManagedPrefixListOutput> delete_managed_prefix_list(Call& call, const DeleteManagedPrefixListInput& input);
Result<DeleteNatGatewayOutput> delete_nat_gateway(Call& call, const DeleteNatGatewayInput& input);
Result<NoOutput> delete_network_acl(Call& call, const DeleteNetworkAclInput& input);
Result<NoOutput> delete_network_acl_entry(Call& call, const DeleteNetworkAclEntryInput& input);
Result<NoOutput> delete_network_interface(Call& call, const DeleteNetworkInterfaceInput& input);
Result<NoOutput> delete_placement_group(Call& call, const DeletePlacementGroupInput& input);
Result<NoOutput> delete_route(Call& call, const DeleteRouteInput& input);
Result<NoOutput> delete_route_table(Call& call, const DeleteRouteTableInput& input);
Result<DeleteSecurityGroupOutput> delete_security_group(Call& call, const DeleteSecurityGroupInput& input);
Result<NoOutput> delete_snapshot(Call& call, const DeleteSnapshotInput& input);
Result<NoOutput> delete_subnet(Call& call, const DeleteSubnetInput& input);
Result<DeleteSubnetCidrReservationOutput> delete_subnet_cidr_reservation(Call& call,
                                                                         const DeleteSubnetCidrReservationInput& input);
Result<NoOutput> delete_tags(Call& call, const DeleteTagsInput& input);
Result<NoOutput> delete_volume(Call& call, const DeleteVolumeInput& input);
Result<NoOutput> delete_vpc(Call& call, const DeleteVpcInput& input);
Result<DeleteVpcEndpointsOutput> delete_vpc_endpoints(Call& call, const DeleteVpcEndpointsInput& input);
Result<DeleteVpcPeeringConnectionOutput> delete_vpc_peering_connection(Call& call,
                                                                       const DeleteVpcPeeringConnectionInput& input);
Result<DeregisterImageOutput> deregister_image(Call& call, const DeregisterImageInput& input);
Result<DescribeAccountAttributesOutput> describe_account_attributes(Call& call,
                                                                    const DescribeAccountAttributesInput& input);
Result<DescribeAddressesOutput> describe_addresses(Call& call, const DescribeAddressesInput& input);
Result<DescribeAddressesAttributeOutput> describe_addresses_attribute(Call& call,
                                                                      const DescribeAddressesAttributeInput& input);
Result<DescribeAggregateIdFormatOutput> describe_aggregate_id_format(Call& call,
                                                                     const DescribeAggregateIdFormatInput& input);
Result<DescribeAvailabilityZonesOutput> describe_availability_zones(Call& call,
                                                                    const DescribeAvailabilityZonesInput& input);
Result<DescribeDhcpOptionsOutput> describe_dhcp_options(Call& call, const DescribeDhcpOptionsInput& input);
Result<DescribeFastSnapshotRestoresOutput> describe_fast_snapshot_restores(
    Call& call, const DescribeFastSnapshotRestoresInput& input);
Result<DescribeFlowLogsOutput> describe_flow_logs(Call& call, const DescribeFlowLogsInput& input);
Result<DescribeIamInstanceProfileAssociationsOutput> describe_iam_instance_profile_associations(
    Call& call, const DescribeIamInstanceProfileAssociationsInput& input);
Result<DescribeIdFormatOutput> describe_id_format(Call& call, const DescribeIdFormatInput& input);
Result<DescribeImageAttributeOutput> describe_image_attribute(Call& call, const DescribeImageAttributeInput& input);
Result<DescribeImagesOutput> describe_images(Call& call, const DescribeImagesInput& input);
Result<DescribeImportImageTasksOutput> describe_import_image_tasks(Call& call,
                                                                   const DescribeImportImageTasksInput& input);
Result<DescribeImportSnapshotTasksOutput> describe_import_snapshot_tasks(Call& call,
                                                                         const DescribeImportSnapshotTasksInput& input);
Result<DescribeInstanceAttributeOutput> describe_instance_attribute(Call& call,
                                                                    const DescribeInstanceAttributeInput& input);
Result<DescribeInstanceCreditSpecificationsOutput> describe_instance_credit_specifications(
    Call& call, const DescribeInstanceCreditSpecificationsInput& input);
Result<DescribeInstanceImageMetadataOutput> describe_instance_image_metadata(
    Call& call, const DescribeInstanceImageMetadataInput& input);
Result<DescribeInstanceStatusOutput> describe_instance_status(Call& call, const DescribeInstanceStatusInput& input);
Result<DescribeInstanceTypeOfferingsOutput> describe_instance_type_offerings(
    Call& call, const DescribeInstanceTypeOfferingsInput& input);
Result<DescribeInstanceTypesOutput> describe_instance_types(Call& call, const DescribeInstanceTypesInput& input);
Result<DescribeInstancesOutput> describe_instances(Call& call, const DescribeInstancesInput& input);
Result<DescribeInternetGatewaysOutput> describe_internet_gateways(Call& call,
                                                                  const DescribeInternetGatewaysInput& input);
Result<DescribeKeyPairsOutput> describe_key_pairs(Call& call, const DescribeKeyPairsInput& input);
Result<DescribeLaunchTemplateVersionsOutput> describe_launch_template_versions(
    Call& call, const DescribeLaunchTemplateVersionsInput& input);
Result<DescribeLaunchTemplatesOutput> describe_launch_templates(Call& call, const DescribeLaunchTemplatesInput& input);
Result<DescribeLockedSnapshotsOutput> describe_locked_snapshots(Call& call, const DescribeLockedSnapshotsInput& input);
Result<DescribeManagedPrefixListsOutput> describe_managed_prefix_lists(Call& call,
                                                                       const DescribeManagedPrefixListsInput& input);
Result<DescribeNatGatewaysOutput> describe_nat_gateways(Call& call, const DescribeNatGatewaysInput& input);
Result<DescribeNetworkAclsOutput> describe_network_acls(Call& call, const DescribeNetworkAclsInput& input);
Result<DescribeNetworkInterfaceAttributeOutput> describe_network_interface_attribute(
    Call& call, const DescribeNetworkInterfaceAttributeInput& input);
Result<DescribeNetworkInterfacesOutput> describe_network_interfaces(Call& call,
                                                                    const DescribeNetworkInterfacesInput& input);
Result<DescribePlacementGroupsOutput> describe_placement_groups(Call& call, const DescribePlacementGroupsInput& input);
Result<DescribePrefixListsOutput> describe_prefix_lists(Call& call, const DescribePrefixListsInput& input);
Result<DescribeRegionsOutput> describe_regions(Call& call, const DescribeRegionsInput& input);
Result<DescribeReplaceRootVolumeTasksOutput> describe_replace_root_volume_tasks(
    Call& call, const DescribeReplaceRootVolumeTasksInput& input);
Result<DescribeRouteTablesOutput> describe_route_tables(Call& call, const DescribeRouteTablesInput& input);
Result<DescribeSecurityGroupReferencesOutput> describe_security_group_references(
    Call& call, const DescribeSecurityGroupReferencesInput& input);
Result<DescribeSecurityGroupRulesOutput> describe_security_group_rules(Call& call,
                                                                       const DescribeSecurityGroupRulesInput& input);
Result<DescribeSecurityGroupsOutput> describe_security_groups(Call& call, const DescribeSecurityGroupsInput& input);
Result<DescribeSnapshotAttributeOutput> describe_snapshot_attribute(Call& call,
                                                                    const DescribeSnapshotAttributeInput& input);
Result<DescribeSnapshotTierStatusOutput> describe_snapshot_tier_status(Call& call,
                                                                       const DescribeSnapshotTierStatusInput& input);
Result<DescribeSnapshotsOutput> describe_snapshots(Call& call, const DescribeSnapshotsInput& input);
Result<DescribeSpotDatafeedSubscriptionOutput> describe_spot_datafeed_subscription(
    Call& call, const DescribeSpotDatafeedSubscriptionInput& input);
Result<DescribeStaleSecurityGroupsOutput> describe_stale_security_groups(Call& call,
                                                                         const DescribeStaleSecurityGroupsInput& input);
Result<DescribeSubnetsOutput> describe_subnets(Call& call, const DescribeSubnetsInput& input);
Result<DescribeTagsOutput> describe_tags(Call& call, const DescribeTagsInput& input);
Result<DescribeVolumeAttributeOutput> describe_volume_attribute(Call& call, const DescribeVolumeAttributeInput& input);
Result<DescribeVolumeStatusOutput> describe_volume_status(Call& call, const DescribeVolumeStatusInput& input);
Result<DescribeVolumesOutput> describe_volumes(Call& call, const DescribeVolumesInput& input);
Result<DescribeVolumesModificationsOutput> describe_volumes_modifications(
    Call& call, const DescribeVolumesModificationsInput& input);
Result<DescribeVpcAttributeOutput> describe_vpc_attribute(Call& call, const DescribeVpcAttributeInput& input);
Result<DescribeVpcBlockPublicAccessOptionsOutput> describe_vpc_block_public_access_options(
    Call& call, const DescribeVpcBlockPublicAccessOptionsInput& input);
Result<DescribeVpcClassicLinkOutput> describe_vpc_classic_link(Call& call, const DescribeVpcClassicLinkInput& input);
Result<DescribeVpcClassicLinkDnsSupportOutput> describe_vpc_classic_link_dns_support(
    Call& call, const DescribeVpcClassicLinkDnsSupportInput& input);
Result<DescribeVpcEndpointServicesOutput> describe_vpc_endpoint_services(Call& call,
                                                                         const DescribeVpcEndpointServicesInput& input);
Result<DescribeVpcEndpointsOutput> describe_vpc_endpoints(Call& call, const DescribeVpcEndpointsInput& input);
Result<DescribeVpcPeeringConnectionsOutput> describe_vpc_peering_connections(
    Call& call, const DescribeVpcPeeringConnectionsInput& input);
Result<DescribeVpcsOutput> describe_vpcs(Call& call, const DescribeVpcsInput& input);
Result<NoOutput> detach_internet_gateway(Call& call, const DetachInternetGatewayInput& input);
Result<NoOutput> detach_network_interface(Call& call, const DetachNetworkInterfaceInput& input);
Result<VolumeAttachment> detach_volume(Call& call, const DetachVolumeInput& input);
Result<DisableEbsEncryptionByDefaultOutput> disable_ebs_encryption_by_default(
    Call& call, const DisableEbsEncryptionByDefaultInput& input);
Result<DisableFastSnapshotRestoresOutput> disable_fast_snapshot_restores(Call& call,
                                                                         const DisableFastSnapshotRestoresInput& input);
Result<DisableImageOutput> disable_image(Call& call, const DisableImageInput& input);
Result<DisableImageBlockPublicAccessOutput> disable_image_block_public_access(
    Call& call, const DisableImageBlockPublicAccessInput& input);
Result<DisableImageDeprecationOutput> disable_image_deprecation(Call& call, const DisableImageDeprecationInput& input);
Result<DisableImageDeregistrationProtectionOutput> disable_image_deregistration_protection(
    Call& call, const DisableImageDeregistrationProtectionInput& input);
Result<DisableSnapshotBlockPublicAccessOutput> disable_snapshot_block_public_access(
    Call& call, const DisableSnapshotBlockPublicAccessInput& input);
Result<NoOutput> disassociate_address(Call& call, const DisassociateAddressInput& input);
Result<DisassociateIamInstanceProfileOutput> disassociate_iam_instance_profile(
    Call& call, const DisassociateIamInstanceProfileInput& input);
Result<NoOutput> disassociate_route_table(Call& call, const DisassociateRouteTableInput& input);
Result<DisassociateVpcCidrBlockOutput> disassociate_vpc_cidr_block(Call& call,
                                                                   const DisassociateVpcCidrBlockInput& input);
Result<EnableEbsEncryptionByDefaultOutput> enable_ebs_encryption_by_default(
    Call& call, const EnableEbsEncryptionByDefaultInput& input);
Result<EnableFastSnapshotRestoresOutput> enable_fast_snapshot_restores(Call& call,
                                                                       const EnableFastSnapshotRestoresInput& input);
Result<EnableImageOutput> enable_image(Call& call, const EnableImageInput& input);
Result<EnableImageBlockPublicAccessOutput> enable_image_block_public_access(
    Call& call, const EnableImageBlockPublicAccessInput& input);
Result<EnableImageDeprecationOutput> enable_image_deprecation(Call& call, const EnableImageDeprecationInput& input);
Result<EnableImageDeregistrationProtectionOutput> enable_image_deregistration_protection(
    Call& call, const EnableImageDeregistrationProtectionInput& input);
Result<EnableSnapshotBlockPublicAccessOutput> enable_snapshot_block_public_access(
    Call& call, const EnableSnapshotBlockPublicAccessInput& input);
Result<NoOutput> enable_volume_io(Call& call, const EnableVolumeIOInput& input);
Result<GetAllowedImagesSettingsOutput> get_allowed_images_settings(Call& call,
                                                                   const GetAllowedImagesSettingsInput& input);
Result<GetConsoleOutputOutput> get_console_output(Call& call, const GetConsoleOutputInput& input);
Result<GetDefaultCreditSpecificationOutput> get_default_credit_specification(
    Call& call, const GetDefaultCreditSpecificationInput& input);
Result<GetEbsDefaultKmsKeyIdOutput> get_ebs_default_kms_key_id(Call& call, const GetEbsDefaultKmsKeyIdInput& input);
Result<GetEbsEncryptionByDefaultOutput> get_ebs_encryption_by_default(Call& call,
                                                                      const GetEbsEncryptionByDefaultInput& input);
Result<GetImageBlockPublicAccessStateOutput> get_image_block_public_access_state(
    Call& call, const GetImageBlockPublicAccessStateInput& input);
Result<GetInstanceMetadataDefaultsOutput> get_instance_metadata_defaults(Call& call,
                                                                         const GetInstanceMetadataDefaultsInput& input);
Result<GetLaunchTemplateDataOutput> get_launch_template_data(Call& call, const GetLaunchTemplateDataInput& input);
Result<GetManagedPrefixListAssociationsOutput> get_managed_prefix_list_associations(
    Call& call, const GetManagedPrefixListAssociationsInput& input);
Result<GetManagedPrefixListEntriesOutput> get_managed_prefix_list_entries(
    Call& call, const GetManagedPrefixListEntriesInput& input);
Result<GetPasswordDataOutput> get_password_data(Call& call, const GetPasswordDataInput& input);
Result<GetSecurityGroupsForVpcOutput> get_security_groups_for_vpc(Call& call,
                                                                  const GetSecurityGroupsForVpcInput& input);
Result<GetSerialConsoleAccessStatusOutput> get_serial_console_access_status(
    Call& call, const GetSerialConsoleAccessStatusInput& input);
Result<GetSnapshotBlockPublicAccessStateOutput> get_snapshot_block_public_access_state(
    Call& call, const GetSnapshotBlockPublicAccessStateInput& input);
Result<GetSubnetCidrReservationsOutput> get_subnet_cidr_reservations(Call& call,
                                                                     const GetSubnetCidrReservationsInput& input);
Result<ImportImageOutput> import_image(Call& call, const ImportImageInput& input);
Result<ImportKeyPairOutput> import_key_pair(Call& call, const ImportKeyPairInput& input);
Result<ImportSnapshotOutput> import_snapshot(Call& call, const ImportSnapshotInput& input);
Result<ListImagesInRecycleBinOutput> list_images_in_recycle_bin(Call& call, const ListImagesInRecycleBinInput& input);
Result<ListSnapshotsInRecycleBinOutput> list_snapshots_in_recycle_bin(Call& call,
                                                                      const ListSnapshotsInRecycleBinInput& input);
Result<ListVolumesInRecycleBinOutput> list_volumes_in_recycle_bin(Call& call,
                                                                  const ListVolumesInRecycleBinInput& input);
Result<LockSnapshotOutput> lock_snapshot(Call& call, const LockSnapshotInput& input);
Result<ModifyDefaultCreditSpecificationOutput> modify_default_credit_specification(
    Call& call, const ModifyDefaultCreditSpecificationInput& input);
Result<ModifyEbsDefaultKmsKeyIdOutput> modify_ebs_default_kms_key_id(Call& call,
                                                                     const ModifyEbsDefaultKmsKeyIdInput& input);
Result<NoOutput> modify_image_attribute(Call& call, const ModifyImageAttributeInput& input);
Result<NoOutput> modify_instance_attribute(Call& call, const ModifyInstanceAttributeInput& input);
Result<ModifyInstanceCapacityReservationAttributesOutput> modify_instance_capacity_reservation_attributes(
    Call& call, const ModifyInstanceCapacityReservationAttributesInput& input);
Result<ModifyInstanceCpuOptionsOutput> modify_instance_cpu_options(Call& call,
                                                                   const ModifyInstanceCpuOptionsInput& input);
Result<ModifyInstanceCreditSpecificationOutput> modify_instance_credit_specification(
    Call& call, const ModifyInstanceCreditSpecificationInput& input);
Result<ModifyInstanceMaintenanceOptionsOutput> modify_instance_maintenance_options(
    Call& call, const ModifyInstanceMaintenanceOptionsInput& input);
Result<ModifyInstanceMetadataDefaultsOutput> modify_instance_metadata_defaults(
    Call& call, const ModifyInstanceMetadataDefaultsInput& input);
Result<ModifyInstanceMetadataOptionsOutput> modify_instance_metadata_options(
    Call& call, const ModifyInstanceMetadataOptionsInput& input);
Result<ModifyInstancePlacementOutput> modify_instance_placement(Call& call, const ModifyInstancePlacementInput& input);
Result<ModifyLaunchTemplateOutput> modify_launch_template(Call& call, const ModifyLaunchTemplateInput& input);
Result<ModifyManagedPrefixListOutput> modify_managed_prefix_list(Call& call, const ModifyManagedPrefixListInput& input);
Result<NoOutput> modify_network_interface_attribute(Call& call, const ModifyNetworkInterfaceAttributeInput& input);
Result<ModifyPrivateDnsNameOptionsOutput> modify_private_dns_name_options(
    Call& call, const ModifyPrivateDnsNameOptionsInput& input);
Result<ModifySecurityGroupRulesOutput> modify_security_group_rules(Call& call,
                                                                   const ModifySecurityGroupRulesInput& input);
Result<NoOutput> modify_snapshot_attribute(Call& call, const ModifySnapshotAttributeInput& input);
Result<ModifySnapshotTierOutput> modify_snapshot_tier(Call& call, const ModifySnapshotTierInput& input);
Result<NoOutput> modify_subnet_attribute(Call& call, const ModifySubnetAttributeInput& input);
Result<ModifyVolumeOutput> modify_volume(Call& call, const ModifyVolumeInput& input);
Result<NoOutput> modify_volume_attribute(Call& call, const ModifyVolumeAttributeInput& input);
Result<NoOutput> modify_vpc_attribute(Call& call, const ModifyVpcAttributeInput& input);
Result<ModifyVpcEndpointOutput> modify_vpc_endpoint(Call& call, const ModifyVpcEndpointInput& input);
Result<ModifyVpcPeeringConnectionOptionsOutput> modify_vpc_peering_connection_options(
    Call& call, const ModifyVpcPeeringConnectionOptionsInput& input);
Result<ModifyVpcTenancyOutput> modify_vpc_tenancy(Call& call, const ModifyVpcTenancyInput& input);
Result<MonitorInstancesOutput> monitor_instances(Call& call, const MonitorInstancesInput& input);
Result<NoOutput> reboot_instances(Call& call, const RebootInstancesInput& input);
Result<RegisterImageOutput> register_image(Call& call, const RegisterImageInput& input);
Result<RejectVpcPeeringConnectionOutput> reject_vpc_peering_connection(Call& call,
                                                                       const RejectVpcPeeringConnectionInput& input);
Result<NoOutput> release_address(Call& call, const ReleaseAddressInput& input);
Result<ReplaceIamInstanceProfileAssociationOutput> replace_iam_instance_profile_association(
    Call& call, const ReplaceIamInstanceProfileAssociationInput& input);
Result<ReplaceNetworkAclAssociationOutput> replace_network_acl_association(
    Call& call, const ReplaceNetworkAclAssociationInput& input);
Result<NoOutput> replace_network_acl_entry(Call& call, const ReplaceNetworkAclEntryInput& input);
Result<NoOutput> replace_route(Call& call, const ReplaceRouteInput& input);
Result<ReplaceRouteTableAssociationOutput> replace_route_table_association(
    Call& call, const ReplaceRouteTableAssociationInput& input);
Result<NoOutput> report_instance_status(Call& call, const ReportInstanceStatusInput& input);
Result<ResetEbsDefaultKmsKeyIdOutput> reset_ebs_default_kms_key_id(Call& call,
                                                                   const ResetEbsDefaultKmsKeyIdInput& input);
Result<NoOutput> reset_image_attribute(Call& call, const ResetImageAttributeInput& input);
Result<NoOutput> reset_instance_attribute(Call& call, const ResetInstanceAttributeInput& input);
Result<NoOutput> reset_network_interface_attribute(Call& call, const ResetNetworkInterfaceAttributeInput& input);
Result<NoOutput> reset_snapshot_attribute(Call& call, const ResetSnapshotAttributeInput& input);
Result<RestoreImageFromRecycleBinOutput> restore_image_from_recycle_bin(Call& call,
                                                                        const RestoreImageFromRecycleBinInput& input);
Result<RestoreManagedPrefixListVersionOutput> restore_managed_prefix_list_version(
    Call& call, const RestoreManagedPrefixListVersionInput& input);
Result<RestoreSnapshotFromRecycleBinOutput> restore_snapshot_from_recycle_bin(
    Call& call, const RestoreSnapshotFromRecycleBinInput& input);
Result<RestoreSnapshotTierOutput> restore_snapshot_tier(Call& call, const RestoreSnapshotTierInput& input);
Result<RestoreVolumeFromRecycleBinOutput> restore_volume_from_recycle_bin(
    Call& call, const RestoreVolumeFromRecycleBinInput& input);
Result<RevokeSecurityGroupEgressOutput> revoke_security_group_egress(Call& call,
                                                                     const RevokeSecurityGroupEgressInput& input);
Result<RevokeSecurityGroupIngressOutput> revoke_security_group_ingress(Call& call,
                                                                       const RevokeSecurityGroupIngressInput& input);
Result<RunInstancesOutput> run_instances(Call& call, const RunInstancesInput& input);
Result<StartInstancesOutput> start_instances(Call& call, const StartInstancesInput& input);
Result<StopInstancesOutput> stop_instances(Call& call, const StopInstancesInput& input);
Result<TerminateInstancesOutput> terminate_instances(Call& call, const TerminateInstancesInput& input);
Result<NoOutput> unassign_private_ip_addresses(Call& call, const UnassignPrivateIpAddressesInput& input);
Result<UnlockSnapshotOutput> unlock_snapshot(Call& call, const UnlockSnapshotInput& input);
Result<UnmonitorInstancesOutput> unmonitor_instances(Call& call, const UnmonitorInstancesInput& input);
Result<UpdateSecurityGroupRuleDescriptionsEgressOutput> update_security_group_rule_descriptions_egress(
    Call& call, const UpdateSecurityGroupRuleDescriptionsEgressInput& input);
Result<UpdateSecurityGroupRuleDescriptionsIngressOutput> update_security_group_rule_descriptions_ingress(
    Call& call, const UpdateSecurityGroupRuleDescriptionsIngressInput& input);

}  // namespace aerolith::ec2
