// The handlers of this service, one file each. service.cc has their table.
#pragma once

#include "s3/model.h"
#include "services/s3/call.h"
#include "services/s3/errors.h"

namespace aerolith::s3 {

Result<AbortMultipartUploadOutput> abort_multipart_upload(Call& call, const AbortMultipartUploadInput& input);
Result<CompleteMultipartUploadOutput> complete_multipart_upload(Call& call, const CompleteMultipartUploadInput& input);
Result<CopyObjectOutput> copy_object(Call& call, const CopyObjectInput& input);
Result<CreateBucketOutput> create_bucket(Call& call, const CreateBucketInput& input);
Result<CreateMultipartUploadOutput> create_multipart_upload(Call& call, const CreateMultipartUploadInput& input);
Result<DeleteBucketOutput> delete_bucket(Call& call, const DeleteBucketInput& input);
Result<DeleteBucketCorsOutput> delete_bucket_cors(Call& call, const DeleteBucketCorsInput& input);
Result<DeleteBucketEncryptionOutput> delete_bucket_encryption(Call& call, const DeleteBucketEncryptionInput& input);
Result<DeleteBucketLifecycleOutput> delete_bucket_lifecycle(Call& call, const DeleteBucketLifecycleInput& input);
Result<DeleteBucketOwnershipControlsOutput> delete_bucket_ownership_controls(
    Call& call, const DeleteBucketOwnershipControlsInput& input);
Result<DeleteBucketPolicyOutput> delete_bucket_policy(Call& call, const DeleteBucketPolicyInput& input);
Result<DeleteBucketReplicationOutput> delete_bucket_replication(Call& call, const DeleteBucketReplicationInput& input);
Result<DeleteBucketTaggingOutput> delete_bucket_tagging(Call& call, const DeleteBucketTaggingInput& input);
Result<DeleteBucketWebsiteOutput> delete_bucket_website(Call& call, const DeleteBucketWebsiteInput& input);
Result<DeleteObjectOutput> delete_object(Call& call, const DeleteObjectInput& input);
Result<DeletePublicAccessBlockOutput> delete_public_access_block(Call& call, const DeletePublicAccessBlockInput& input);
Result<DeleteObjectTaggingOutput> delete_object_tagging(Call& call, const DeleteObjectTaggingInput& input);
Result<DeleteObjectsOutput> delete_objects(Call& call, const DeleteObjectsInput& input);
Result<GetBucketAccelerateConfigurationOutput> get_bucket_accelerate_configuration(
    Call& call, const GetBucketAccelerateConfigurationInput& input);
Result<GetBucketAclOutput> get_bucket_acl(Call& call, const GetBucketAclInput& input);
Result<GetBucketCorsOutput> get_bucket_cors(Call& call, const GetBucketCorsInput& input);
Result<GetBucketEncryptionOutput> get_bucket_encryption(Call& call, const GetBucketEncryptionInput& input);
Result<GetBucketLifecycleConfigurationOutput> get_bucket_lifecycle_configuration(
    Call& call, const GetBucketLifecycleConfigurationInput& input);
Result<GetBucketLocationOutput> get_bucket_location(Call& call, const GetBucketLocationInput& input);
Result<GetBucketLoggingOutput> get_bucket_logging(Call& call, const GetBucketLoggingInput& input);
Result<GetBucketNotificationConfigurationOutput> get_bucket_notification_configuration(
    Call& call, const GetBucketNotificationConfigurationInput& input);
Result<GetBucketOwnershipControlsOutput> get_bucket_ownership_controls(Call& call,
                                                                       const GetBucketOwnershipControlsInput& input);
Result<GetBucketPolicyOutput> get_bucket_policy(Call& call, const GetBucketPolicyInput& input);
Result<GetBucketPolicyStatusOutput> get_bucket_policy_status(Call& call, const GetBucketPolicyStatusInput& input);
Result<GetBucketReplicationOutput> get_bucket_replication(Call& call, const GetBucketReplicationInput& input);
Result<GetBucketRequestPaymentOutput> get_bucket_request_payment(Call& call, const GetBucketRequestPaymentInput& input);
Result<GetBucketTaggingOutput> get_bucket_tagging(Call& call, const GetBucketTaggingInput& input);
Result<GetBucketVersioningOutput> get_bucket_versioning(Call& call, const GetBucketVersioningInput& input);
Result<GetBucketWebsiteOutput> get_bucket_website(Call& call, const GetBucketWebsiteInput& input);
Result<GetObjectOutput> get_object(Call& call, const GetObjectInput& input);
Result<GetObjectAclOutput> get_object_acl(Call& call, const GetObjectAclInput& input);
Result<GetObjectAttributesOutput> get_object_attributes(Call& call, const GetObjectAttributesInput& input);
Result<GetObjectLegalHoldOutput> get_object_legal_hold(Call& call, const GetObjectLegalHoldInput& input);
Result<GetObjectLockConfigurationOutput> get_object_lock_configuration(Call& call,
                                                                       const GetObjectLockConfigurationInput& input);
Result<GetObjectRetentionOutput> get_object_retention(Call& call, const GetObjectRetentionInput& input);
Result<GetObjectTaggingOutput> get_object_tagging(Call& call, const GetObjectTaggingInput& input);
Result<GetPublicAccessBlockOutput> get_public_access_block(Call& call, const GetPublicAccessBlockInput& input);
Result<HeadBucketOutput> head_bucket(Call& call, const HeadBucketInput& input);
Result<HeadObjectOutput> head_object(Call& call, const HeadObjectInput& input);
Result<ListBucketsOutput> list_buckets(Call& call, const ListBucketsInput& input);
Result<ListMultipartUploadsOutput> list_multipart_uploads(Call& call, const ListMultipartUploadsInput& input);
Result<ListObjectVersionsOutput> list_object_versions(Call& call, const ListObjectVersionsInput& input);
Result<ListObjectsOutput> list_objects(Call& call, const ListObjectsInput& input);
Result<ListObjectsV2Output> list_objects_v2(Call& call, const ListObjectsV2Input& input);
Result<ListPartsOutput> list_parts(Call& call, const ListPartsInput& input);
Result<PostObjectOutput> post_object(Call& call, const PostObjectInput& input);
Result<PutBucketAclOutput> put_bucket_acl(Call& call, const PutBucketAclInput& input);
Result<PutBucketOwnershipControlsOutput> put_bucket_ownership_controls(Call& call,
                                                                       const PutBucketOwnershipControlsInput& input);
Result<PutBucketPolicyOutput> put_bucket_policy(Call& call, const PutBucketPolicyInput& input);
Result<PutPublicAccessBlockOutput> put_public_access_block(Call& call, const PutPublicAccessBlockInput& input);
Result<PutBucketTaggingOutput> put_bucket_tagging(Call& call, const PutBucketTaggingInput& input);
Result<PutBucketVersioningOutput> put_bucket_versioning(Call& call, const PutBucketVersioningInput& input);
Result<PutObjectOutput> put_object(Call& call, const PutObjectInput& input);
Result<PutObjectAclOutput> put_object_acl(Call& call, const PutObjectAclInput& input);
Result<PutObjectTaggingOutput> put_object_tagging(Call& call, const PutObjectTaggingInput& input);
Result<RestoreObjectOutput> restore_object(Call& call, const RestoreObjectInput& input);
Result<UploadPartOutput> upload_part(Call& call, const UploadPartInput& input);
Result<UploadPartCopyOutput> upload_part_copy(Call& call, const UploadPartCopyInput& input);

}  // namespace aerolith::s3
