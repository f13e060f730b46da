// Rows of the table: images, key pairs, launch templates.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/copy_image.h"
#include "ec2/operations/create_image.h"
#include "ec2/operations/create_launch_template.h"
#include "ec2/operations/create_launch_template_version.h"
#include "ec2/operations/delete_launch_template.h"
#include "ec2/operations/delete_launch_template_versions.h"
#include "ec2/operations/deregister_image.h"
#include "ec2/operations/describe_image_attribute.h"
#include "ec2/operations/describe_images.h"
#include "ec2/operations/describe_instance_type_offerings.h"
#include "ec2/operations/describe_instance_types.h"
#include "ec2/operations/describe_launch_template_versions.h"
#include "ec2/operations/describe_launch_templates.h"
#include "ec2/operations/disable_image.h"
#include "ec2/operations/disable_image_block_public_access.h"
#include "ec2/operations/disable_image_deprecation.h"
#include "ec2/operations/disable_image_deregistration_protection.h"
#include "ec2/operations/enable_image.h"
#include "ec2/operations/enable_image_block_public_access.h"
#include "ec2/operations/enable_image_deprecation.h"
#include "ec2/operations/enable_image_deregistration_protection.h"
#include "ec2/operations/get_image_block_public_access_state.h"
#include "ec2/operations/list_images_in_recycle_bin.h"
#include "ec2/operations/modify_image_attribute.h"
#include "ec2/operations/modify_launch_template.h"
#include "ec2/operations/register_image.h"
#include "ec2/operations/reset_image_attribute.h"
#include "ec2/operations/restore_image_from_recycle_bin.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {

void add_image_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::copy_image>(copy_image, "ec2:CopyImage", making(Kind::image));
  table.row<ec2::create_image>(create_image, "ec2:CreateImage", making(Kind::image));
  table.row<ec2::create_launch_template>(create_launch_template, "ec2:CreateLaunchTemplate",
                                         making(Kind::launch_template));
  table.row<ec2::create_launch_template_version>(create_launch_template_version, "ec2:CreateLaunchTemplateVersion",
                                                 existing(Kind::launch_template));
  table.row<ec2::delete_launch_template>(delete_launch_template, "ec2:DeleteLaunchTemplate",
                                         existing(Kind::launch_template));
  table.row<ec2::delete_launch_template_versions>(delete_launch_template_versions, "ec2:DeleteLaunchTemplateVersions",
                                                  existing(Kind::launch_template));
  table.row<ec2::deregister_image>(deregister_image, "ec2:DeregisterImage", existing(Kind::image));
  table.row<ec2::describe_image_attribute>(describe_image_attribute, "ec2:DescribeImageAttribute",
                                           existing(Kind::image));
  table.row<ec2::describe_images>(describe_images, "ec2:DescribeImages", kAnything);
  table.row<ec2::describe_instance_type_offerings>(describe_instance_type_offerings,
                                                   "ec2:DescribeInstanceTypeOfferings", kAnything);
  table.row<ec2::describe_instance_types>(describe_instance_types, "ec2:DescribeInstanceTypes", kAnything);
  table.row<ec2::describe_launch_template_versions>(describe_launch_template_versions,
                                                    "ec2:DescribeLaunchTemplateVersions", kAnything);
  table.row<ec2::describe_launch_templates>(describe_launch_templates, "ec2:DescribeLaunchTemplates", kAnything);
  table.row<ec2::list_images_in_recycle_bin>(list_images_in_recycle_bin, "ec2:ListImagesInRecycleBin",
                                             existing(Kind::image));
  table.row<ec2::modify_image_attribute>(modify_image_attribute, "ec2:ModifyImageAttribute", existing(Kind::image));
  table.row<ec2::reset_image_attribute>(reset_image_attribute, "ec2:ResetImageAttribute", existing(Kind::image));
  table.row<ec2::enable_image_deprecation>(enable_image_deprecation, "ec2:EnableImageDeprecation",
                                           existing(Kind::image));
  table.row<ec2::disable_image_deprecation>(disable_image_deprecation, "ec2:DisableImageDeprecation",
                                            existing(Kind::image));
  table.row<ec2::enable_image>(enable_image, "ec2:EnableImage", existing(Kind::image));
  table.row<ec2::disable_image>(disable_image, "ec2:DisableImage", existing(Kind::image));
  table.row<ec2::enable_image_deregistration_protection>(
      enable_image_deregistration_protection, "ec2:EnableImageDeregistrationProtection", existing(Kind::image));
  table.row<ec2::disable_image_deregistration_protection>(
      disable_image_deregistration_protection, "ec2:DisableImageDeregistrationProtection", existing(Kind::image));
  table.row<ec2::get_image_block_public_access_state>(get_image_block_public_access_state,
                                                      "ec2:GetImageBlockPublicAccessState", kAnything);
  table.row<ec2::enable_image_block_public_access>(enable_image_block_public_access, "ec2:EnableImageBlockPublicAccess",
                                                   kAnything);
  table.row<ec2::disable_image_block_public_access>(disable_image_block_public_access,
                                                    "ec2:DisableImageBlockPublicAccess", kAnything);
  table.row<ec2::modify_launch_template>(modify_launch_template, "ec2:ModifyLaunchTemplate",
                                         existing(Kind::launch_template));
  table.row<ec2::restore_image_from_recycle_bin>(restore_image_from_recycle_bin, "ec2:RestoreImageFromRecycleBin",
                                                 existing(Kind::image));
  table.row<ec2::register_image>(register_image, "ec2:RegisterImage", making(Kind::image), {existing(Kind::snapshot)});
}

}  // namespace aerolith::ec2
